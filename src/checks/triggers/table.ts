import { canonicalJson, RunbackError } from '../../lib/index.js';
import type { Fields, FieldSchema, Value } from '../../records/index.js';
import { type Candidates, candidatesFor } from './candidates.js';
import type { Condition, ConditionPart } from './condition.js';
import type { Row } from './facts.js';

/** Most ways in which the other parts of a condition are set while one of them is tried. */
const MOST_SETTINGS = 4;
/** Most combinations that are looked through for them. */
const MOST_COMBINATIONS = 2000;

/**
 * The rows by which a condition is tried: each of its parts at its boundaries, with the others true and false. Every row begins with a
 * record for which it is not true. The same every time. Throws `usage` where no value makes it true, or none makes it false.
 */
export function boundaryTable(condition: Condition): readonly Row[] {
  const tries = condition.parts.flatMap((part) => part.fields.map((field) => ({ part, field, candidates: candidatesFor(field, part) })));
  const values = valuesByField(condition, tries);
  const combinations = [...product(condition.fields, values)];
  const rest = combinations.find((each) => !condition.holds(each));
  if (rest === undefined || !combinations.some((each) => condition.holds(each)))
    throw new RunbackError('usage', `The condition ${condition.source} is ${rest === undefined ? 'always' : 'never'} true`, {
      why: `${combinations.length} combinations of values at its boundaries were tried.`,
      state: 'Nothing was written.',
    });
  const rows = new Map<string, Row>();
  for (const { part, field, candidates } of tries)
    for (const others of settingsFor(condition, part, field, combinations))
      for (const row of rowsOf(condition, { field, candidates, others, rest })) rows.set(JSON.stringify(row.steps), row);
  return [...rows.values()];
}

interface Try {
  readonly part: ConditionPart;
  readonly field: FieldSchema;
  readonly candidates: Candidates;
}

/** Values of each field, those next to boundaries first. */
function valuesByField({ fields }: Condition, tries: readonly Try[]): ReadonlyMap<string, readonly Value[]> {
  const most = Math.floor(MOST_COMBINATIONS ** (1 / fields.length));
  return new Map(
    fields.map(({ name }): [string, readonly Value[]] => {
      const own = tries.filter(({ field }) => field.name === name).map(({ candidates }) => candidates);
      const empty: readonly Value[] = own.some(({ mayBeEmpty }) => mayBeEmpty) ? [null] : [];
      const all = [...own.flatMap(({ around }) => around), ...own.flatMap(({ far }) => far)];
      return [name, [...all.slice(0, most - empty.length), ...empty]];
    }),
  );
}

function* product([first, ...others]: readonly FieldSchema[], values: ReadonlyMap<string, readonly Value[]>): Generator<Fields> {
  if (first === undefined) return yield {};
  for (const value of values.get(first.name) ?? []) for (const rest of product(others, values)) yield { [first.name]: value, ...rest };
}

/** How the other fields stand: one for each way in which the other parts can be true and false; all true, and all false, are never left out. */
function settingsFor({ parts, fields }: Condition, part: ConditionPart, field: FieldSchema, combinations: readonly Fields[]): readonly Fields[] {
  const others = parts.filter((each) => each !== part && !each.fields.includes(field));
  if (fields.length === 1) return [{}];
  const byTruth = new Map<string, Fields>();
  for (const { [field.name]: _, ...rest } of combinations) {
    const truth = others.map((each) => (each.holds(rest) ? '1' : '0')).join('');
    if (!byTruth.has(truth)) byTruth.set(truth, rest);
  }
  const order = [...byTruth.keys()].sort((a, b) => extreme(b) - extreme(a));
  return order.slice(0, MOST_SETTINGS).map((truth) => byTruth.get(truth) ?? {});
}

const extreme = (truth: string): number => (/^(0*|1*)$/u.test(truth) ? 1 : 0);

interface Trial {
  readonly field: FieldSchema;
  readonly candidates: Candidates;
  readonly others: Fields;
  /** All fields, so that the condition is not true. */
  readonly rest: Fields;
}

function* rowsOf(condition: Condition, { field, candidates, others, rest }: Trial): Generator<Row> {
  const { around, far, asText, mayBeEmpty } = candidates;
  const at = (value: Value): Fields => ({ ...others, [field.name]: value });
  const row = (...steps: readonly (readonly Value[])[]): Row =>
    rowFrom(
      condition,
      { field, others, rest },
      steps.map((writes) => writes.map(at)),
      steps,
    );
  const isTrue = (value: Value): boolean => condition.holds(at(value));
  const all: readonly Value[] = [...around, ...far, ...(mayBeEmpty ? [null] : [])];
  const yes = all.filter(isTrue);
  const no = all.filter((value) => !isTrue(value));
  const [up, down] = [around, around.toReversed()].map((values) => values.map((value): readonly Value[] => [value]));
  yield row(...(up ?? []));
  yield row(...(down ?? []));
  const [first, second = first] = yes;
  const [low] = no;
  for (const value of no) if (low !== undefined && value !== low) yield row([low], [value]);
  if (mayBeEmpty && first !== undefined && first !== null) yield row([null], [first]);
  if (first === undefined || second === undefined || low === undefined) return;
  for (const value of yes) yield row([low], [value]);
  if (mayBeEmpty && first !== null) yield row([low], [first], [null], [first]);
  yield row([low], [first], [low], [first]);
  yield row([low], [first], [first]);
  yield row([low], [first], [second]);
  yield row([low], [first, second]);
  yield row([low], [first, low]);
  yield row([low], [first], [low, first]);
  for (const value of [first, low]) if (asText.has(value)) yield row([value === low ? first : low], [asText.get(value) ?? value]);
}

/** A row that begins with a record for which the condition is not true. */
function rowFrom(
  condition: Condition,
  { field, others, rest }: Omit<Trial, 'candidates'>,
  steps: readonly (readonly Fields[])[],
  shown: readonly (readonly Value[])[],
): Row {
  const [begin] = steps[0] ?? [];
  const isResting = begin !== undefined && !condition.holds(begin);
  const words = (isResting ? shown : [[rest[field.name] ?? null], ...shown]).map((writes) =>
    writes.map((value) => wordOf(value, field)).join(' and '),
  );
  const with_ = Object.entries(others).map(([name, value]) => `${name}: ${wordOf(value)}`);
  const name = `${field.name}: ${words.join(' → ')}${with_.length === 0 ? '' : ` (${with_.join(', ')})`}`;
  return { name, steps: isResting ? steps : [[rest], ...steps] };
}

/** A decimal is a text in records, and a number to people. */
const wordOf = (value: Value | undefined, field?: FieldSchema): string =>
  field?.type === 'number' && typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? 'empty'
      : Array.isArray(value)
        ? `[${value.join(', ')}]`
        : typeof value === 'string'
          ? `"${value}"`
          : canonicalJson(value);
