import type { CallOptions } from '../../../lib/index.js';
import type { CreateMutation, DeleteMutation, MutationResult, UpdateMutation } from '../../connector.js';
import { rejection, type Results, settling } from '../../http/batch.js';
import { fatesOf } from '../read/fates.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import type { WireObject } from '../wire/shapes.js';
import { sendCollection } from './collection.js';
import { gone, namesIn, sendable, type Slot } from './slots.js';

/** Changes records: the fields that are named, and no others. */
export async function updateRecords(
  api: SalesforceApi,
  wire: WireObject,
  mutations: readonly UpdateMutation[],
  call: CallOptions,
): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = sendable(api, mutations, results);
    await sendCollection(
      api,
      slots,
      {
        own: ownOf(mutations),
        fieldsOf: ({ mutation }) => Object.keys(mutation.set),
        request: (some) => ({ method: 'PATCH', path: api.data('/composite/sobjects'), body: rowsOf(some) }),
        done: ({ mutation }) => ({ status: 'applied', key: mutation.key }),
      },
      results,
      call,
    );
    await tellApart(api, wire, slots, results, call);
  });
}

/**
 * Salesforce says that something is not there, and not what: the record, or one that it is to refer to. Where the record lives, it is
 * the other.
 */
async function tellApart(
  api: SalesforceApi,
  wire: WireObject,
  slots: readonly Slot<UpdateMutation>[],
  results: Results,
  call: CallOptions,
): Promise<void> {
  const references = new Set((wire.fields ?? []).flatMap(({ name, type }) => (type === 'reference' ? [name] : [])));
  const refersIn = ({ mutation }: Slot<UpdateMutation>): readonly string[] =>
    Object.keys(mutation.set).filter((name) => references.has(name) && mutation.set[name] !== null);
  const open = slots.filter((slot) => {
    const result = results.get(slot);
    return result?.status === 'rejected' && result.reason === 'deleted-later' && refersIn(slot).length > 0;
  });
  const { live } = await fatesOf(
    api,
    wire,
    open.map(({ mutation }) => mutation.key),
    call,
  );
  for (const slot of open) {
    const result = results.get(slot);
    if (result?.status === 'rejected' && live.has(slot.mutation.key))
      results.set(slot, rejection('parent-missing', result.message, undefined, refersIn(slot)));
  }
}

/** Makes records. Salesforce gives each its id. */
export async function createRecords(api: SalesforceApi, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = sendable(api, mutations, results);
    await sendCollection(
      api,
      slots,
      {
        own: ownOf(mutations),
        fieldsOf: ({ mutation }) => Object.keys(mutation.set),
        request: (some) => ({ method: 'POST', path: api.data('/composite/sobjects'), body: rowsOf(some) }),
        refused: (_, code) => (GONE.has(code) ? rejection('parent-missing', `A record that it is to refer to is not there (${code})`) : undefined),
        done: (_, { id }) => {
          const key = typeof id === 'string' ? wholeId(id) : undefined;
          return key === undefined ? { status: 'in_doubt', message: 'Salesforce did not say which record this became' } : { status: 'applied', key };
        },
      },
      results,
      call,
    );
  });
}

/** Deletes records: they go to the recycle bin, and what belongs to them goes with them. */
export async function deleteRecords(api: SalesforceApi, mutations: readonly DeleteMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = mutations.flatMap((mutation, index) => {
      const isKey = wholeId(mutation.key) === mutation.key;
      if (!isKey) results.set({ index }, gone(mutation.schema.object, mutation.key));
      return isKey ? [{ index, mutation }] : [];
    });
    await sendCollection(
      api,
      slots,
      {
        own: ownOf(mutations),
        request: (some) => {
          const ids = some.map(({ mutation }) => mutation.key).join(',');
          return { method: 'DELETE', path: api.data(`/composite/sobjects?ids=${ids}&allOrNone=false`) };
        },
        done: ({ mutation }) => ({ status: 'applied', key: mutation.key }),
        refused: ({ mutation }, code) => (GONE.has(code) ? gone(mutation.schema.object, mutation.key) : undefined),
      },
      results,
      call,
    );
  });
}

const GONE: ReadonlySet<string> = new Set(['ENTITY_IS_DELETED', 'INVALID_CROSS_REFERENCE_KEY', 'NOT_FOUND', 'MALFORMED_ID']);

/** Each row is written or refused by itself. */
function rowsOf(slots: readonly { readonly row: Readonly<Record<string, unknown>> }[]): unknown {
  return { allOrNone: false, records: slots.map(({ row }) => row) };
}

function ownOf(mutations: readonly (UpdateMutation | CreateMutation | DeleteMutation)[]): ReadonlySet<string> {
  const [first] = mutations;
  return first === undefined ? new Set() : namesIn(first.schema);
}
