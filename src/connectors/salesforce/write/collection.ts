import { type CallOptions, chunksOf, type HttpAnswer, type HttpRequest, type HttpResult } from '../../../lib/index.js';
import type { MutationResult } from '../../connector.js';
import { type BatchRequest, type Open, type Place, type Refusal, rejection, type Results, sendBatch } from '../../http/batch.js';
import { WRITES } from '../../http/gate.js';
import type { SalesforceApi } from '../wire/api.js';
import { codesIn, isLater, refusalOf } from '../wire/errors.js';
import { isResults, type WireResult } from '../wire/shapes.js';

/** Rows of one call (REST guide: sObject Collections). */
export const WRITE_BATCH = 200;

/**
 * A restore writes what stood there: nobody is assigned to it by rule, and a duplicate rule that only warns does not stop it (REST
 * guide: headers for assignment rules and duplicate rules).
 */
const AS_IT_STOOD = { 'sforce-auto-assign': 'FALSE', 'sforce-duplicate-rule-header': 'allowSave=true' };

/** One kind of collection call. */
export interface Collection<S extends Place> {
  request(slots: readonly S[]): Pick<HttpRequest, 'method' | 'path' | 'body'>;
  /** What a row that was done means. */
  done(slot: S, result: WireResult): MutationResult;
  /** Fields that an error may be about. */
  readonly own: ReadonlySet<string>;
  /** What a refusal of one row means, where it means something else than its words. */
  refused?(slot: S, code: string): MutationResult | undefined;
}

/** Sends rows in calls of 200, one after the other: those of one object type lock each other. Settles each. */
export async function sendCollection<S extends Place>(
  api: SalesforceApi,
  slots: readonly S[],
  collection: Collection<S>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  const request: BatchRequest<S> = {
    send: async (some) => await send(api, collection.request(some), some.length, call),
    take: (some, body) => take(some, body as readonly WireResult[], collection, results),
    refusal: (_, answer) => refusalIn(answer, collection.own),
  };
  for (const some of chunksOf(slots, WRITE_BATCH)) await sendBatch(api, some, request, results, call);
}

/** 404 of a whole call would be about its path; in a batch it is a refusal like any other. */
async function send(
  api: SalesforceApi,
  request: Pick<HttpRequest, 'method' | 'path' | 'body'>,
  count: number,
  call: CallOptions,
): Promise<HttpResult> {
  return await api.exchange({ ...request, headers: AS_IT_STOOD, repeatable: false, valid: isResults(count), lane: WRITES }, call);
}

/** Results stand in the order of the rows; one that failed has no id. */
function take<S extends Place>(slots: readonly S[], told: readonly WireResult[], collection: Collection<S>, results: Results): Open<S> {
  const later: S[] = [];
  for (const [n, slot] of slots.entries()) {
    const result = told[n];
    if (result === undefined) continue;
    if (result.success) {
      results.set(slot, collection.done(slot, result));
      continue;
    }
    const errors = codesIn(result.errors);
    const [first] = errors;
    if (first !== undefined && errors.every(isLater)) later.push(slot);
    else {
      const { reason, message, fields } = refusalOf(errors, collection.own);
      const otherwise = first && collection.refused?.(slot, first.code);
      results.set(slot, otherwise ?? rejection(reason, message === '' ? 'Salesforce refuses it without a reason' : message, undefined, fields));
    }
  }
  return { later };
}

function refusalIn({ body }: HttpAnswer, own: ReadonlySet<string>): Refusal {
  return refusalOf(codesIn(body), own);
}
