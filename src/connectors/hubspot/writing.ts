import type { CallOptions } from '../../lib/index.js';
import { own, type FieldSchema, type Fields, type ObjectSchema } from '../../records/index.js';
import type { CreateMutation, MutationResult, UpdateMutation } from '../connector.js';
import type { HubSpotApi } from './api.js';
import { type Refusal, rejection, type Results, type Slot } from './batch.js';
import { propertyProblems, reasonIn, reasonOf } from './errors.js';
import { batchRead } from './read.js';
import { isAsSent, toPlatform } from './values.js';
import { textIn, contextTexts, type WireError, type WireRecord } from './wire.js';

/** A record on its way to HubSpot. */
export interface Writing {
  readonly schema: ObjectSchema;
  readonly key: string;
  /** What goes to HubSpot, by property. */
  readonly sent: Readonly<Record<string, string>>;
}

/** Turns mutations into slots; one that sets a field nobody can write is settled at once and not sent. */
export function slotsOf(mutations: readonly (UpdateMutation | CreateMutation)[], results: Results): readonly Slot<Writing>[] {
  const slots: Slot<Writing>[] = [];
  for (const [index, { schema, key, set }] of mutations.entries()) {
    const refused = refusedField(schema, set);
    if (refused) results.set({ index }, refused);
    else
      slots.push({
        index,
        trace: `m${String(index)}`,
        mutation: { schema, key, sent: Object.fromEntries(Object.entries(set).map(([name, value]) => [name, toPlatform(value)])) },
      });
  }
  return slots;
}

/** A surrogate without its other half. */
const BROKEN_TEXT = /\p{Surrogate}/u;

function refusedField(schema: ObjectSchema, set: Fields): MutationResult | undefined {
  const fields = fieldsOf(schema);
  for (const [name, value] of Object.entries(set)) {
    const field = fields.get(name);
    if (!field) return rejection('field-removed', `HubSpot has no property ${name} on ${schema.object}`);
    if (field.readOnly) return rejection('read-only', `HubSpot lets nobody write the property ${name} of ${schema.object}`);
    if (BROKEN_TEXT.test(toPlatform(value)))
      return rejection('rejected', `The value of ${name} holds half a character, which does not survive the way to HubSpot`);
  }
  return undefined;
}

const fieldMaps = new WeakMap<ObjectSchema, ReadonlyMap<string, FieldSchema>>();

/** Fields by name. */
export function fieldsOf(schema: ObjectSchema): ReadonlyMap<string, FieldSchema> {
  const map = fieldMaps.get(schema) ?? new Map(schema.fields.map((field) => [field.name, field]));
  fieldMaps.set(schema, map);
  return map;
}

/** Properties that HubSpot does not show as they were sent; one it does not show at all counts. */
export function differing(writing: Writing, wire: WireRecord): readonly FieldSchema[] {
  const fields = fieldsOf(writing.schema);
  return Object.entries(writing.sent).flatMap(([name, sent]) => {
    const told = own(wire.properties, name);
    const field = fields.get(name);
    return field && (told === undefined ? sent !== '' || !Object.hasOwn(wire.properties, name) : !isAsSent(field, sent, told)) ? [field] : [];
  });
}

/** Reads records again, by key. Where that fails the slots become `in_doubt` and undefined comes back. */
export async function readBack(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  results: Results,
  call: CallOptions,
): Promise<ReadonlyMap<string, WireRecord> | undefined> {
  const [first] = slots;
  if (!first) return new Map();
  const names = [...new Set(['hs_object_id', ...slots.flatMap((slot) => Object.keys(slot.mutation.sent))])];
  try {
    // Not cut off by an abort: the write has happened, and what became of it must be told.
    const wires = await batchRead(
      api,
      first.mutation.schema,
      [...new Set(slots.map((slot) => slot.mutation.key))],
      { names },
      call.reporter ? { reporter: call.reporter } : {},
    );
    return new Map(wires.map((wire) => [wire.id, wire]));
  } catch (error) {
    const message = `HubSpot took the request; looking at what became of it failed: ${error instanceof Error ? error.message : String(error)}`;
    for (const slot of slots) results.set(slot, { status: 'in_doubt', message });
    return undefined;
  }
}

/** Sets results for the errors of a 207 that name their input; gives back those slots and the errors that name none. */
export function takeErrors<M extends { readonly key?: string }>(
  slots: readonly Slot<M>[],
  errors: readonly WireError[],
  results: Results,
): { readonly settled: ReadonlySet<Slot<M>>; readonly unnamed: readonly WireError[] } {
  const settled = new Set<Slot<M>>();
  const unnamed = errors.filter((error) => {
    const named = slotsNamedBy(slots, error);
    for (const slot of named) {
      results.set(slot, resultOf(error));
      settled.add(slot);
    }
    return named.length === 0;
  });
  return { settled, unnamed };
}

/** The slots whose key or trace id an error names. */
export function slotsNamedBy<M extends { readonly key?: string }>(slots: readonly Slot<M>[], error: WireError): readonly Slot<M>[] {
  const all = [error, ...(error.errors ?? [])];
  const names = new Set(all.flatMap((one) => [...contextTexts(one, 'ids'), ...contextTexts(one, 'id'), ...contextTexts(one, 'objectId')]));
  const traces = new Set(all.flatMap((one) => [one.objectWriteTraceId ?? '', ...contextTexts(one, 'objectWriteTraceId')]));
  return slots.filter((slot) => traces.has(slot.trace) || (slot.mutation.key !== undefined && names.has(slot.mutation.key)));
}

/** One record's result for an error of HubSpot about it. */
export function resultOf(error: WireError): MutationResult {
  const message = error.message ?? 'HubSpot refused this record without saying why';
  const id = error.correlationId === undefined ? {} : { correlationId: error.correlationId };
  if (/RATE_LIMIT|INTERNAL|TIMEOUT|UNAVAILABLE/.test(`${error.category ?? ''} ${error.subCategory ?? ''}`))
    return { status: 'failed', message, ...id };
  return rejection(reasonIn(error), message, error.correlationId);
}

/** True where several errors say the same. */
export function allAlike(errors: readonly WireError[]): boolean {
  return errors.every((error) => error.category === errors[0]?.category && error.message === errors[0]?.message);
}

/** Which slots a refusal of a whole batch is certainly about: named, or setting a property or an e-mail that it complains about. */
export async function culpritsOf(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  error: WireError,
  call: CallOptions,
): Promise<ReadonlyMap<Slot<Writing>, Refusal>> {
  const culprits = new Map<Slot<Writing>, Refusal>();
  const message = error.message ?? '';
  for (const slot of slotsNamedBy(slots, error)) culprits.set(slot, { reason: reasonIn(error), message });
  for (const problem of propertyProblems(error)) {
    const everyValue = /PROPERTY_DOESNT_EXIST|READ_ONLY/.test(problem.code);
    for (const slot of slots) {
      const value = slot.mutation.sent[problem.name];
      if (value === undefined || !(everyValue || saysValue(problem.message, value))) continue;
      culprits.set(slot, { reason: reasonOf(problem.code), message: `${problem.name}: ${problem.message}` });
    }
  }
  if (culprits.size === 0 && reasonIn(error) === 'unique-taken') return await takenValues(api, slots, message, call);
  return culprits;
}

/** Only where the words leave no doubt: a wrong guess would refuse an innocent record, and halving is always right. */
function saysValue(message: string, value: string): boolean {
  return (
    value !== '' &&
    (message.startsWith(`${value} was not one of the allowed options`) ||
      message.includes(`"${value}" was not one of`) ||
      message.includes(`Email address ${value} is invalid`))
  );
}

/** Slots with a unique value that another record has: one request for each unique property that is written, instead of many halvings. */
async function takenValues(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  message: string,
  call: CallOptions,
): Promise<ReadonlyMap<Slot<Writing>, Refusal>> {
  const [first] = slots;
  const taken = new Map<Slot<Writing>, Refusal>();
  if (!first) return taken;
  const { schema } = first.mutation;
  for (const { name } of schema.fields.filter((field) => field.unique && !field.readOnly)) {
    const valueOf = (slot: Slot<Writing>): string => (slot.mutation.sent[name] ?? '').trim().toLowerCase();
    const values = [...new Set(slots.map(valueOf))].filter((value) => value !== '');
    if (values.length === 0) continue;
    const wires = await batchRead(api, schema, values, { names: [name], idProperty: name }, call);
    const owners = new Map(wires.map((wire) => [(textIn(wire.properties, name) ?? '').toLowerCase(), wire.id]));
    for (const slot of slots) {
      const owner = owners.get(valueOf(slot));
      if (owner !== undefined && owner !== slot.mutation.key)
        taken.set(slot, { reason: 'unique-taken', message: `${name} is taken by record ${owner}. ${message}` });
    }
  }
  return taken;
}
