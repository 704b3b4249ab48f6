import type { FieldSchema } from '../../../records/index.js';
import type { SideIndex } from '../../document/mapping.js';
import { type Carried, carried } from '../../values/carry.js';
import { optionTable } from '../../values/options.js';
import { type FieldPair, type LintContext, type Said, shownField, typesOf, waysOf } from '../context.js';
import type { FieldPlace, Held, LintRule, LostOption } from '../types.js';

/** Options that lead nowhere: not on the other side, there in other letters only, not in `values`; and records that hold what is no option. */
export function* optionRule(context: LintContext): Generator<Said> {
  for (const pair of context.pairs) {
    yield* unknownOptions(context, pair);
    for (const [from, to] of waysOf(pair.field)) {
      yield* lostOptions(context, pair, from, to);
      yield* wordlessOptions(context, pair, from, to);
      yield* untoldOptions(context, pair, to);
    }
  }
}

/**
 * Fields whose values lead to options, or are named by `values`: counting what records hold there tells what options alone do
 * not.
 */
export function countable(contexts: readonly LintContext[]): readonly FieldPlace[] {
  return contexts.flatMap(({ mapping, pairs }) =>
    pairs.flatMap((pair) =>
      waysOf(pair.field).flatMap(([from, to]) => {
        const { platform, object } = mapping.sides[from];
        const source = pair.schemas[from];
        const counts = source !== undefined && source.type !== 'boolean' && leadsToOptions(pair, to);
        return counts ? [{ platform, object, field: pair.field.names[from] }] : [];
      }),
    ),
  );
}

/** True where values have to be options there, or those of a table. What is true and what is false follows from the kind. */
function leadsToOptions({ field, schemas }: FieldPair, to: SideIndex): boolean {
  return field.values !== undefined || (schemas[to]?.type !== 'boolean' && optionsOf(schemas[to]) !== undefined);
}

/** Words of `values` that are no option of their side. */
function* unknownOptions({ mapping }: LintContext, { field, index, schemas }: FieldPair): Generator<Said> {
  for (const side of [0, 1] as const) {
    const options = optionsOf(schemas[side]) ?? schemas[side]?.offers;
    if (options === undefined || field.values === undefined) continue;
    const isOpen = optionsOf(schemas[side]) === undefined;
    const known = new Set(options);
    const unknown = [...new Set(field.values.map((pair) => pair[side]))].filter((option) => !known.has(option));
    if (unknown.length === 0) continue;
    const lost = unknown.map((option) => withNear({ option }, options));
    yield {
      rule: 'option-unknown',
      ...(isOpen ? { severity: 'warning' as const } : {}),
      path: ['fields', index, 'values'],
      message: `${shownField(mapping, side, field.names[side])} ${isOpen ? 'does not offer' : 'has no'} ${optionWord(lost)} ${listed(lost)}`,
      options: lost,
    };
  }
}

/** What each option of a side, and each value that is held there, becomes on the other side. */
function* lostOptions({ input, mapping }: LintContext, pair: FieldPair, from: SideIndex, to: SideIndex): Generator<Said> {
  const { field, index, schemas } = pair;
  const [source, target] = [schemas[from], schemas[to]];
  if (source === undefined) return;
  const isOpen = target?.type !== 'boolean' && optionsOf(target) === undefined && target?.offers !== undefined;
  const there = isOpen ? target.offers : optionsOf(target);
  if (!leadsToOptions(pair, to) && !isOpen) return;
  const { platform, object } = mapping.sides[from];
  const holder: FieldPlace = { platform, object, field: field.names[from] };
  const held = input.heldOf?.(platform, object, field.names[from]);
  const own = optionsOf(source) ?? (source.type === 'boolean' ? undefined : source.offers);
  const lost = sortOut({ own, there, held, becomes: becomesOf(field.values, from) });
  const path = ['fields', index, mapping.sides[from].name];
  const names = { from: shownField(mapping, from, field.names[from]), to: shownField(mapping, to, field.names[to]) };
  const counted = held === undefined ? {} : { counted: 'unreadable' in held ? `not counted: ${held.unreadable}` : `counted in ${held.source}` };
  const isUncounted = held === undefined || 'unreadable' in held;
  // What people may choose besides is no harm where anything is taken.
  if (optionsOf(source) === undefined && isUncounted && !(isOpen && field.values === undefined))
    yield {
      rule: 'options-unchecked',
      path,
      message: `${names.from} can hold anything, and ${there === undefined ? 'values names' : `${names.to} has`} only some options: what records hold was not looked at`,
      holder,
      ...counted,
    };
  else if (held !== undefined && 'unreadable' in held)
    yield { rule: 'unreadable', path, message: `what records hold in ${names.from} could not be counted: ${held.unreadable}`, holder };
  for (const [rule, options] of lost)
    if (options.length > 0)
      yield {
        rule,
        // It is taken all the same, and is none of those that people choose, report and filter by.
        ...(isOpen && rule !== 'option-unmapped' ? { severity: 'warning' as const } : {}),
        path,
        message: wordsOf(rule, options, names),
        options,
        holder,
        ...counted,
      };
}

/** Options that are no value of the kind that is carried over: neither true nor false, no number, no day. */
function* wordlessOptions({ mapping }: LintContext, pair: FieldPair, from: SideIndex, to: SideIndex): Generator<Said> {
  const { field, index, schemas } = pair;
  const [types, own] = [typesOf(pair), schemas[from]?.options ?? schemas[from]?.offers];
  if (types === undefined || own === undefined || field.values !== undefined || (field.as === undefined && WORDS.has(types[to]))) return;
  const lost = own.filter((option) => option !== '' && isUnreadable(carried(field, from, option, types))).map((option): LostOption => ({ option }));
  if (lost.length === 0) return;
  yield {
    rule: 'option-missing',
    path: ['fields', index, mapping.sides[from].name],
    message: `${optionWord(lost)} of ${shownField(mapping, from, field.names[from])} cannot be a ${types[to]} in ${shownField(mapping, to, field.names[to])}: ${listed(lost)}`,
    options: lost,
    next: 'values in the mapping',
  };
}

/** Types that hold any word as it is. */
const WORDS: ReadonlySet<FieldSchema['type']> = new Set(['string', 'enum', 'set']);

const isUnreadable = (one: Carried): boolean => 'problem' in one && one.problem === 'unreadable';

/** A choice of which nobody could read what it takes. What names a record is told elsewhere. */
function* untoldOptions({ mapping }: LintContext, { field, index, schemas }: FieldPair, to: SideIndex): Generator<Said> {
  const target = schemas[to];
  const isTold = target?.options !== undefined || target?.offers !== undefined || target?.refersTo !== undefined;
  if (target === undefined || isTold || target.readOnly || target.type !== 'enum') return;
  yield {
    rule: 'options-unchecked',
    severity: 'warning',
    path: ['fields', index, mapping.sides[to].name],
    message: `${shownField(mapping, to, field.names[to])} takes some options only, and its platform does not tell which`,
    next: 'Compare them by hand: stages of pipelines, for example, have ids of their own',
  };
}

interface Options {
  /** Options of the side itself; undefined where it can hold anything. */
  readonly own: readonly string[] | undefined;
  /** Those of the other side; undefined where it takes anything. */
  readonly there: readonly string[] | undefined;
  readonly held: Held | undefined;
  readonly becomes: (option: string) => string | undefined;
}

function sortOut({ own, there, held, becomes }: Options): readonly (readonly [LintRule, readonly LostOption[]])[] {
  const counts = held === undefined || 'unreadable' in held ? undefined : held.counts;
  const known = new Set(there);
  const [missing, byCase, unmapped, only]: LostOption[][] = [[], [], [], []];
  const look = (option: string, isOwn: boolean): void => {
    const wanted = becomes(option);
    if (wanted !== undefined && (there === undefined || known.has(wanted))) return;
    const records = counts === undefined ? {} : { records: counts.get(option) ?? 0 };
    const lost = withNear({ option, ...records }, wanted === undefined ? [] : (there ?? []), wanted);
    const list = !isOwn ? only : wanted === undefined ? unmapped : lost.near === undefined ? missing : byCase;
    list?.push(lost);
  };
  for (const option of own ?? []) look(option, true);
  const ownSet = new Set(own);
  for (const option of counts?.keys() ?? []) if (!ownSet.has(option)) look(option, false);
  return [
    ['option-missing', missing ?? []],
    ['option-case', byCase ?? []],
    ['option-unmapped', unmapped ?? []],
    ['option-held', only ?? []],
  ];
}

function becomesOf(values: FieldPair['field']['values'], from: SideIndex): (option: string) => string | undefined {
  if (values === undefined) return (option) => option;
  const table = optionTable(values);
  return (option) => table.counterpart(from, option);
}

/** The options of a field that takes no others; undefined where it takes anything. */
function optionsOf(schema: FieldSchema | undefined): readonly string[] | undefined {
  if (schema?.type === 'boolean') return ['true', 'false'];
  return schema?.options;
}

function withNear(lost: LostOption, there: readonly string[], wanted = lost.option): LostOption {
  const folded = fold(wanted);
  const near = there.find((option) => fold(option) === folded);
  return near === undefined ? lost : { ...lost, near };
}

const fold = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

interface Names {
  readonly from: string;
  readonly to: string;
}

function wordsOf(rule: LintRule, options: readonly LostOption[], { from, to }: Names): string {
  const list = listed(options);
  const word = optionWord(options);
  switch (rule) {
    case 'option-case':
      return `${word} of ${from} ${options.length === 1 ? 'is' : 'are'} written with other letters in ${to}: ${list}`;
    case 'option-unmapped':
      return `values does not say what ${word} of ${from} ${options.length === 1 ? 'is' : 'are'} in ${to}: ${list}`;
    case 'option-held':
      return `records hold in ${from} what has no counterpart in ${to}: ${list}`;
    default:
      return `${word} of ${from} ${options.length === 1 ? 'is' : 'are'} not in ${to}: ${list}`;
  }
}

const optionWord = (options: readonly LostOption[]): string => (options.length === 1 ? 'option' : 'options');

/** Most options that a message names; the JSON has all. */
const MOST_NAMED = 5;

function listed(options: readonly LostOption[]): string {
  const named = [...options]
    .sort((a, b) => (b.records ?? 0) - (a.records ?? 0))
    .slice(0, MOST_NAMED)
    .map(({ option, near, records }) => {
      const more = [
        ...(near === undefined ? [] : [`there "${near}"`]),
        ...(records === undefined ? [] : [records === 1 ? '1 record' : `${records} records`]),
      ];
      return more.length === 0 ? `"${option}"` : `"${option}" (${more.join(', ')})`;
    });
  const left = options.length - named.length;
  return left === 0 ? named.join(', ') : `${named.join(', ')} and ${left} more`;
}
