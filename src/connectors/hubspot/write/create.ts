import { type CallOptions, named } from '../../../lib/index.js';
import type { CreatedLookup, CreateMutation, MutationResult } from '../../connector.js';
import { Results, settling } from '../../http/batch.js';
import { createdAmong } from '../../http/created.js';
import { batchRead, readAllWires } from '../read/read.js';
import type { HubSpotApi } from '../wire/api.js';
import { textIn, errorsOf, isRecordPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { troubleIn } from '../wire/trouble.js';
import { isSameInForm } from '../wire/values.js';
import { type BatchRequest, type Open, sendBatch, type Slot } from './batch.js';
import { allAlike, blameFor, differing, fieldsOf, refusalOf, resultOf, slotsOf, takeErrors, type Writing } from './writing.js';

/**
 * How far apart the clocks of HubSpot's own machines may be: the one that answered, and the one that made a record.
 * Ours has no part in it.
 */
const CLOCKS_APART_MS = 5 * 60_000;

/** Creates up to 100 records of one object type in one request. */
export async function createRecords(api: HubSpotApi, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = slotsOf(mutations, results).map(withoutEmpty);
    const [first] = slots;
    if (!first) return;
    const request: BatchRequest<Writing> = {
      path: api.objects(first.mutation.schema.object, '/batch/create'),
      input: (slot) => ({ properties: slot.mutation.sent, objectWriteTraceId: slot.trace }),
      valid: isRecordPage,
      take: async (sent, body) => await Promise.resolve(take(sent, body, results)),
      blame: async (sent, error) => await blameFor(api, sent, error, call),
      refusal: refusalOf,
    };
    await sendBatch(api, slots, request, results, call);
  });
}

/** A new record needs no property cleared. */
function withoutEmpty(slot: Slot<Writing>): Slot<Writing> {
  return {
    ...slot,
    mutation: { ...slot.mutation, sent: named(Object.entries(slot.mutation.sent).filter(([, value]) => value !== '')) },
  };
}

/** Every new record in the answer belongs to one slot; which one, its trace id tells, or else its values. */
function take(slots: readonly Slot<Writing>[], body: unknown, results: Results): Open<Writing> {
  const page = (body ?? { results: [] }) as WirePage<WireRecord>;
  const open = new Map(slots.map((slot) => [slot.trace, slot]));
  const applied = (slot: Slot<Writing>, wire: WireRecord): void => {
    results.set(slot, { status: 'applied', key: wire.id });
    open.delete(slot.trace);
  };
  const nameless = page.results.filter((wire) => {
    const slot = open.get(wire.objectWriteTraceId ?? '');
    if (slot) applied(slot, wire);
    return slot === undefined;
  });
  const { settled, later, leastMs, doubtful, unnamed } = takeErrors([...open.values()], errorsOf(page), results);
  for (const slot of [...settled, ...later]) open.delete(slot.trace);
  let unmatched = 0;
  for (const wire of nameless) {
    const left = [...open.values()];
    const match =
      left.find((slot) => differing(slot.mutation, wire).length === 0) ??
      onlyOne(left.filter((slot) => hasForms(slot, wire))) ??
      (left.length === 1 && unnamed.length === 0 ? left[0] : undefined);
    if (match) applied(match, wire);
    else unmatched += 1;
  }
  const doubt = (slot: Slot<Writing>, message: string): void => results.set(slot, { status: 'in_doubt', message });
  for (const [slot, error] of doubtful) {
    if (!open.delete(slot.trace)) continue;
    doubt(slot, `HubSpot reported a problem with this record, and did not say whether it was created: ${error.message ?? 'no reason given'}`);
  }
  const rest = [...open.values()];
  const [error] = unnamed;
  if (error && unmatched === 0 && unnamed.every((one) => troubleIn(one)?.mayHaveHappened !== true)) {
    // Everything that was created has found its slot: the rest was not created, as the errors say.
    if (unnamed.every((one) => troubleIn(one) !== undefined)) return { later: [...later, ...rest], leastMs };
    if (rest.length > 1 && !allAlike(unnamed)) return { again: rest, later, leastMs };
    for (const slot of rest) results.set(slot, resultOf(error, slot.mutation.sent));
  } else for (const slot of rest) doubt(slot, 'HubSpot reported success, but did not say which record this became');
  return { later, leastMs };
}

/** True where a record has all values of a slot, perhaps in HubSpot's own form. */
function hasForms({ mutation }: Slot<Writing>, wire: WireRecord): boolean {
  return differing(mutation, wire).every((field) => isSameInForm(field, mutation.sent[field.name] ?? '', textIn(wire.properties, field.name) ?? ''));
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/**
 * What became of creates whose answer was lost. `since` is of HubSpot's clock. By a unique property where one is set;
 * else all records are listed (search lags behind, a list does not) and those made since then with exactly the values
 * that were sent are counted.
 */
export async function findCreated(
  api: HubSpotApi,
  mutations: readonly CreateMutation[],
  since: Date,
  call: CallOptions,
): Promise<readonly CreatedLookup[]> {
  const slots = slotsOf(mutations, new Results(mutations.length)).map(withoutEmpty);
  const found: CreatedLookup[] = mutations.map(() => ({ state: 'absent' }));
  const byProperty = new Map<string, Slot<Writing>[]>();
  const byValues: Slot<Writing>[] = [];
  for (const slot of slots) {
    const unique = [...fieldsOf(slot.mutation.schema).values()].find(
      (field) => field.unique && !field.readOnly && slot.mutation.sent[field.name] !== undefined,
    );
    if (unique) byProperty.set(unique.name, [...(byProperty.get(unique.name) ?? []), slot]);
    else byValues.push(slot);
  }
  for (const [name, some] of byProperty) await findByProperty(api, name, some, since, found, call);
  if (byValues.length > 0) await findByValues(api, byValues, since, found, call);
  return found;
}

async function findByProperty(
  api: HubSpotApi,
  name: string,
  slots: readonly Slot<Writing>[],
  since: Date,
  found: CreatedLookup[],
  call: CallOptions,
): Promise<void> {
  const [first] = slots;
  if (!first) return;
  const names = [...new Set([name, 'createdate', ...slots.flatMap((slot) => Object.keys(slot.mutation.sent))])];
  const values = slots.map((slot) => slot.mutation.sent[name] ?? '');
  const { holders, missing } = await batchRead(api, first.mutation.schema, values, { names, idProperty: name }, call);
  for (const slot of slots) {
    const value = slot.mutation.sent[name] ?? '';
    if (missing.includes(value)) found[slot.index] = { state: 'unknown' };
    const wire = holders.get(value);
    // One that is older was there before: ours was refused then.
    if (!wire || !isSince(wire, since)) continue;
    found[slot.index] = hasForms(slot, wire) ? { state: 'created', key: wire.id } : { state: 'unknown' };
  }
}

async function findByValues(api: HubSpotApi, slots: readonly Slot<Writing>[], since: Date, found: CreatedLookup[], call: CallOptions): Promise<void> {
  const [first] = slots;
  if (!first) return;
  const names = [...new Set(['createdate', 'hs_createdate', ...slots.flatMap((slot) => Object.keys(slot.mutation.sent))])];
  const recent: WireRecord[] = [];
  for await (const wires of readAllWires(api, first.mutation.schema, names, call)) recent.push(...wires.filter((wire) => isSince(wire, since)));
  const made = createdAmong(slots, recent, {
    alike: (slot) => JSON.stringify(Object.entries(slot.mutation.sent).sort(([a], [b]) => (a < b ? -1 : 1))),
    fits: hasForms,
    keyOf: (wire) => wire.id,
  });
  for (const [index, lookup] of made) found[index] = lookup;
}

function isSince(wire: WireRecord, since: Date): boolean {
  const at = Date.parse(textIn(wire, 'createdAt') ?? textIn(wire.properties, 'createdate') ?? textIn(wire.properties, 'hs_createdate') ?? '');
  return Number.isNaN(at) || at >= since.getTime() - CLOCKS_APART_MS;
}
