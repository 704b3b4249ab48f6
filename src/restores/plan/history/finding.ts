import type { RecordHistory } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import {
  type Fields,
  type FieldSchema,
  namesOf,
  type ObjectSchema,
  ownValue,
  type PlatformRecord,
  setOwn,
  type Value,
  valueIn,
  watchedFields,
} from '../../../records/index.js';
import { isEmpty, type Suspicion } from '../../decide/attribution.js';
import { conflictOf, fieldOf, isLink, sameSide } from '../../decide/conflicts.js';
import type { RecordDraft } from '../../decide/order.js';
import { rebuildRecord, type FromHistory, type UnknownBase } from '../../decide/rebuilt.js';
import { fieldsOfWhere } from '../../decide/where.js';
import type { DecidedChange, PlanConflict, PlanFilters, Unknowable } from '../../types.js';
import type { DecidingContext } from '../context.js';
import { decideBatch } from '../objects/decide-batch.js';
import { watchedOf } from '../objects/differences.js';

/** What the history of one record comes to. Plain data: it is kept until the plan is written. */
export interface Finding {
  readonly key: string;
  readonly change?: RecordDraft;
  /** The record as it is now, where the change may refer to another record. */
  readonly live?: Fields;
  readonly conflicts?: readonly PlanConflict[];
  readonly nothing?: number;
  /** The incident wrote to it. */
  readonly written?: true;
  readonly created?: true;
  /** The incident deleted it. */
  readonly deleted?: true;
  /** The incident wrote a field that only says what a link says. */
  readonly linked?: true;
  /** Why the earlier values of fields are not known, one for each. */
  readonly unknown?: readonly Unknowable[];
  /** Fields that hold something and have no history. */
  readonly untold?: readonly string[];
}

/** How records of one object type are looked into. */
export interface Look {
  readonly context: DecidingContext;
  readonly schema: ObjectSchema;
  /** Changes of a field that the platform keeps at least. */
  readonly kept: number;
  /** Fields whose history is read. */
  readonly fields: readonly string[];
  /** Fields that the expression of the plan goes by. */
  readonly judgedBy: readonly string[];
  /** Records of this object type may refer to others by fields that the platform checks. */
  readonly refers: boolean;
}

/** Fields whose history can say something about the incident, within the limits of the plan; those of a group together. */
export function fieldsToRead(schema: ObjectSchema, filters: PlanFilters): readonly string[] {
  const { fields, exceptFields = [] } = filters;
  // What is not to be written, and says what is: of today's value nobody knows what it was.
  const judging = new Set(fieldsOfWhere(filters.where));
  const watched = new Set(watchedFields(schema).map(({ name }) => name));
  const telling = schema.fields.filter(({ name, readOnly, setByItself }) => (!readOnly || watched.has(name)) && setByItself !== true);
  const groupsOf = (names: readonly string[]): ReadonlySet<string> => new Set(names.flatMap((name) => fieldOf(schema, name)?.group ?? []));
  const [wanted, left] = [groupsOf(fields ?? []), groupsOf(exceptFields)];
  const isWanted = ({ name, group = '' }: FieldSchema): boolean =>
    (fields === undefined || fields.includes(name) || wanted.has(group)) && !exceptFields.includes(name) && !left.has(group);
  const within = telling.filter(isWanted);
  return within.length === 0 ? [] : telling.filter((field) => isWanted(field) || judging.has(field.name)).map(({ name }) => name);
}

/**
 * What one record and its history come to, with how people know the record once it is repaired; undefined where they say
 * nothing about the incident. Reads nothing more.
 */
export async function findingOf(look: Look, record: PlatformRecord, history: RecordHistory, options: CallOptions): Promise<Finding | undefined> {
  const finding = await findingIn(look, record, history, options);
  return finding && withNames(finding, { ...record.meta, ...record.fields });
}

/** The same with the names that its record has with what the change writes: no snapshot tells them. */
export function withNames(finding: Finding, holds: Fields): Finding {
  const { change, conflicts } = finding;
  if (change === undefined && conflicts === undefined) return finding;
  const known: Record<string, Value> = { ...holds };
  for (const [name, { to }] of Object.entries(change?.fields ?? {})) setOwn(known, name, to ?? null);
  const called = namesOf(known);
  if (Object.keys(called).length === 0) return finding;
  const named = <T extends DecidedChange>(one: T): T => ('link' in one ? one : { ...one, called });
  return {
    ...finding,
    ...(change === undefined ? {} : { change: named(change) }),
    ...(conflicts === undefined
      ? {}
      : { conflicts: conflicts.map((one) => ({ ...one, called, ...(one.change === undefined ? {} : { change: named(one.change) }) })) }),
  };
}

async function findingIn(look: Look, record: PlatformRecord, history: RecordHistory, options: CallOptions): Promise<Finding | undefined> {
  const { context, schema, kept, fields } = look;
  const { key } = record;
  const untold = fields.filter((name) => !isEmpty(valueIn(record, name)) && (ownValue(history.fields, name) ?? []).length === 0);
  const more = untold.length === 0 ? {} : { untold };
  const found = rebuildRecord({ suspicion: context.suspicion, schema, kept, fields }, record, history);
  if (found.is === 'untouched') return untold.length === 0 ? undefined : { key, ...more };
  if (found.is === 'created') return { key, created: true };
  // Where it is not known what a limit goes by, nobody can say whether the record is within it.
  const judging = found.unknown.find(({ field }) => look.judgedBy.includes(field));
  if (judging !== undefined) return { key, written: true, ...more, ...notJudged(look, record, found, judging) };
  const { facts, held } = await decideBatch(
    context,
    { base: schema, live: schema },
    {
      differences: [{ key, base: found.base, damaged: found.damaged, record: undefined, watched: found.watched }],
      live: { records: new Map([[key, record]]), history: new Map([[key, history]]), aliases: new Map() },
    },
    options,
  );
  const unknown = found.unknown.filter(({ field }) => isWithin(look, field) && passes(look, record, found, field));
  const conflicts = [...(facts.conflicts ?? []), ...unknown.map((one) => unknownConflict(schema, record, one))];
  const [first] = held;
  return {
    key,
    written: true,
    ...more,
    ...(first === undefined ? {} : { change: first.change, ...(look.refers && first.live !== undefined ? { live: first.live } : {}) }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    ...(facts.nothing === undefined || facts.nothing === 0 ? {} : { nothing: facts.nothing }),
    ...(isRelinked(schema, found) ? { linked: true } : {}),
    ...(unknown.length === 0 ? {} : { unknown: unknown.map(({ why }) => why) }),
  };
}

type Written = Extract<FromHistory, { readonly is: 'written' }>;

/** The names that a plan is limited to hold for what cannot be put back, too; fields that are decided together, together. */
function isWithin({ context: { filters }, schema }: Look, field: string): boolean {
  if (isLink(schema, field)) return false;
  const group = fieldOf(schema, field)?.group;
  const members = group === undefined ? [field] : schema.fields.flatMap((one) => (one.group === group ? [one.name] : []));
  if (members.some((name) => filters.exceptFields?.includes(name) === true)) return false;
  return filters.fields === undefined || members.some((name) => filters.fields?.includes(name) === true);
}

/** Whether the expression of a plan lets a field through whose own earlier value is not known. */
function passes({ context: { where }, schema }: Look, { key, fields: live }: PlatformRecord, { base, damaged }: Written, field: string): boolean {
  if (where === undefined) return true;
  const { [field]: _unknown, ...known } = base;
  return where(schema)(field, { object: schema.object, key, base: known, damaged, live });
}

/** What the incident wrote of a record of which it is not known whether it is within the limits: nothing of it is written. */
function notJudged(
  look: Look,
  record: PlatformRecord,
  { fields, damaged, unknown }: Written,
  { why, attribution }: UnknownBase,
): Pick<Finding, 'conflicts' | 'unknown'> {
  const open = fields
    .filter((field) => isWithin(look, field))
    .map((field) => unknown.find((one) => one.field === field) ?? { field, why, damaged: ownValue(damaged, field) ?? null, attribution });
  return { conflicts: open.map((one) => unknownConflict(look.schema, record, one)), unknown: open.map((one) => one.why) };
}

function isRelinked(schema: ObjectSchema, found: Written): boolean {
  return found.fields.some((name) => isLink(schema, name));
}

/** Why a value is not known, as the end of a sentence. */
export const UNKNOWABLE: Readonly<Record<Unknowable, string>> = {
  beyond: 'what stood there before the window is not among the changes that the platform keeps',
  merged: 'other records were merged into this one, and its history does not tell which of the earlier values stood here',
  untold: 'the history does not tell what stood there before',
  unsure: 'clocks were set back then, and nothing tells whether it was written within the window',
};

/** A value that nobody can put back: there is none to offer. */
function unknownConflict(schema: ObjectSchema, record: PlatformRecord, { field, why, damaged, attribution }: UnknownBase): PlanConflict {
  const { object } = schema;
  const live = watchedOf(record, [field])[field] ?? null;
  const place = { object, key: record.key, field, damaged, live, attribution };
  const isThere = sameSide(live, damaged);
  const since = isThere ? '' : ' Someone has edited it since.';
  const message = `${field} of ${object} ${record.key} was overwritten${who(attribution)}, but ${UNKNOWABLE[why]}.${since}`;
  return conflictOf(isThere ? 'base-unreadable' : 'edited-since', place, message, 'leave it as it is');
}

function who({ writer, at }: UnknownBase['attribution']): string {
  return `${writer === undefined ? '' : ` by ${writer}`}${at === undefined ? '' : ` at ${at}`}`;
}

/** What a plan from history is decided by: nothing older than the window is part of the incident, and nothing is cut off. */
export function historySuspicion(suspicion: Suspicion): Suspicion {
  return { ...suspicion, rebuilt: true };
}
