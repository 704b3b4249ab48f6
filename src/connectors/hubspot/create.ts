import type { CallOptions } from '../../lib/index.js';
import type { CreatedLookup, CreateMutation, MutationResult } from '../connector.js';
import type { HubSpotApi } from './api.js';
import { type BatchRequest, Results, sendBatch, settling, type Slot } from './batch.js';
import { batchRead, readAllWires } from './read.js';
import { textIn, errorsOf, isRecordPage, type WirePage, type WireRecord } from './wire.js';
import { allAlike, culpritsOf, differing, fieldsOf, resultOf, slotsOf, takeErrors, type Writing } from './writing.js';

/** How far apart the clocks of this machine and of HubSpot may be when a record's time of creation is judged. */
const CLOCKS_APART_MS = 5 * 60_000;

/** Creates up to 100 records of one object type in one request. */
export async function createRecords(api: HubSpotApi, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(mutations.length, async (results) => {
    const slots = slotsOf(mutations, results).map(withoutEmpty);
    const [first] = slots;
    if (!first) return;
    const request: BatchRequest<Writing> = {
      path: api.objects(first.mutation.schema.object, '/batch/create'),
      input: (slot) => ({ properties: slot.mutation.sent, objectWriteTraceId: slot.trace }),
      valid: isRecordPage,
      take: async (sent, body) => await Promise.resolve(take(sent, body, results)),
      culprits: async (sent, error) => await culpritsOf(api, sent, error, call),
    };
    await sendBatch(api, slots, request, results, call);
  });
}

/** A new record needs no property cleared. */
function withoutEmpty(slot: Slot<Writing>): Slot<Writing> {
  return {
    ...slot,
    mutation: { ...slot.mutation, sent: Object.fromEntries(Object.entries(slot.mutation.sent).filter(([, value]) => value !== '')) },
  };
}

/** Every new record in the answer belongs to one slot; which one, its trace id tells, or else its values. */
function take(slots: readonly Slot<Writing>[], body: unknown, results: Results): readonly Slot<Writing>[] {
  const page = (body ?? { results: [] }) as WirePage<WireRecord>;
  const open = new Map(slots.map((slot) => [slot.trace, slot]));
  const nameless = page.results.filter((wire) => {
    const slot = open.get(wire.objectWriteTraceId ?? '');
    if (!slot) return true;
    results.set(slot, { status: 'applied', key: wire.id });
    open.delete(slot.trace);
    return false;
  });
  const { settled, unnamed } = takeErrors([...open.values()], errorsOf(page), results);
  for (const slot of settled) open.delete(slot.trace);
  let unmatched = 0;
  for (const wire of nameless) {
    const match =
      [...open.values()].find((slot) => differing(slot.mutation, wire).length === 0) ??
      (open.size === 1 && unnamed.length === 0 ? [...open.values()][0] : undefined);
    if (!match) {
      unmatched += 1;
      continue;
    }
    results.set(match, { status: 'applied', key: wire.id });
    open.delete(match.trace);
  }
  const rest = [...open.values()];
  const [error] = unnamed;
  if (error && unmatched === 0) {
    // Everything that was created has found its slot: the rest was not created, as the errors say.
    if (rest.length > 1 && !allAlike(unnamed)) return rest;
    for (const slot of rest) results.set(slot, resultOf(error));
    return [];
  }
  for (const slot of rest) results.set(slot, { status: 'in_doubt', message: 'HubSpot answered success without saying which record this became' });
  return [];
}

/**
 * What became of creates whose answer was lost. By a unique property where one is set; else all records are listed (search lags
 * behind, a list does not) and those made since then with exactly the values that were sent are counted.
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
  const wires = await batchRead(
    api,
    first.mutation.schema,
    slots.map((slot) => slot.mutation.sent[name] ?? ''),
    { names, idProperty: name },
    call,
  );
  const owners = new Map(wires.map((wire) => [(textIn(wire.properties, name) ?? '').toLowerCase(), wire]));
  for (const slot of slots) {
    const wire = owners.get((slot.mutation.sent[name] ?? '').trim().toLowerCase());
    // One that is older was there before: ours was refused then.
    if (!wire || !isSince(wire, since)) continue;
    found[slot.index] = differing(slot.mutation, wire).length === 0 ? { state: 'created', key: wire.id } : { state: 'unknown' };
  }
}

async function findByValues(api: HubSpotApi, slots: readonly Slot<Writing>[], since: Date, found: CreatedLookup[], call: CallOptions): Promise<void> {
  const [first] = slots;
  if (!first) return;
  const names = [...new Set(['createdate', 'hs_createdate', ...slots.flatMap((slot) => Object.keys(slot.mutation.sent))])];
  const recent: WireRecord[] = [];
  for await (const wires of readAllWires(api, first.mutation.schema, names, call)) recent.push(...wires.filter((wire) => isSince(wire, since)));
  const groups = new Map<string, Slot<Writing>[]>();
  for (const slot of slots) {
    const id = JSON.stringify(Object.entries(slot.mutation.sent).sort(([a], [b]) => (a < b ? -1 : 1)));
    groups.set(id, [...(groups.get(id) ?? []), slot]);
  }
  for (const same of groups.values()) {
    const matches = recent.filter((wire) => same[0] && differing(same[0].mutation, wire).length === 0);
    for (const [n, slot] of same.entries()) {
      const match = matches[n];
      // More than were sent: somebody else makes the same records, and nobody can tell whose is whose.
      if (matches.length > same.length) found[slot.index] = { state: 'unknown' };
      else if (match) found[slot.index] = { state: 'created', key: match.id };
    }
  }
}

function isSince(wire: WireRecord, since: Date): boolean {
  const at = Date.parse(textIn(wire, 'createdAt') ?? textIn(wire.properties, 'createdate') ?? textIn(wire.properties, 'hs_createdate') ?? '');
  return Number.isNaN(at) || at >= since.getTime() - CLOCKS_APART_MS;
}
