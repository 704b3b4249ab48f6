import { canonicalJson } from '../../../lib/index.js';
import { carried, comparerOf, type MappedField, otherSide, type SideIndex, type TypePair } from '../../../mappings/index.js';
import type { Fields, FieldSchema, PlatformRecord, Value } from '../../../records/index.js';
import { valueIn } from '../../touchpoints/facts.js';
import { type Ends, INITIAL, isExplained, type RacedField, type RacedWrite } from './oracle.js';

/**
 * What became of one record that several writers wrote:
 * - `explained`: what stands there is what some order of the writes comes to;
 * - `late`: only at the second look;
 * - `lost`: what an acknowledged write wrote is nowhere, and an older value stands there;
 * - `apart`: the two sides do not agree;
 * - `partial`: parts of several writes, which no order of them comes to;
 * - `foreign`: a value that nobody wrote;
 * - `returned`: an older value came back over a newer one for some time, by the platform's own history;
 * - `unrecorded`: an acknowledged write is not in the platform's own history;
 * - `missing`: there is no record on one of the sides.
 */
export const RACE_VERDICTS = ['explained', 'late', 'lost', 'apart', 'partial', 'foreign', 'returned', 'unrecorded', 'missing'] as const;
export type RaceVerdict = (typeof RACE_VERDICTS)[number];

/** A field that writers write, on one side or on both. */
export interface Field extends RacedField {
  readonly names: readonly [string | undefined, string | undefined];
  readonly schemas: readonly [FieldSchema | undefined, FieldSchema | undefined];
  readonly mapped?: MappedField;
}

/** A write as it was sent. */
export interface SentWrite extends RacedWrite {
  readonly writer: string;
  /** By name on its side. */
  readonly set: Fields;
}

export type Both = readonly [PlatformRecord | undefined, PlatformRecord | undefined];

export interface Finding {
  readonly verdict: RaceVerdict;
  /** `crm.Title`, or nothing where it is about all of it. */
  readonly where?: string;
  readonly found: Value;
}

/** What stands in the end, told from what the order of the writes would come to. `names`: of the sides. */
export function judgeRace(
  fields: readonly Field[],
  writes: readonly SentWrite[],
  { initial, now, names }: { readonly initial: Both; readonly now: Both; readonly names: readonly [string, string] },
): Finding {
  if (now[0] === undefined || now[1] === undefined) {
    const side = now[0] === undefined ? 0 : 1;
    return { verdict: 'missing', where: names[side], found: null };
  }
  const ends: Ends = new Map(fields.map((field) => [field.id, endsOf(field, writes, initial, now)]));
  if (isExplained(fields, writes, ends)) return { verdict: 'explained', found: null };
  for (const field of fields) {
    if (isExplained([field], writes, ends)) continue;
    const sides = ends.get(field.id) ?? [undefined, undefined];
    const empty = sides.findIndex((allowed) => allowed?.size === 0);
    const wrong = empty === -1 ? oldest(field, sides, writes) : empty === 1 ? 1 : 0;
    const where = `${names[wrong]}.${field.names[wrong] ?? ''}`;
    const record = now[wrong];
    const found = record === undefined ? null : valueIn(record, field.names[wrong] ?? '');
    if (empty !== -1) return { verdict: 'foreign', where, found };
    // Each side alone could be: then it is that the two are not the same.
    const alone = ([0, 1] as const).every((side) =>
      isExplained([field], writes, new Map([[field.id, side === 0 ? [sides[0], undefined] : [undefined, sides[1]]]])),
    );
    return { verdict: alone ? 'apart' : 'lost', where, found };
  }
  return { verdict: 'partial', found: null };
}

/** The side that shows what no order comes to: the one that is wrong alone, else the one whose value is copied. */
function oldest(
  field: Field,
  sides: readonly [ReadonlySet<number> | undefined, ReadonlySet<number> | undefined],
  writes: readonly SentWrite[],
): SideIndex {
  const isWrong = (side: SideIndex): boolean =>
    sides[side] !== undefined && !isExplained([field], writes, new Map([[field.id, side === 0 ? [sides[0], undefined] : [undefined, sides[1]]]]));
  if (isWrong(0)) return 0;
  if (isWrong(1)) return 1;
  return field.rule.kind === 'one-way' ? otherSide(field.rule.from) : field.rule.kind === 'alone' ? field.rule.side : 1;
}

/** The writes whose value each side shows. */
function endsOf(
  field: Field,
  writes: readonly SentWrite[],
  initial: Both,
  now: Both,
): readonly [ReadonlySet<number> | undefined, ReadonlySet<number> | undefined] {
  return [shownBy(field, 0, writes, initial, now), shownBy(field, 1, writes, initial, now)];
}

function shownBy(field: Field, side: SideIndex, writes: readonly SentWrite[], initial: Both, now: Both): ReadonlySet<number> | undefined {
  const [name, record, first] = [field.names[side], now[side], initial[side]];
  if (name === undefined || record === undefined) return undefined;
  const form = formerOf(field, side);
  const found = form(valueIn(record, name));
  const fits = new Set<number>();
  if (first !== undefined && form(valueIn(first, name)) === found) fits.add(INITIAL);
  for (const [n, write] of writes.entries()) {
    const value = valueOn(field, side, write);
    if (value !== undefined && form(value) === found) fits.add(n);
  }
  return fits;
}

/** What a write makes of a field on one side; undefined where it does not write it, or where nobody can say. */
export function valueOn({ names, mapped, schemas }: Field, side: SideIndex, write: SentWrite): Value | undefined {
  const name = names[write.side];
  if (name === undefined || !Object.hasOwn(write.set, name)) return undefined;
  const value = write.set[name] ?? null;
  if (write.side === side || mapped === undefined) return write.side === side ? value : undefined;
  const made = carried(mapped, write.side, value, typesOf(schemas));
  return 'write' in made ? made.write : undefined;
}

/** How values of one side are compared: as the mapping says, else as they stand. */
export function formerOf({ mapped, schemas }: Field, side: SideIndex): (value: Value) => string {
  if (mapped === undefined) return (value) => canonicalJson(value === '' ? null : value);
  const comparer = comparerOf(mapped, typesOf(schemas));
  return (value) => canonicalJson(comparer.normal(side, value) ?? null);
}

const typesOf = ([left, right]: Field['schemas']): TypePair => [left?.type ?? 'string', right?.type ?? 'string'];

/** What the history of one field of one record on one side says, oldest first. Undefined where it says nothing. */
export type Told = readonly Value[] | undefined;

/**
 * What a history shows that the end does not: acknowledged writes that never stood there, and an older value that came back over a newer one
 * where nobody but its writers counts.
 */
export function judgeHistory(field: Field, side: SideIndex, writes: readonly SentWrite[], told: Told): 'unrecorded' | 'returned' | 'fine' | 'untold' {
  if (told === undefined || told.length === 0) return 'untold';
  const form = formerOf(field, side);
  const stood = told.map(form).filter((each, n, all) => n === 0 || all[n - 1] !== each);
  const own = writes.filter((write) => write.side === side && write.fields.has(field.id));
  const formOf = (write: SentWrite): string => form(valueOn(field, side, write) ?? null);
  if (own.some((write) => write.end !== undefined && !stood.includes(formOf(write)))) return 'unrecorded';
  // A sync may put back what counts over what does not; where only one side counts, its own values never come back.
  const counts = field.rule.kind === 'alone' || (field.rule.kind === 'one-way' && field.rule.from === side);
  const cameBack = counts && own.some((write) => stood.filter((each) => each === formOf(write)).length > 1 && isOnlyOne(write, own, formOf));
  return cameBack ? 'returned' : 'fine';
}

/** No other write wrote the same: then it would be right that the value comes twice. */
const isOnlyOne = (write: SentWrite, own: readonly SentWrite[], formOf: (write: SentWrite) => string): boolean =>
  own.filter((other) => formOf(other) === formOf(write)).length === 1;
