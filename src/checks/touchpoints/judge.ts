import { canonicalJson } from '../../lib/index.js';
import { comparerOf, stored } from '../../mappings/index.js';
import type { Fields, PlatformRecord, Value } from '../../records/index.js';
import { cellVerdict } from './cells.js';
import { type CellVerdict, type Copies, type Made, type RecordVerdict, type TestedSides, valueIn } from './facts.js';

/** What a step has to come to on the other side. */
export type Wanted =
  /** A copy of each record, each field as the mapping says. */
  | { readonly kind: 'carried'; readonly fields?: ReadonlySet<string> }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'kept' }
  /** It is there, with these values. */
  | { readonly kind: 'inactive'; readonly holds: Readonly<Record<string, string>> };

/** One field of one record that was looked at. */
export interface Cell {
  readonly n: number;
  /** `crm.Title → map.jobtitle`, `map.lifecyclestage` */
  readonly name: string;
  readonly verdict: CellVerdict;
  /** What stands there, and what should; null where nothing does. */
  readonly found: unknown;
  readonly wanted: unknown;
}

export interface Judgement {
  readonly records: readonly { readonly n: number; readonly verdict: RecordVerdict }[];
  readonly cells: readonly Cell[];
}

/** What is judged. `names`: of the two sides, where it writes first. */
export interface Step {
  readonly sides: TestedSides;
  readonly names: readonly [from: string, to: string];
  readonly made: readonly Made[];
  readonly wanted: Wanted;
}

/**
 * What became of each record and field, from what stood there at the deadline and some time later: what is right only then is late, what
 * is no longer right then is wrong.
 */
export function judgeStep(step: Step, atDeadline: Copies, later: Copies): Judgement {
  const records: { n: number; verdict: RecordVerdict }[] = [];
  const cells: Cell[] = [];
  for (const made of step.made) {
    const [first, last] = [atDeadline.get(made.n) ?? [], later.get(made.n) ?? []];
    const verdict = recordVerdict(step.wanted, first, last);
    records.push({ n: made.n, verdict });
    const [copy] = last;
    if (copy !== undefined && verdict !== 'left') cells.push(...cellsOf(step, made, first[0], copy));
  }
  return { records, cells };
}

/** Whether everything is as it should be already, so that nothing more has to be waited for. */
export function isSettled(step: Step, copies: Copies): boolean {
  const { records, cells } = judgeStep(step, copies, copies);
  return records.every(({ verdict }) => verdict === 'right') && cells.every(({ verdict }) => verdict === 'right' || verdict === 'normalised');
}

function recordVerdict({ kind }: Wanted, first: readonly PlatformRecord[], last: readonly PlatformRecord[]): RecordVerdict {
  if (kind === 'deleted') return last.length > 0 ? 'left' : first.length > 0 ? 'late' : 'right';
  if (first.length > 1 || last.length > 1) return 'doubled';
  if (last.length === 0) return 'missing';
  return first.length === 0 ? 'late' : 'right';
}

function cellsOf(step: Step, made: Made, first: PlatformRecord | undefined, copy: PlatformRecord): readonly Cell[] {
  const { wanted, names } = step;
  if (wanted.kind === 'inactive')
    return Object.entries(wanted.holds).map(([field, value]): Cell => {
      const isSo = (record: PlatformRecord | undefined): boolean => record !== undefined && textOf(valueIn(record, field)) === value;
      const verdict = isSo(copy) ? (isSo(first) ? 'right' : 'late') : 'wrong';
      return { n: made.n, name: `${names[1]}.${field}`, verdict, found: valueIn(copy, field), wanted: value };
    });
  return wanted.kind === 'carried' ? carriedCells(step, wanted.fields, made, first, copy) : [];
}

/** A value as the file of a mapping writes it. */
const textOf = (value: Value): string => (value === null ? '' : typeof value === 'object' ? canonicalJson(value) : String(value));

function carriedCells(
  { sides: { fields, from }, names }: Step,
  only: ReadonlySet<string> | undefined,
  made: Made,
  first: PlatformRecord | undefined,
  copy: PlatformRecord,
): readonly Cell[] {
  const to = from === 0 ? 1 : 0;
  return fields.flatMap((tested): readonly Cell[] => {
    const [source, target] = [tested.field.names[from], tested.field.names[to]];
    if (only !== undefined && !only.has(source)) return [];
    const found = cellVerdict(tested, from, made.record, copy);
    if (found === undefined) return [];
    const atFirst = first === undefined ? undefined : cellVerdict(tested, from, made.record, first);
    const isFine = (verdict: CellVerdict | undefined): boolean => verdict === 'right' || verdict === 'normalised';
    // A copy that came late is late itself, and not each of its fields.
    const verdict = isFine(found) && first !== undefined && !isFine(atFirst) ? 'late' : found;
    return [
      {
        n: made.n,
        name: `${names[0]}.${source} → ${names[1]}.${target}`,
        verdict,
        found: valueIn(copy, target),
        wanted: valueIn(made.record, source),
      },
    ];
  });
}

/**
 * Whether a platform holds what was just written there, or what its own description makes of that: a sync may be faster in writing back than we
 * are in reading. `given`: by number of the record.
 */
export function givenCells({ sides: { fields, from }, names, made }: Step, given: ReadonlyMap<number, Fields>): readonly Cell[] {
  return fields.flatMap(({ field, from: schema, to }): readonly Cell[] => {
    const name = field.names[from];
    const comparer = comparerOf(field, from === 0 ? [schema.type, to.type] : [to.type, schema.type]);
    return made.flatMap(({ n, record }): readonly Cell[] => {
      const wanted = given.get(n)?.[name];
      if (wanted === undefined) return [];
      const found = valueIn(record, name);
      const isIt = (value: Value | undefined): boolean => comparer.normal(from, value) === comparer.normal(from, found);
      return [{ n, name: `${names[0]}.${name}`, verdict: isIt(wanted) || isIt(stored(schema, wanted)) ? 'right' : 'wrong', found, wanted }];
    });
  });
}

/** Fields that have to stay as they were, or, as times of changes do, must not. */
export function conductCells(
  before: Copies,
  after: Copies,
  { name, unchanged, moves }: { readonly name: string; readonly unchanged: readonly string[]; readonly moves: readonly string[] },
): readonly Cell[] {
  return [...after].flatMap(([n, [record]]) => {
    const [was] = before.get(n) ?? [];
    if (was === undefined || record === undefined) return [];
    const isSame = (field: string): boolean => canonicalJson(valueIn(was, field)) === canonicalJson(valueIn(record, field));
    const cell = (field: string, fine: boolean, wanted: unknown): Cell => ({
      n,
      name: `${name}.${field}`,
      verdict: fine ? 'right' : 'wrong',
      found: valueIn(record, field),
      wanted,
    });
    return [
      ...unchanged.map((field) => cell(field, isSame(field), valueIn(was, field))),
      ...moves.map((field) => cell(field, !isSame(field), 'another value than before')),
    ];
  });
}
