import { type CallOptions, defined, named } from '../../../lib/index.js';
import { ownValue, type FieldSchema, type Fields, type ObjectSchema } from '../../../records/index.js';
import type { CreateMutation, MutationResult, UpdateMutation } from '../../connector.js';
import { type Refusal, rejection, type Results } from '../../http/batch.js';
import { unsendable } from '../../http/unsendable.js';
import { batchRead } from '../read/read.js';
import type { HubSpotApi } from '../wire/api.js';
import { propertyProblems, type PropertyProblem, reasonIn, reasonOf } from '../wire/errors.js';
import { contextTexts, type WireError, type WireRecord } from '../wire/shapes.js';
import { troubleIn } from '../wire/trouble.js';
import { isAsSent, isSameInForm, toPlatform } from '../wire/values.js';
import type { Blame, Slot } from './batch.js';

/** A record on its way to HubSpot. */
export interface Writing {
  readonly schema: ObjectSchema;
  readonly key: string;
  /** What goes to HubSpot, by property. */
  readonly sent: Readonly<Record<string, string>>;
  /** What an update found before it, as far as it is known. */
  readonly before?: Fields;
}

/** Turns mutations into slots; one that sets a field nobody can write is settled at once and not sent. */
export function slotsOf(mutations: readonly (UpdateMutation | CreateMutation)[], results: Results): readonly Slot<Writing>[] {
  const slots: Slot<Writing>[] = [];
  for (const [index, mutation] of mutations.entries()) {
    const { schema, key, set } = mutation;
    const refused = unsendable(mutation, { name: 'HubSpot' }, toPlatform);
    if (refused) results.set({ index }, refused);
    else
      slots.push({
        index,
        trace: `m${String(index)}`,
        mutation: {
          schema,
          key,
          sent: named(Object.entries(set).map(([name, value]) => [name, toPlatform(value)] as const)),
          ...(mutation.action === 'update' ? { before: mutation.expect } : {}),
        },
      });
  }
  return slots;
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
    const told = ownValue(wire.properties, name);
    const field = fields.get(name);
    return field && (told === undefined ? sent !== '' || !Object.hasOwn(wire.properties, name) : !isAsSent(field, sent, told)) ? [field] : [];
  });
}

/**
 * True where a property holds what stood there before the write, and not what was sent in another form. Where that is
 * not known, too.
 */
export function isUnchanged(writing: Writing, field: FieldSchema, wire: WireRecord): boolean {
  const sent = writing.sent[field.name] ?? '';
  const told = ownValue(wire.properties, field.name) ?? '';
  if (isSameInForm(field, sent, told)) return false;
  const before = ownValue(writing.before ?? {}, field.name);
  return before === undefined || isAsSent(field, toPlatform(before), told);
}

/**
 * Reads records again, by key, with all their properties where they were not deleted. What cannot be read becomes
 * `in_doubt`: the answer tells of the other slots, by key, and undefined of those that are not there.
 */
export async function readBack(
  api: HubSpotApi,
  slots: readonly Slot<Writing>[],
  results: Results,
  call: CallOptions,
): Promise<ReadonlyMap<string, WireRecord | undefined>> {
  const [first] = slots;
  if (!first) return new Map();
  const { schema } = first.mutation;
  const names = slots.some((slot) => Object.keys(slot.mutation.sent).length > 0) ? schema.fields.map((field) => field.name) : ['hs_object_id'];
  const doubt = (some: readonly Slot<Writing>[], why: string): void => {
    const message = `HubSpot accepted the request, but checking the result failed: ${why}`;
    for (const slot of some) results.set(slot, { status: 'in_doubt', message });
  };
  try {
    const keys = [...new Set(slots.map((slot) => slot.mutation.key))];
    // Not cut off by an abort: the write has happened, and what became of it must be told.
    const whole = await batchRead(api, schema, keys, { names }, call.reporter ? { reporter: call.reporter } : {});
    const missing = new Set(whole.missing);
    doubt(
      slots.filter((slot) => missing.has(slot.mutation.key)),
      whole.why,
    );
    return new Map(keys.filter((key) => !missing.has(key)).map((key) => [key, whole.holders.get(key)]));
  } catch (error) {
    doubt(slots, error instanceof Error ? error.message : String(error));
    return new Map();
  }
}

/** What the errors of a 207 say. */
export interface Errors<M> {
  /** Slots whose error names them and is their result. */
  readonly settled: ReadonlySet<Slot<M>>;
  /** Slots for which nothing was done, for now. */
  readonly later: readonly Slot<M>[];
  readonly leastMs: number;
  /** Slots of which the error says that HubSpot had trouble: they may have been written. */
  readonly doubtful: ReadonlyMap<Slot<M>, WireError>;
  /** Errors that name no slot. */
  readonly unnamed: readonly WireError[];
}

/** Sets results for the errors of a 207 that name their input and are no trouble that passes. */
export function takeErrors<M extends { readonly key?: string; readonly sent?: Readonly<Record<string, string>> }>(
  slots: readonly Slot<M>[],
  errors: readonly WireError[],
  results: Results,
): Errors<M> {
  const settled = new Set<Slot<M>>();
  const later = new Set<Slot<M>>();
  const doubtful = new Map<Slot<M>, WireError>();
  let leastMs = 0;
  const unnamed = errors.filter((error) => {
    const named = slotsNamedBy(slots, error);
    const trouble = troubleIn(error);
    for (const slot of named) {
      if (trouble === undefined) {
        results.set(slot, resultOf(error, slot.mutation.sent));
        settled.add(slot);
      } else if (trouble.mayHaveHappened) doubtful.set(slot, error);
      else {
        later.add(slot);
        leastMs = Math.max(leastMs, trouble.leastMs ?? 0);
      }
    }
    return named.length === 0;
  });
  return { settled, later: [...later].filter((slot) => !settled.has(slot) && !doubtful.has(slot)), leastMs, doubtful, unnamed };
}

/** The slots whose key or trace id an error names. */
export function slotsNamedBy<M extends { readonly key?: string }>(slots: readonly Slot<M>[], error: WireError): readonly Slot<M>[] {
  const all = [error, ...(error.errors ?? [])];
  const names = new Set(all.flatMap((one) => [...contextTexts(one, 'ids'), ...contextTexts(one, 'id'), ...contextTexts(one, 'objectId')]));
  const traces = new Set(all.flatMap((one) => [one.objectWriteTraceId ?? '', ...contextTexts(one, 'objectWriteTraceId')]));
  return slots.filter((slot) => traces.has(slot.trace) || (slot.mutation.key !== undefined && names.has(slot.mutation.key)));
}

/**
 * One record's result for an error of HubSpot about it. `sent`: what was to be written, for naming the fields it is
 * about.
 */
export function resultOf(error: WireError, sent: Readonly<Record<string, string>> = {}): MutationResult {
  const message = error.message ?? 'HubSpot refused this record without saying why';
  if (troubleIn(error) !== undefined) return { status: 'failed', message, ...defined({ correlationId: error.correlationId }) };
  return rejection(reasonIn(error), message, error.correlationId, fieldsIn(error, sent));
}

/** The properties, of those that were sent, that an error is about. */
function fieldsIn(error: WireError, sent: Readonly<Record<string, string>>): readonly string[] {
  return propertyProblems(error).flatMap(({ name }) => (Object.hasOwn(sent, name) ? [name] : []));
}

/** The same for a refusal of one record that was sent alone. */
export function refusalOf({ mutation }: Slot<Writing>, error: WireError): Refusal {
  const names = fieldsIn(error, mutation.sent);
  const reason = reasonIn(error);
  // A taken value that is not named can only be one of those that have to be unique.
  const unique = [...fieldsOf(mutation.schema).values()].filter((field) => field.unique === true && Object.hasOwn(mutation.sent, field.name));
  const [only, second] = unique;
  const fields = names.length === 0 && reason === 'unique-taken' && only && !second ? [only.name] : names;
  return { reason, message: error.message ?? '', fields };
}

/** True where several errors say the same. */
export function allAlike(errors: readonly WireError[]): boolean {
  return errors.every((error) => error.category === errors[0]?.category && error.message === errors[0]?.message);
}

/** Refusals that depend on nothing but the value. */
const OF_VALUE = /^INVALID_|_INVALID$|NOT_VALID|DOESNT_EXIST|READ_ONLY/;
/** Refusals of the property itself, whatever its value. */
const OF_PROPERTY = /PROPERTY_DOESNT_EXIST|READ_ONLY/;

/**
 * What a refusal of a whole batch is about: slots that are named, or that set a property or an e-mail that it complains
 * about. Where only the property is known, those that set it are put apart, and among them those with the same value
 * together: a value is refused once, not once for each record.
 */
export async function blameFor(api: HubSpotApi, slots: readonly Slot<Writing>[], error: WireError, call: CallOptions): Promise<Blame<Writing>> {
  const refused = new Map<Slot<Writing>, Refusal>();
  const message = error.message ?? '';
  for (const slot of slotsNamedBy(slots, error)) refused.set(slot, { reason: reasonIn(error), message, fields: fieldsIn(error, slot.mutation.sent) });
  const problems = propertyProblems(error);
  for (const problem of problems)
    for (const slot of culpritsOf(slots, problem)) {
      const fields = [...(refused.get(slot)?.fields ?? []), problem.name];
      refused.set(slot, { reason: reasonOf(problem.code), message: `${problem.name}: ${problem.message}`, fields });
    }
  if (refused.size > 0) return { refused };
  if (reasonIn(error) === 'unique-taken') return { refused: await takenValues(api, slots, message, call) };
  return { refused, ...partsBy(slots, problems) };
}

function culpritsOf(slots: readonly Slot<Writing>[], { name, code, message }: PropertyProblem): readonly Slot<Writing>[] {
  const setting = slots.filter((slot) => slot.mutation.sent[name] !== undefined);
  if (OF_PROPERTY.test(code)) return setting;
  const values = [...new Set(setting.flatMap((slot) => slot.mutation.sent[name] ?? []))];
  // Where all of the batch set one and the same value, it is this value.
  if (OF_VALUE.test(code) && values.length === 1 && setting.length === slots.length) return setting;
  const said = values.filter((value) => saysValue(message, value));
  const named = OF_VALUE.test(code) ? values.filter((value) => namesValue(message, value)) : [];
  // Several words that could be it are none for certain.
  const certain = said.length > 0 ? said : named.length === 1 ? named : [];
  return setting.filter((slot) => certain.includes(slot.mutation.sent[name] ?? ''));
}

/**
 * The slots that set a property of which something is wrong, apart from the others; or else in two parts without
 * dividing a value.
 */
function partsBy(slots: readonly Slot<Writing>[], problems: readonly PropertyProblem[]): Pick<Blame<Writing>, 'parts'> {
  const name = problems[0]?.name;
  if (name === undefined) return {};
  const [setting, others] = [
    slots.filter((slot) => slot.mutation.sent[name] !== undefined),
    slots.filter((slot) => slot.mutation.sent[name] === undefined),
  ];
  if (setting.length > 0 && others.length > 0) return { parts: [others, setting] };
  const groups = new Map<string, Slot<Writing>[]>();
  for (const slot of setting) groups.set(slot.mutation.sent[name] ?? '', [...(groups.get(slot.mutation.sent[name] ?? '') ?? []), slot]);
  if (groups.size < 2) return {};
  const all = [...groups.values()];
  const middle = Math.ceil(all.length / 2);
  return { parts: [all.slice(0, middle).flat(), all.slice(middle).flat()] };
}

/** Whether the words name a value, as a word of its own and before any list of what is allowed. */
function namesValue(message: string, value: string): boolean {
  const words = message.split(/allowed options|valid options/i)[0] ?? '';
  if (value === '') return false;
  for (let at = words.indexOf(value); at >= 0; at = words.indexOf(value, at + 1))
    if (!/[\p{L}\p{N}]$/u.test(words.slice(0, at)) && !/^[\p{L}\p{N}]/u.test(words.slice(at + value.length))) return true;
  return false;
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

/**
 * Slots with a unique value that another record has: one request for each unique property that is written, instead of
 * many halvings.
 */
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
    const { holders } = await batchRead(api, schema, values, { names: [name], idProperty: name }, call);
    for (const slot of slots) {
      const owner = holders.get(valueOf(slot))?.id;
      if (owner !== undefined && owner !== slot.mutation.key)
        taken.set(slot, { reason: 'unique-taken', message: `${name} is taken by record ${owner}. ${message}`, fields: [name] });
    }
  }
  return taken;
}
