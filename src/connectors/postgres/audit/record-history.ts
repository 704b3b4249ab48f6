import { defined } from '../../../lib/index.js';
import { setOwn, type Value } from '../../../records/index.js';
import type { Deletion, FieldChange, RecordHistory } from '../../connector.js';

/** A value that an entry tells; `undefined` within where it tells that there is one and not which. */
export interface Told {
  readonly value: Value | undefined;
}

/** What one entry tells of one field; a side that is absent is not told. */
export interface FieldTold {
  readonly old?: Told;
  readonly new?: Told;
  /** The entry holds the field, and the same before and after. */
  readonly same?: true;
  /** `new` stood there after the write, whether it was changed by it or not. */
  readonly kept?: true;
}

/** One entry of an audit table about one record. */
export interface AuditEvent {
  readonly action: 'insert' | 'update' | 'delete';
  /** ISO 8601, UTC. */
  readonly at: string | undefined;
  /** It may be as late as this: clocks were set back. */
  readonly until?: string;
  readonly writer: string | undefined;
  /** An update gave the record its present key, or took it away. */
  readonly moved?: 'here' | 'away';
  readonly fields: ReadonlyMap<string, FieldTold>;
}

/** What is known of an audit table besides the entries about a record. */
export interface AuditFacts {
  /** Since when all changes of the object type are told; undefined where there is nothing about it. ISO 8601, UTC. */
  readonly begins: string | undefined;
  /** Fields that are told of at all, where entries hold single fields; undefined where they hold whole rows. */
  readonly fields: ReadonlySet<string> | undefined;
}

/** What came before the first entry that there is about a record. */
export interface Before {
  /** Older entries were left out: there were too many. */
  readonly cut: boolean;
  /** The table was emptied at some time before: the record may have been there already. */
  readonly emptied: boolean;
}

/** One field on the way from the oldest entry to the newest. */
class Line {
  readonly entries: FieldChange[] = [];
  /** What stands there after the entries so far; undefined where they do not tell. */
  now: Told | undefined;
  /** Since when every change of it is told, once an entry held it; undefined within where that has no time. */
  told: { readonly since: string | undefined } | undefined;

  stood(value: Value | undefined, at: string | undefined): void {
    this.entries.push({ ...of(value), ...(at === undefined ? {} : { at }), stood: true });
  }

  wrote({ value }: Told, { at, until }: Pick<Moment, 'at' | 'until'>, writer: string | undefined): void {
    this.entries.push({ ...of(value), ...defined({ at, until, writer }) });
    this.now = { value };
  }
}

const of = (value: Value | undefined): { readonly value?: Value } => (value === undefined ? {} : { value });

/**
 * The history of one record out of its entries, the oldest first in the order in which they were written. Nothing is
 * filled in: what stood there before an entry is what that entry says; where it is not what the entry before left,
 * somebody wrote in between without being told of. Pure.
 */
export function recordHistory(
  events: readonly AuditEvent[],
  names: readonly string[],
  facts: AuditFacts,
  before: Before,
  inOrder: boolean,
): RecordHistory {
  const lines = new Map(names.map((name) => [name, new Line()]));
  let created: RecordHistory['created'];
  let gone: Gone | undefined;
  let at: string | undefined;
  for (const [n, event] of events.entries()) {
    const moment = timeOf(at, event, inOrder);
    ({ at } = moment);
    if (event.moved === 'away') {
      for (const line of lines.values()) line.now = undefined;
      gone = { by: undefined };
      continue;
    }
    const isMade = event.action === 'insert';
    if (gone?.madeAt !== undefined && (!isMade || gone.madeAt !== event.at)) gone = undefined;
    // Whoever deletes a record and makes it again has written its fields; of another one, it is a new record.
    const again = isMade && gone?.by !== undefined && gone.by === event.writer;
    const makes = isMade && (gone === undefined ? !before.cut && !before.emptied && isFirst(events, n) : !again);
    if (makes) created = { ...(at === undefined ? {} : { at }), ...(event.writer === undefined ? {} : { writer: event.writer }) };
    // Under another key, or in entries that were left out, it may have been written before.
    const whole = (n === 0 || facts.fields !== undefined) && !before.cut && event.moved === undefined;
    for (const [name, line] of lines) {
      const told = event.fields.get(name);
      if (event.moved === 'here') line.now = undefined;
      if (told === undefined) {
        if (event.action === 'delete' && facts.fields === undefined) line.now = undefined;
        continue;
      }
      line.told ??= { since: whole ? facts.begins : at };
      take(line, event, told, { ...moment, made: makes, again });
    }
    if (event.action === 'delete') gone = { by: event.writer };
    // Where each field has an entry of its own, others of the same insert follow.
    else gone = isMade && gone !== undefined && facts.fields !== undefined ? { by: gone.by, madeAt: event.at } : undefined;
  }
  for (const [name, line] of lines)
    if (line.entries.length === 0 && (line.told !== undefined || facts.fields?.has(name) === true))
      line.stood(undefined, line.told?.since ?? facts.begins);
  const fields: Record<string, readonly FieldChange[]> = {};
  for (const [name, { entries }] of lines) setOwn(fields, name, entries.reverse());
  return {
    fields,
    ...(created === undefined ? {} : { created }),
    ...(facts.begins === undefined ? {} : { begins: facts.begins }),
    ...(inOrder ? { inOrder } : {}),
    ...(facts.fields === undefined ? deletionIn(events.at(-1), at) : {}),
  };
}

/** What the newest entry tells of a record that it deleted, where entries hold whole rows. `at`: no earlier than the one before. */
function deletionIn(event: AuditEvent | undefined, at: string | undefined): { readonly deleted?: Deletion } {
  if (event?.action !== 'delete') return {};
  const held: Record<string, Value> = {};
  for (const [name, { old }] of event.fields) if (old?.value !== undefined) setOwn(held, name, old.value);
  return { deleted: { held, ...defined({ at, writer: event.writer }) } };
}

/** True for the first entry, and for those of the same insert where each field has one of its own. */
function isFirst(events: readonly AuditEvent[], n: number): boolean {
  return events.slice(0, n).every(({ action, at }) => action === 'insert' && at === events[n]?.at);
}

/** The record is not there: who deleted it, where that is known. */
interface Gone {
  readonly by: string | undefined;
  /** It is being made again, at that time. */
  readonly madeAt?: string | undefined;
}

interface Moment {
  readonly at: string | undefined;
  readonly until?: string;
  /** The entry made the record. */
  readonly made: boolean;
  /** It made it again, after the same writer had deleted it. */
  readonly again: boolean;
}

function take(line: Line, { action, writer }: AuditEvent, told: FieldTold, moment: Moment): void {
  const { at, made, again } = moment;
  if (told.same === true) return;
  if (told.kept === true && told.new !== undefined) {
    // That it stands there says nothing of who wrote it, unless another value stood there before.
    if (line.now?.value !== undefined && line.now.value === told.new.value) return;
    if (line.now === undefined && line.entries.length === 0) line.stood(undefined, line.told?.since);
    line.wrote(told.new, moment, writer);
    return;
  }
  if (action === 'insert') {
    if (told.new === undefined) return;
    if (!made) {
      // Made again as it was: nothing has changed.
      if (again && line.now?.value !== undefined && line.now.value === told.new.value) return;
      // It was there, or may have been, and nobody is told to have removed it.
      if (!again || line.now === undefined) line.stood(undefined, at);
    }
    line.wrote(told.new, moment, writer);
    return;
  }
  const { old } = told;
  if (line.now === undefined && line.entries.length === 0) line.stood(old?.value, line.told?.since);
  else if (old?.value === undefined || line.now?.value !== old.value) line.stood(old?.value, at);
  line.now = old;
  if (action === 'update' && told.new !== undefined) line.wrote(told.new, moment, writer);
}

/**
 * When an entry was written, by the one before it too. Where clocks were set back, the one before may tell that it is the
 * second time that they showed this.
 */
function timeOf(before: string | undefined, { at, until }: AuditEvent, inOrder: boolean): Pick<Moment, 'at' | 'until'> {
  if (until === undefined || at === undefined) return { at: later(before, at) };
  if (!inOrder || before === undefined || Date.parse(before) <= Date.parse(at)) return { at, until };
  return { at: later(before, until) };
}

/**
 * A transaction that began earlier may write later, once the other one has let go of the record: it wrote no earlier
 * than that.
 */
function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return b;
  return Date.parse(b) < Date.parse(a) ? a : b;
}
