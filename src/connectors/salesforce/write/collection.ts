import { type CallOptions, chunksOf, type HttpAnswer, type HttpRequest, type HttpResult } from '../../../lib/index.js';
import type { MutationResult } from '../../connector.js';
import { type BatchRequest, type Blame, type Open, type Place, type Refusal, rejection, type Results, sendBatch } from '../../http/batch.js';
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
  /** Fields that a row sets. */
  readonly fieldsOf?: (slot: S) => readonly string[];
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
    blame: (some, answer) => blameIn(some, answer, collection),
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

/** A field that is not there refuses the whole call: it is about every row that has it. Of what else is refused so, nothing is certain. */
function blameIn<S extends Place>(slots: readonly S[], { body }: HttpAnswer, { fieldsOf, own }: Collection<S>): Blame<S> {
  const [error] = codesIn(body);
  if (error?.code !== 'INVALID_FIELD' || fieldsOf === undefined) return { refused: new Map() };
  const named = [...error.message.matchAll(/'(\w+)'/gu)].map(([, name = '']) => name).filter((name) => own.has(name));
  const refused = new Map<S, Refusal>();
  for (const slot of slots) {
    const fields = named.filter((name) => fieldsOf(slot).includes(name));
    if (fields.length > 0) refused.set(slot, { ...refusalOf([error], own), fields });
  }
  return { refused };
}

function refusalIn({ body }: HttpAnswer, own: ReadonlySet<string>): Refusal {
  return refusalOf(codesIn(body), own);
}
