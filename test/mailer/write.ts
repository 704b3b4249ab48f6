import type { PlatformApi } from '../../src/connectors/http/api.js';
import { type Open, type Place, type Refusal, rejection, type Results, sendBatch, settling } from '../../src/connectors/http/batch.js';
import { createdAmong } from '../../src/connectors/http/created.js';
import { type LookingUp, whenSettled } from '../../src/connectors/http/settled.js';
import { unsendable } from '../../src/connectors/http/unsendable.js';
import type {
  CreatedLookup,
  CreateMutation,
  DeleteMutation,
  LinkMutation,
  MutationResult,
  RejectReason,
  UpdateMutation,
} from '../../src/connectors/index.js';
import type { CallOptions, HttpAnswer } from '../../src/lib/index.js';
import type { Fields, ObjectSchema, PlatformRecord } from '../../src/records/index.js';
import { readAll, recordOf } from './read.js';
import { isBulk, isDone, isMade, type Result, textOf } from './wire.js';

interface Slot<M> extends Place {
  readonly mutation: M;
}

const REASONS: Readonly<Record<string, RejectReason>> = {
  not_found: 'deleted-later',
  unknown_field: 'field-removed',
  taken: 'unique-taken',
  consent: 'consent',
};
const reasonOf = (code: string | undefined): RejectReason => REASONS[code ?? ''] ?? 'rejected';
const refusal = (_: unknown, { body }: HttpAnswer): Refusal => ({ reason: reasonOf(textOf(body, 'error')), message: textOf(body, 'detail') ?? '' });

/** Mutations that may be sent; the others are settled at once. */
function sendable<M extends { readonly schema: ObjectSchema; readonly set: Fields }>(
  api: PlatformApi,
  mutations: readonly M[],
  results: Results,
): readonly Slot<M>[] {
  return mutations.flatMap((mutation, index) => {
    const refused = unsendable(mutation, api.words);
    if (refused) results.set({ index }, refused);
    return refused ? [] : [{ index, mutation }];
  });
}

/** Changes up to 50 things; each has a result of its own, whatever the order of the answer. */
export async function update(api: PlatformApi, mutations: readonly UpdateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = sendable(api, mutations, results);
    const path = `/v2/${mutations[0]?.schema.object ?? ''}/bulk`;
    const send = async (some: readonly Slot<UpdateMutation>[]) =>
      await api.send(path, { items: some.map(({ mutation: { key, set } }) => ({ id: Number(key), set })) }, isBulk, call);
    const take = (some: readonly Slot<UpdateMutation>[], body: unknown): Open<Slot<UpdateMutation>> => {
      const later: Slot<UpdateMutation>[] = [];
      const told = new Map((body as { readonly results: readonly Result[] }).results.map((result) => [result.position, result]));
      for (const [position, slot] of some.entries()) {
        const result = told.get(position);
        if (result?.error === 'busy') later.push(slot);
        else results.set(slot, outcome(slot.mutation, result));
      }
      return { later };
    };
    await sendBatch(api, slots, { send, take, refusal }, results, call);
  });
}

function outcome({ schema, key, set }: UpdateMutation, result: Result | undefined): MutationResult {
  if (!result) return { status: 'in_doubt', message: 'Postbird told nothing of this change' };
  if (!result.item) return rejection(reasonOf(result.error), result.detail ?? '');
  const record = recordOf(schema, result.item);
  const other = Object.keys(set).filter((name) => record.fields[name] !== (set[name] === '' ? null : set[name]));
  if (record.key !== key || other.length > 0) return rejection('rejected', `Postbird answered success, and ${other.join(', ')} did not change`);
  return { status: 'applied', key, record };
}

/** Creates up to 50 things, all or none: a bad one is found by halves. */
export async function create(api: PlatformApi, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const path = `/v2/${mutations[0]?.schema.object ?? ''}`;
    const send = async (some: readonly Slot<CreateMutation>[]) =>
      await api.send(path, { items: some.map(({ mutation }) => mutation.set) }, isMade, call);
    const take = (some: readonly Slot<CreateMutation>[], body: unknown): void => {
      const { ids } = body as { readonly ids: readonly number[] };
      for (const [n, slot] of some.entries()) {
        const id = ids.length === some.length ? ids[n] : undefined;
        const lost = { status: 'in_doubt', message: 'Postbird did not say which record this became' } as const;
        results.set(slot, id === undefined ? lost : { status: 'applied', key: String(id) });
      }
    };
    await sendBatch(api, sendable(api, mutations, results), { send, take, refusal }, results, call);
  });
}

/** Deletes things, one request each: Postbird knows no other way. */
export async function remove(api: PlatformApi, mutations: readonly DeleteMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    for (const [index, { schema, key }] of mutations.entries()) {
      const send = async () => await api.send(`/v2/${schema.object}/${encodeURIComponent(key)}`, undefined, () => true, call, 'DELETE');
      const take = ([slot]: readonly Place[]): void => {
        if (slot) results.set(slot, { status: 'applied', key });
      };
      await sendBatch(api, [{ index }], { send, take, refusal }, results, call);
    }
  });
}

/** Puts subscribers on lists or takes them off: one request a list. */
export async function writeLinks(api: PlatformApi, mutations: readonly LinkMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const byList = new Map<string, Slot<LinkMutation>[]>();
    for (const [index, mutation] of mutations.entries()) byList.set(mutation.to, [...(byList.get(mutation.to) ?? []), { index, mutation }]);
    for (const [to, slots] of byList) {
      const joins = slots[0]?.mutation.action === 'link';
      const path = `/v2/lists/${encodeURIComponent(to)}/members`;
      const send = async (some: readonly Slot<LinkMutation>[]) =>
        await api.send(path, { ids: some.map(({ mutation }) => Number(mutation.from)) }, isDone, call, joins ? 'PUT' : 'DELETE');
      const take = (some: readonly Slot<LinkMutation>[], body: unknown): void => {
        const done = new Set((body as { readonly done: readonly number[] }).done.map(String));
        for (const slot of some) {
          const { from } = slot.mutation;
          if (done.has(from)) results.set(slot, { status: 'applied', key: from });
          else results.set(slot, joins ? rejection('deleted-later', `There is no subscriber ${from}`) : { status: 'moved' });
        }
      };
      // All of them are about one list: where that is not there, there is no good one among them.
      const blame = (some: readonly Slot<LinkMutation>[], answer: HttpAnswer) => {
        const gone = { reason: 'parent-missing', message: textOf(answer.body, 'detail') ?? '' } as const;
        return { refused: new Map(answer.status === 404 ? some.map((slot) => [slot, gone] as const) : []) };
      };
      const alone = (_: unknown, answer: HttpAnswer): Refusal => ({
        ...refusal(_, answer),
        ...(answer.status === 404 ? { reason: 'parent-missing' as const } : {}),
      });
      await sendBatch(api, slots, { send, take, blame, refusal: alone }, results, call);
    }
  });
}

/** What became of creates whose answer was lost: what was made since with just these values, once all of it can be there. */
export async function findCreated(
  api: PlatformApi,
  mutations: readonly CreateMutation[],
  since: Date,
  call: LookingUp,
): Promise<readonly CreatedLookup[]> {
  return await whenSettled(api, async () => await look(api, mutations, since, call), call.lastSentAt ?? since, call);
}

async function look(api: PlatformApi, mutations: readonly CreateMutation[], since: Date, call: CallOptions): Promise<readonly CreatedLookup[]> {
  const [first] = mutations;
  if (!first) return [];
  const recent: PlatformRecord[] = [];
  // A second, since times are told in whole ones.
  for await (const { records } of readAll(api, first.schema, call))
    for (const record of records) if (Date.parse(String(record.meta['created_at'])) >= since.getTime() - 1000) recent.push(record);
  const valuesOf = (fields: Fields): string =>
    JSON.stringify(
      Object.entries(fields)
        .filter(([, value]) => value !== null && value !== '')
        .sort(),
    );
  const slots = mutations.map(({ set }, index) => ({ index, values: valuesOf(set) }));
  const found = createdAmong(slots, recent, {
    alike: ({ values }) => values,
    fits: ({ values }, { fields }) => values === valuesOf(fields),
    keyOf: ({ key }) => key,
  });
  return mutations.map((_, index) => found.get(index) ?? { state: 'absent' });
}
