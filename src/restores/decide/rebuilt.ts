import type { FieldChange, RecordHistory } from '../../connectors/index.js';
import { ownValue, setOwn, valueIn, type Fields, type ObjectSchema, type PlatformRecord, type Value } from '../../records/index.js';
import type { Attribution, Unknowable } from '../types.js';
import { fits, inWindow, isEmpty, isSuspect, judge, judgeEntry, type Suspicion } from './attribution.js';
import { fieldOf } from './conflicts.js';

/** A field that the incident wrote, and whose earlier value is not known. */
export interface UnknownBase {
  readonly field: string;
  readonly why: Unknowable;
  /** What the incident wrote there. */
  readonly damaged: Value;
  readonly attribution: Attribution;
}

/** What the history of one record says about the incident. */
export type FromHistory =
  | { readonly is: 'untouched' }
  /** The incident created the record: nothing stood there before. */
  | { readonly is: 'created' }
  | {
      readonly is: 'written';
      /**
       * The record as it was before the incident, and as the incident left it: that of now, but for the fields that it
       * wrote, and for those that are decided together with one of them.
       */
      readonly base: Fields;
      readonly damaged: Fields;
      /** The same of fields that cannot be written and are told all the same. */
      readonly watched: { readonly base: Fields; readonly damaged: Fields };
      readonly unknown: readonly UnknownBase[];
      /** Fields that the incident wrote, known or not. */
      readonly fields: readonly string[];
    };

/** What a record is rebuilt from. */
export interface RebuildRules {
  readonly suspicion: Suspicion;
  readonly schema: ObjectSchema;
  /** Changes of a field that the platform keeps at least. */
  readonly kept: number;
  /** Fields whose history was asked for. */
  readonly fields: readonly string[];
}

/** The writes of the incident to one field. */
interface Written {
  readonly entries: readonly FieldChange[];
  readonly first: FieldChange;
  readonly last: FieldChange;
  /** Whether a suspect wrote within the window is not told: clocks were set back at its edge. */
  readonly unsure?: true;
}

/**
 * Rebuilds a record as it was before the incident, field by field: what stood there before the first write of a suspect
 * in the window is the base, what the last one wrote is the damage. Where the history does not say what stood there,
 * nothing is guessed. Pure.
 */
export function rebuildRecord(rules: RebuildRules, record: PlatformRecord, history: RecordHistory): FromHistory {
  const written = new Map<string, Written>();
  for (const name of rules.fields) {
    const entries = ownValue(history.fields, name) ?? [];
    const one = writtenBy(rules.suspicion, entries, valueIn(record, name), history.inOrder === true);
    if (one !== undefined) written.set(name, one);
  }
  if (written.size === 0) return { is: 'untouched' };
  if (isCreated(rules.suspicion, history, written)) return { is: 'created' };
  const sides = { base: { ...record.fields }, damaged: { ...record.fields } };
  const watched = { base: {} as Record<string, Value>, damaged: {} as Record<string, Value> };
  const unknown: UnknownBase[] = [];
  for (const [name, one] of written) {
    const { schema, kept } = rules;
    const before = one.unsure === true ? 'unsure' : one.last.value === undefined ? 'untold' : valueBefore(rules.suspicion, one, kept, history);
    const damaged = one.last.value ?? null;
    const side = fieldOf(schema, name)?.readOnly === true ? watched : sides;
    if (typeof before === 'string')
      unknown.push({ field: name, why: before, damaged, attribution: judge(rules.suspicion, one.last.writer, one.last.at) });
    else {
      setOwn(side.base, name, before.value);
      setOwn(side.damaged, name, damaged);
    }
  }
  // What is decided together is left together: where one of them is not known, none is written.
  const groups = new Set(unknown.flatMap(({ field }) => fieldOf(rules.schema, field)?.group ?? []));
  for (const { name, group } of rules.schema.fields) {
    if (group === undefined) continue;
    if (groups.has(group)) {
      setOwn(sides.base, name, ownValue(record.fields, name) ?? null);
      setOwn(sides.damaged, name, ownValue(record.fields, name) ?? null);
    } else if (!written.has(name)) companion(rules, name, group, written, history, sides);
  }
  return { is: 'written', ...sides, watched, unknown, fields: [...written.keys()] };
}

/** The writes of the incident among the entries of a field; undefined where there are none. */
function writtenBy(suspicion: Suspicion, entries: readonly FieldChange[], live: Value | undefined, inOrder: boolean): Written | undefined {
  const isAtEdge = (entry: FieldChange): boolean => isUnsure(suspicion, entry);
  const passes = entries.filter((entry) => judgeEntry(suspicion, entry).state === 'attributed' || isAtEdge(entry));
  const [newest, first] = [passes[0], passes.at(-1)];
  if (newest === undefined || first === undefined) return undefined;
  // Of several at the very same time nothing tells which came last, but what stands there now.
  const last = inOrder ? newest : (passes.find((entry) => entry.at === newest.at && entry.value !== undefined && fits(entry, live)) ?? newest);
  return { entries, first, last, ...(passes.some(isAtEdge) ? { unsure: true } : {}) };
}

/** A write of a suspect that clocks which were set back leave in or out of the window. */
function isUnsure(suspicion: Suspicion, { writer, at, until, stood }: FieldChange): boolean {
  if (until === undefined || stood === true || writer === undefined || !isSuspect(writer, suspicion.suspects)) return false;
  return inWindow(suspicion, at, until) === 'unknown';
}

/**
 * True where the incident created the record, or may have: what it was created with says nothing of an earlier state.
 */
function isCreated(suspicion: Suspicion, { created }: RecordHistory, written: ReadonlyMap<string, Written>): boolean {
  if (created?.at === undefined) return false;
  const { at, writer } = created;
  const began = suspicion.since === undefined || Date.parse(at) >= Date.parse(suspicion.since);
  const ended = suspicion.until !== undefined && Date.parse(at) > Date.parse(suspicion.until);
  if (!began || ended) return false;
  if (writer === undefined || judge(suspicion, writer, at).state === 'attributed') return true;
  return [...written.values()].some(({ first }) => first.at === at);
}

/** What stood in a field before the first write of the incident, or why that is not known. */
function valueBefore(
  { since = '' }: Suspicion,
  { entries, first }: Written,
  kept: number,
  { merged, inOrder }: RecordHistory,
): { readonly value: Value } | Unknowable {
  if (entries.some((entry) => entry.at === undefined)) return 'untold';
  const firstMs = Date.parse(first.at ?? '');
  const older = inOrder === true ? entries.slice(entries.indexOf(first) + 1) : entries.filter((entry) => Date.parse(entry.at ?? '') < firstMs);
  const [before] = older;
  // A merge takes the value of one record and the history of both: their order by time does not tell what stood here.
  if (merged !== undefined && !isAfter(before?.at, merged.at) && !allSame(older)) return 'merged';
  // What is left of a full history may begin within the window: an earlier write of the incident may be gone, and what
  // stands here now may be what somebody made of it.
  const began = Date.parse(since);
  const reachesBack = older.some((entry) => Date.parse(entry.at ?? '') < began);
  if (entries.length >= kept && !reachesBack) return 'beyond';
  if (before === undefined) return { value: null };
  // Within the window, what nobody is known to have written may be the incident's own.
  if (before.writer === undefined && Date.parse(before.at ?? '') >= began) return before.stood === true && older.length === 1 ? 'beyond' : 'untold';
  // Two at the same time, with two values: nothing tells which of them stood there.
  const rivals = inOrder === true ? [before] : older.filter((entry) => entry.at === before.at);
  if (before.value === undefined || !allSame(rivals)) return 'untold';
  return { value: before.value };
}

function allSame(entries: readonly FieldChange[]): boolean {
  const [first] = entries;
  return (
    first === undefined ||
    entries.every((entry) => entry.value !== undefined && fits(entry, first.value) && isEmpty(entry.value) === isEmpty(first.value))
  );
}

function isAfter(at: string | undefined, than: string | undefined): boolean {
  return at !== undefined && than !== undefined && Date.parse(at) > Date.parse(than);
}

/**
 * A field that the incident did not write, decided together with one that it wrote: as it was when the incident was
 * through with that one. What somebody has made of it since is an edit of the whole group.
 */
function companion(
  { kept, schema }: RebuildRules,
  name: string,
  group: string,
  written: ReadonlyMap<string, Written>,
  history: RecordHistory,
  sides: { readonly base: Record<string, Value>; readonly damaged: Record<string, Value> },
): void {
  const times = [...written].flatMap(([other, { last }]) => (fieldOf(schema, other)?.group === group ? [Date.parse(last.at ?? '')] : []));
  const entries = ownValue(history.fields, name);
  if (times.length === 0 || entries === undefined) return;
  const throughMs = Math.max(...times);
  const then = entries.find((entry) => entry.at === undefined || Date.parse(entry.at) <= throughMs);
  if (then?.value === undefined && (then !== undefined || entries.length >= kept || entries.length === 0)) return;
  setOwn(sides.base, name, then?.value ?? null);
  setOwn(sides.damaged, name, then?.value ?? null);
}
