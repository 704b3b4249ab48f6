import type { CallOptions } from '../../../lib/index.js';
import type { ObjectSchema, Value } from '../../../records/index.js';
import type { MutationResult, UpdateMutation } from '../../connector.js';
import { rejection, type Results, settling } from '../../http/batch.js';
import { recordMaker } from '../read/records.js';
import type { HubSpotApi } from '../wire/api.js';
import { errorsOf, isRecordPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { troubleIn } from '../wire/trouble.js';
import { type BatchRequest, type Open, sendBatch, type Slot } from './batch.js';
import { allAlike, blameFor, differing, fieldsOf, isUnchanged, readBack, refusalOf, resultOf, slotsOf, takeErrors, type Writing } from './writing.js';

const STAGE = 'lifecyclestage';

/** Updates up to 100 records of one object type: one request, and one more where a lifecycle stage has to go back. */
export async function updateRecords(api: HubSpotApi, mutations: readonly UpdateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = slotsOf(mutations, results).filter((slot) => {
      if (Object.keys(slot.mutation.sent).length > 0) return true;
      results.set(slot, { status: 'applied', key: slot.mutation.key });
      return false;
    });
    const [first] = slots;
    if (!first) return;
    const { schema } = first.mutation;
    // HubSpot ignores a stage that goes back, and promises no order inside a batch: it is cleared first, then set.
    const backwards = slots.filter((slot) => goesBack(schema, mutations[slot.index]));
    const ignored = await send(
      api,
      slots.map((slot) => (backwards.includes(slot) ? withStage(slot, '') : slot)),
      results,
      call,
    );
    // Only a request that did something leaves a stage cleared. From there on an abort is not obeyed: it would leave it
    // so.
    const through = call.reporter ? { reporter: call.reporter } : {};
    const cleared = backwards.filter((slot) => results.get(slot)?.status === 'applied');
    await setStages(api, await clearIgnored(api, ignored, results, through), cleared, results, through);
  });
}

/** Clears stages that HubSpot silently kept; gives back those that are clear now. */
async function clearIgnored(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  results: Results,
  call: CallOptions,
): Promise<readonly Slot<Writing>[]> {
  if (slots.length === 0) return [];
  for (const slot of slots) results.set(slot, { status: 'in_doubt', message: 'All fields were written, but the lifecycle stage did not change' });
  await send(
    api,
    slots.map((slot) => onlyStage(slot, '')),
    results,
    call,
  );
  return slots.filter((slot) => results.get(slot)?.status === 'applied');
}

async function setStages(
  api: HubSpotApi,
  ignored: readonly Slot<Writing>[],
  cleared: readonly Slot<Writing>[],
  results: Results,
  call: CallOptions,
): Promise<void> {
  const slots = [...cleared, ...ignored];
  if (slots.length === 0) return;
  const open: MutationResult = { status: 'in_doubt', message: 'The lifecycle stage was cleared, but it is not certain that it was set again' };
  for (const slot of slots) results.set(slot, open);
  await send(
    api,
    slots.map((slot) => onlyStage(slot, slot.mutation.sent[STAGE] ?? '')),
    results,
    call,
  );
  for (const slot of slots) if (results.get(slot)?.status !== 'applied') results.set(slot, open);
}

/** Sends one batch. Gives back the slots of which everything was written but a stage that may only move forward. */
async function send(api: HubSpotApi, slots: readonly Slot<Writing>[], results: Results, call: CallOptions): Promise<readonly Slot<Writing>[]> {
  const [first] = slots;
  if (!first) return [];
  const kept: Slot<Writing>[] = [];
  const request: BatchRequest<Writing> = {
    path: api.objects(first.mutation.schema.object, '/batch/update'),
    input: (slot) => ({ id: slot.mutation.key, properties: slot.mutation.sent, objectWriteTraceId: slot.trace }),
    valid: isRecordPage,
    take: async (sent, body) => await take(api, sent, body, kept, results, call),
    blame: async (sent, error) => await blameFor(api, sent, error, call),
    refusal: refusalOf,
  };
  await sendBatch(api, slots, request, results, call);
  return kept;
}

/** Believes the answer where it shows what was sent; everything else is read back. */
async function take(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  body: unknown,
  kept: Slot<Writing>[],
  results: Results,
  call: CallOptions,
): Promise<Open<Writing>> {
  const page = (body ?? { results: [] }) as WirePage<WireRecord>;
  const byTrace = new Map(page.results.flatMap((wire) => (wire.objectWriteTraceId === undefined ? [] : [[wire.objectWriteTraceId, wire] as const])));
  const byId = new Map(page.results.map((wire) => [wire.id, wire]));
  const errors = takeErrors(slots, errorsOf(page), results);
  const later = [...errors.later];
  const unclear = slots.filter((slot) => {
    if (errors.settled.has(slot) || later.includes(slot)) return false;
    const wire = byTrace.get(slot.trace) ?? byId.get(slot.mutation.key);
    if (wire && wire.id !== slot.mutation.key) results.set(slot, mergedAway(slot, wire));
    else if (wire && differing(slot.mutation, wire).length === 0) results.set(slot, { status: 'applied', key: slot.mutation.key });
    else return true;
    return false;
  });
  const seen = await readBack(api, unclear, results, call);
  const again: Slot<Writing>[] = [];
  const [error] = errors.unnamed;
  for (const slot of unclear) {
    if (!seen.has(slot.mutation.key)) continue;
    const wire = seen.get(slot.mutation.key);
    if (!wire) results.set(slot, rejection('deleted-later', `Record ${slot.mutation.key} no longer exists`));
    else if (wire.id !== slot.mutation.key) results.set(slot, mergedAway(slot, wire));
    else if (byTrace.has(slot.trace) || byId.has(slot.mutation.key)) {
      if (becameOf(slot, wire, results) === 'kept') kept.push(slot);
    } else if (differing(slot.mutation, wire).length === 0) results.set(slot, { status: 'applied', key: slot.mutation.key });
    else if (errors.doubtful.has(slot) || (error && troubleIn(error) !== undefined)) later.push(slot);
    else if (error && (unclear.length === 1 || allAlike(errors.unnamed))) results.set(slot, resultOf(error, slot.mutation.sent));
    else if (error) again.push(slot);
    else results.set(slot, { status: 'failed', message: 'HubSpot reported success, but left this record out of its answer and did not change it' });
  }
  return { again, later, leastMs: errors.leastMs };
}

/**
 * What became of an update that HubSpot answered with success. A value that is neither what was sent nor what stood
 * before is the platform's own form of it; one that stood before is one that HubSpot did not take. `kept`: all of these
 * may only move forward.
 */
function becameOf(slot: Slot<Writing>, wire: WireRecord, results: Results): 'settled' | 'kept' {
  const { schema, key } = slot.mutation;
  const different = differing(slot.mutation, wire);
  const unchanged = different.filter((field) => isUnchanged(slot.mutation, field, wire));
  if (different.length === 0) results.set(slot, { status: 'applied', key });
  else if (unchanged.length === 0) results.set(slot, { status: 'applied', key, record: recordMaker(schema)(wire) });
  else if (unchanged.every((field) => field.forwardOnly)) return 'kept';
  else {
    const names = unchanged.map((field) => field.name);
    results.set(slot, rejection('rejected', `HubSpot reported success, but ${names.join(', ')} did not change`, undefined, names));
  }
  return 'settled';
}

function mergedAway(slot: Slot<Writing>, wire: WireRecord): MutationResult {
  return rejection('merged-away', `Record ${slot.mutation.key} was merged into ${wire.id}, and HubSpot wrote the change there`);
}

function goesBack(schema: ObjectSchema, mutation: UpdateMutation | undefined): boolean {
  const options = fieldsOf(schema).get(STAGE)?.options;
  if (!mutation || !options) return false;
  const place = (value: Value | undefined): number => (typeof value === 'string' ? options.indexOf(value) : -1);
  const to = place(mutation.set[STAGE]);
  return to >= 0 && to < place(mutation.expect[STAGE]);
}

function withStage(slot: Slot<Writing>, stage: string): Slot<Writing> {
  return { ...slot, mutation: { ...slot.mutation, sent: { ...slot.mutation.sent, [STAGE]: stage } } };
}

function onlyStage(slot: Slot<Writing>, stage: string): Slot<Writing> {
  return { ...slot, mutation: { ...slot.mutation, sent: { [STAGE]: stage } } };
}
