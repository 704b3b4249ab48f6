import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { MutationResult, RejectReason, UndeleteMutation } from '../../connector.js';
import { rejection, type Results, settling } from '../../http/batch.js';
import { fatesOf } from '../read/fates.js';
import type { SalesforceApi } from '../wire/api.js';
import type { WireError } from '../wire/errors.js';
import { isLater } from '../wire/errors.js';
import type { WireObject } from '../wire/shapes.js';
import { SOAP_BATCH, type SoapResult, undeleteCall } from '../wire/soap.js';

type Slot = { readonly index: number; readonly mutation: UndeleteMutation };

/**
 * Brings deleted records back out of the recycle bin, with their ids and what went with them. Of a record that is refused it is looked
 * whether it lives: it may have come back with its parent, or in an answer that was lost.
 */
export async function undeleteRecords(
  api: SalesforceApi,
  wire: WireObject,
  mutations: readonly UndeleteMutation[],
  call: CallOptions,
): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const slots = mutations.map((mutation, index) => ({ index, mutation }));
    for (const some of chunksOf(slots, SOAP_BATCH)) await settle(api, wire, some, results, call);
  });
}

async function settle(api: SalesforceApi, wire: WireObject, slots: readonly Slot[], results: Results, call: CallOptions): Promise<void> {
  const patience = api.patience();
  let open = slots;
  while (open.length > 0) {
    const answer = await undeleteCall(
      api,
      open.map(({ mutation }) => mutation.key),
      call,
    );
    if (answer.kind === 'refused') {
      if (answer.error.code === 'INVALID_SESSION_ID') throw api.failure({ kind: 'answered', status: 401, headers: {}, body: [bodyOf(answer.error)] });
      throw api.failure({ kind: 'answered', status: 400, headers: {}, body: [bodyOf(answer.error)] });
    }
    if (answer.kind === 'other') {
      const { result } = answer;
      const mayHaveHappened = result.kind === 'lost' || (result.kind === 'answered' && api.troubleOf(result)?.mayHaveHappened === true);
      if (!mayHaveHappened) throw api.failure(result);
      const message = result.kind === 'lost' ? result.message : 'Salesforce reported a problem and did not say whether it happened';
      for (const slot of open) results.set(slot, { status: 'in_doubt', message });
      return;
    }
    const later = await take(api, wire, open, answer.results, results, call);
    for (const slot of later) results.set(slot, { status: 'failed', message: 'Salesforce was not able to do it within the wait' });
    if (later.length === 0 || !(await patience.wait('Salesforce was not able to do part of it', call))) return;
    open = later;
  }
}

function bodyOf({ code, message }: WireError): unknown {
  return { errorCode: code, message };
}

/** Results stand in the order of the ids. Gives those to send again. */
async function take(
  api: SalesforceApi,
  wire: WireObject,
  slots: readonly Slot[],
  told: readonly SoapResult[],
  results: Results,
  call: CallOptions,
): Promise<readonly Slot[]> {
  const refused: { readonly slot: Slot; readonly error: WireError }[] = [];
  const later: Slot[] = [];
  for (const [n, slot] of slots.entries()) {
    const result = told[n];
    const { key } = slot.mutation;
    const [error = { code: 'UNKNOWN', message: 'Salesforce refuses it without a reason', fields: [] }] = result?.errors ?? [];
    if (result?.success === true) results.set(slot, { status: 'applied', key });
    else if (isLater(error)) later.push(slot);
    else refused.push({ slot, error });
  }
  const keys = refused.map(({ slot }) => slot.mutation.key);
  const { live, deleted } = await fatesOf(api, wire, keys, call);
  for (const { slot, error } of refused) {
    const { key } = slot.mutation;
    results.set(slot, live.has(key) ? { status: 'applied', key } : rejection(reasonOf(error, deleted.has(key)), `${error.message} (${error.code})`));
  }
  return later;
}

/** It is not in the recycle bin, or its object type is not undeletable, although a query still tells of it. */
const FINAL: ReadonlySet<string> = new Set(['UNDELETE_FAILED', 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY']);

/**
 * Why a record does not come back. One that may be in the recycle bin still, and is refused for a rule or a permission, is not gone for
 * ever: it must not be created a second time.
 */
function reasonOf({ code }: WireError, mayBeThere: boolean): RejectReason {
  if (code === 'DUPLICATE_VALUE') return 'unique-taken';
  return FINAL.has(code) || !mayBeThere ? 'irreversible' : 'rejected';
}
