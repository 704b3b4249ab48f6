import type { Deletion, RecordHistory } from '../../../connectors/index.js';
import type { CallOptions } from '../../../lib/index.js';
import { ownValue, setOwn, watchedFields, type Fields, type ObjectSchema, type PlatformRecord, type Value } from '../../../records/index.js';
import { judge } from '../../decide/attribution.js';
import { conflictOf, sameSide } from '../../decide/conflicts.js';
import type { RecordDraft } from '../../decide/order.js';
import { type FromHistory, rebuildRecord, type UnknownBase } from '../../decide/rebuilt.js';
import type { PlanConflict } from '../../types.js';
import { decideBatch } from '../objects/decide-batch.js';
import { watchedOf } from '../objects/differences.js';
import { readLive } from '../objects/live.js';
import { UNKNOWABLE, withNames, type Finding, type Look } from './finding.js';

/** A record that is not there, and what its history says. */
interface Gone {
  readonly key: string;
  readonly history: RecordHistory;
  /** Keys that the platform brings back now; without it, all where it brings back any. */
  readonly undeletable?: ReadonlySet<string>;
}

/**
 * What the incident deleted, of records that are not there: each is to be as it was before the incident first wrote to
 * it. One that is not told whole is left to a person. Nothing is said of what others deleted, of records that the incident had made
 * itself, and where it is limited to fields.
 */
export async function deletedFindings(
  look: Look,
  keys: readonly string[],
  histories: ReadonlyMap<string, RecordHistory>,
  options: CallOptions,
): Promise<readonly Finding[]> {
  const { context, schema } = look;
  const { platform, filters, suspicion } = context;
  const suspected = keys.filter((key) => {
    const deleted = histories.get(key)?.deleted;
    return deleted !== undefined && judge(suspicion, deleted.writer, deleted.at).state === 'attributed';
  });
  if (suspected.length === 0 || filters.fields !== undefined) return [];
  // Which keys these are is known by now: all that they held is asked for, and not only what people write.
  const all = schema.fields.map(({ name }) => name);
  const { records, history } = await readLive(platform, schema, suspected, all, options, { historyMayLack: true });
  // What it cannot bring back any more is created, and may come back with holes.
  const undeletable = schema.undelete ? await platform.connector.undeletable?.(schema, suspected, options) : undefined;
  const findings: Finding[] = [];
  for (const key of suspected) {
    const known = history.get(key);
    // Made again while this was read: whoever did that decides.
    if (records.has(key) || known?.deleted === undefined) continue;
    const finding = await findingOfDeleted(look, { key, history: known, ...(undeletable && { undeletable }) }, known.deleted, options);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

async function findingOfDeleted(
  look: Look,
  { key, history, undeletable }: Gone,
  deleted: Deletion,
  options: CallOptions,
): Promise<Finding | undefined> {
  const { context, schema, kept, fields } = look;
  const { record, lacking } = recordAt(schema, key, deleted);
  const found = rebuildRecord({ suspicion: context.suspicion, schema, kept, fields }, record, history);
  if (found.is === 'created') return undefined;
  const unknown = found.is === 'written' ? found.unknown : [];
  const base = found.is === 'written' ? without(beforeIncident(record.fields, found), unknown) : record.fields;
  const was: PlatformRecord = { ...record, fields: base };
  const watched = {
    base: {
      ...watchedOf(
        was,
        watchedFields(schema).map(({ name }) => name),
      ),
      ...(found.is === 'written' ? found.watched.base : {}),
    },
  };
  const { facts, held } = await decideBatch(
    context,
    { base: schema, live: schema },
    {
      differences: [{ key, base, damaged: undefined, record: was, watched }],
      live: { records: new Map(), history: new Map([[key, history]]), aliases: new Map(), ...(undeletable && { undeletable }) },
    },
    options,
  );
  const change = held[0]?.change;
  // What the platform brings back itself comes with all that it held.
  const holes = change?.action === 'undelete' ? [] : lacking;
  const conflicts = [
    ...(facts.conflicts ?? []),
    ...(change === undefined ? [] : unknown.map((one) => leftOut(schema, key, one))),
    ...(change === undefined || holes.length === 0 ? [] : [partlyHeld(schema, base, change, holes)]),
  ];
  const finding: Finding = {
    key,
    written: true,
    deleted: true,
    ...(change === undefined || holes.length > 0 ? {} : { change }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    ...(unknown.length === 0 ? {} : { unknown: unknown.map(({ why }) => why) }),
  };
  return withNames(finding, { ...record.meta, ...base });
}

/** The record as its deletion tells it, and the fields there are now that it does not tell. */
function recordAt(
  { fields }: ObjectSchema,
  key: string,
  { held }: Deletion,
): { readonly record: PlatformRecord; readonly lacking: readonly string[] } {
  const record = { key, fields: {} as Record<string, Value>, meta: {} as Record<string, Value> };
  const lacking: string[] = [];
  for (const { name, readOnly } of fields) {
    const value = ownValue(held, name);
    if (value === undefined) lacking.push(name);
    else setOwn(readOnly ? record.meta : record.fields, name, value);
  }
  return { record, lacking };
}

/** A record that would come back with holes in it: only a person can say whether that is wanted. */
function partlyHeld({ object }: ObjectSchema, base: Fields, change: RecordDraft, lacking: readonly string[]): PlanConflict {
  const { key } = change;
  const message = `${object} ${key} was deleted, and the history does not tell what it held in ${lacking.join(', ')}.`;
  return conflictOf('base-partial', { object, key, base }, message, 'leave it deleted', 'create it again without these fields', change);
}

/** What it held, but for what the incident had written over and nobody had edited since. */
function beforeIncident(held: Fields, { base, damaged }: Extract<FromHistory, { readonly is: 'written' }>): Fields {
  const fields: Record<string, Value> = {};
  for (const [name, value] of Object.entries(held)) {
    const isDamage = sameSide(value, ownValue(damaged, name) ?? null);
    setOwn(fields, name, isDamage ? (ownValue(base, name) ?? null) : value);
  }
  return fields;
}

function without(fields: Fields, unknown: readonly UnknownBase[]): Fields {
  const left = new Set(unknown.map(({ field }) => field));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !left.has(name)));
}

/** A value that the incident had written over before it deleted the record, and of which nobody knows what it was. */
function leftOut({ object }: ObjectSchema, key: string, { field, why, damaged, attribution }: UnknownBase): PlanConflict {
  const message = `${field} of ${object} ${key} was overwritten before the record was deleted, but ${UNKNOWABLE[why]}.`;
  return conflictOf('base-unreadable', { object, key, field, damaged, attribution }, message, 'create the record without this field');
}
