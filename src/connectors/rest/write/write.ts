import { type CallOptions, chunksOf, type HttpResult } from '../../../lib/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { CreateMutation, DeleteMutation, MutationResult, UpdateMutation } from '../../connector.js';
import { REQUESTS_AT_ONCE } from '../../http/api.js';
import { type BatchRequest, type Open, type Place, rejection, type Results, sendBatch, settling } from '../../http/batch.js';
import type { WriteDescription } from '../description/form.js';
import { readKeys } from '../read/read.js';
import type { Type } from '../read/record.js';
import { type Given, requestOf } from '../wire/request.js';
import { canBeKey, wireKey } from '../wire/values.js';
import { fits, isLater, mayBeAbsent, reasonOf, refusalIn, type Told, toldOf } from './answers.js';
import { sendable, type Slot, updated } from './slots.js';

/** Changes records. What an answer does not show is read. */
export async function update(type: Type, mutations: readonly UpdateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  const how = type.of.update;
  if (how === undefined) return undescribed(type, mutations, 'changed');
  return await settling(type.api, mutations.length, async (results) => {
    const given = ({ mutation, fields }: Slot<UpdateMutation>): Given => ({ key: wireKey(mutation.key, type.of), fields });
    const take = async (slots: readonly Slot<UpdateMutation>[], body: unknown): Promise<Open<Slot<UpdateMutation>>> => {
      const keys = slots.map(({ mutation }) => mutation.key);
      const { later, open } = settle(type, slots, toldOf(type, how, body, slots.length, keys), results, ({ mutation }, { record }) =>
        record === undefined ? undefined : updated(type, mutation, record),
      );
      const live = await afterwards(type, open, results, call);
      for (const slot of open) {
        const record = live.get(slot.mutation.key);
        results.set(slot, record === undefined ? gone(type, slot.mutation.key) : updated(type, slot.mutation, record));
      }
      return { later };
    };
    await sendAll(type, how, sendable(type, mutations, results), { given, take, keyOf: ({ mutation }) => mutation.key }, results, call);
  });
}

/** Makes records. */
export async function create(type: Type, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  const how = type.of.create;
  if (how === undefined) return undescribed(type, mutations, 'made');
  return await settling(type.api, mutations.length, async (results) => {
    const given = ({ mutation, fields }: Slot<CreateMutation>): Given => ({
      key: type.of.create_with_key ? wireKey(mutation.key, type.of) : undefined,
      fields,
    });
    const take = (slots: readonly Slot<CreateMutation>[], body: unknown): Open<Slot<CreateMutation>> => {
      const { later, open } = settle(type, slots, toldOf(type, how, body, slots.length, undefined), results, (_, { key, record }) =>
        key === undefined ? undefined : { status: 'applied', key, ...(record && { record }) },
      );
      for (const slot of open) results.set(slot, { status: 'in_doubt', message: `${type.api.words.name} did not say which record this became` });
      return { later };
    };
    await sendAll(type, how, sendable(type, mutations, results), { given, take }, results, call);
  });
}

/** Deletes records, and looks whether they are gone: an answer of success proves nothing. */
export async function remove(type: Type, mutations: readonly DeleteMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  const how = type.of.delete;
  if (how === undefined) return undescribed(type, mutations, 'deleted');
  return await settling(type.api, mutations.length, async (results) => {
    const slots = mutations.flatMap((mutation, index) => {
      const isKey = canBeKey(mutation.key, type.of);
      if (!isKey) results.set({ index }, gone(type, mutation.key));
      return isKey ? [{ index, mutation, fields: {} }] : [];
    });
    const given = ({ mutation }: Slot<DeleteMutation>): Given => ({ key: wireKey(mutation.key, type.of) });
    const take = async (some: readonly Slot<DeleteMutation>[], body: unknown): Promise<Open<Slot<DeleteMutation>>> => {
      const { later, open } = settle(type, some, toldOf(type, how, body, some.length, undefined), results, () => undefined);
      const live = await afterwards(type, open, results, call);
      for (const slot of open) {
        const { key } = slot.mutation;
        const isThere = { status: 'failed', message: `${type.api.words.name} reported success, and the record is still there` } as const;
        results.set(slot, live.has(key) ? isThere : { status: 'applied', key });
      }
      return { later };
    };
    await sendAll(type, how, slots, { given, take, keyOf: ({ mutation }) => mutation.key }, results, call);
  });
}

/** How one kind of write goes. */
interface Way<S extends Place> {
  given(slot: S): Given;
  take: BatchRequest<S>['take'];
  keyOf?(slot: S): string;
}

/** Sends them in the batches of the description, a few at once; each is settled before this ends. */
async function sendAll<S extends Place>(
  type: Type,
  how: WriteDescription,
  slots: readonly S[],
  way: Way<S>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  const request: BatchRequest<S> = {
    send: async (some) => await send(type, how, some, way, call),
    take: way.take,
    refusal: (_, answer) => refusalIn(type, answer),
  };
  for (const several of chunksOf(chunksOf(slots, how.most), REQUESTS_AT_ONCE)) {
    const ended = await Promise.allSettled(several.map(async (some) => await sendBatch(type.api, some, request, results, call)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }
}

async function send<S extends Place>(type: Type, how: WriteDescription, slots: readonly S[], way: Way<S>, call: CallOptions): Promise<HttpResult> {
  const { api } = type;
  const each = slots.map((slot) => way.given(slot));
  const [only] = each;
  const { method, path, body } = requestOf(how, { ...(slots.length === 1 ? only : {}), keys: each.map(({ key }) => key) }, each);
  const result = await api.send(api.signed(path), body, fits(how), call, method);
  const [slot] = slots;
  if (slot === undefined || way.keyOf === undefined || !mayBeAbsent(type, result)) return result;
  // It says that it must not be done, and means that it is not there, or the other way round.
  if (slots.length > 1) return { ...result, status: 400 };
  const key = way.keyOf(slot);
  return (await present(type, [key], call)).has(key) ? result : { ...result, status: 404 };
}

/** Sets what an answer tells; gives those of which it tells too little, and those that are to be tried again. */
function settle<M>(
  type: Type,
  slots: readonly Slot<M>[],
  told: readonly (Told | undefined)[],
  results: Results,
  outcome: (slot: Slot<M>, told: Told) => MutationResult | undefined,
): { readonly later: readonly Slot<M>[]; readonly open: readonly Slot<M>[] } {
  const [later, open]: [Slot<M>[], Slot<M>[]] = [[], []];
  for (const [n, slot] of slots.entries()) {
    const said = told[n] ?? {};
    if (said.error !== undefined) {
      const { code, message } = said.error;
      if (isLater(type, code)) later.push(slot);
      else results.set(slot, rejection(reasonOf(type, code), message));
      continue;
    }
    const result = outcome(slot, said);
    if (result === undefined) open.push(slot);
    else results.set(slot, result);
  }
  return { later, open };
}

/** Records after a write that its answer shows nothing of. Until they are read, each may or may not be written. */
async function afterwards(
  type: Type,
  slots: readonly Slot<UpdateMutation | DeleteMutation>[],
  results: Results,
  call: CallOptions,
): Promise<ReadonlyMap<string, PlatformRecord>> {
  for (const slot of slots)
    results.set(slot, { status: 'in_doubt', message: `${type.api.words.name} reported success, but the record was not read again` });
  return await present(
    type,
    slots.map(({ mutation }) => mutation.key),
    call,
  );
}

/** The records with these keys, as they are now. */
async function present(type: Type, keys: readonly string[], call: CallOptions): Promise<ReadonlyMap<string, PlatformRecord>> {
  const found = new Map<string, PlatformRecord>();
  if (keys.length > 0)
    for await (const { records } of readKeys(type, keys, undefined, call)) for (const record of records) found.set(record.key, record);
  return found;
}

function gone({ object }: Type, key: string): MutationResult {
  return rejection('deleted-later', `There is no ${object} ${key}`);
}

function undescribed({ api, object }: Type, mutations: readonly unknown[], done: string): readonly MutationResult[] {
  return mutations.map(() => rejection('rejected', `The description of ${api.words.name} does not say how ${object} are ${done}`));
}
