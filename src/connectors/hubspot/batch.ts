import { type CallOptions, type HttpResult, RunbackError } from '../../lib/index.js';
import type { MutationResult, RejectReason } from '../connector.js';
import { type HubSpotApi, isSuccess } from './api.js';
import { correlationIdOf, messageIn, reasonIn } from './errors.js';
import { errorBody, type WireError } from './wire.js';

/** One mutation on its way: its place in the answer, and the id that is sent along and comes back with its result. */
export interface Slot<M> {
  readonly index: number;
  readonly mutation: M;
  readonly trace: string;
}

/** Results of one `write`, filled in any order. */
export class Results {
  readonly #results: (MutationResult | undefined)[];
  /** True once something was, or may have been, written. */
  touched = false;

  constructor(count: number) {
    this.#results = Array.from({ length: count });
  }

  set(slot: { readonly index: number }, result: MutationResult): void {
    if (result.status === 'applied' || result.status === 'in_doubt') this.touched = true;
    this.#results[slot.index] = result;
  }

  get(slot: { readonly index: number }): MutationResult | undefined {
    return this.#results[slot.index];
  }

  /** All of them; what has none yet failed for `otherwise`. */
  finish(otherwise: string): readonly MutationResult[] {
    return this.#results.map((result) => result ?? { status: 'failed', message: otherwise });
  }
}

/** Why one input of a batch was refused. */
export interface Refusal {
  readonly reason: RejectReason;
  readonly message: string;
}

/** One kind of batch request: how its inputs look and what its answer means. */
export interface BatchRequest<M> {
  readonly path: string;
  input(slot: Slot<M>): unknown;
  valid(body: unknown): boolean;
  /** Reads a 2xx answer: sets results, and returns the slots for which nothing was done and which are worth sending again. */
  take(slots: readonly Slot<M>[], body: unknown): Promise<readonly Slot<M>[]>;
  /** The slots a whole-batch refusal is certainly about, and why; empty where it cannot be told. */
  culprits?(slots: readonly Slot<M>[], error: WireError): Promise<ReadonlyMap<Slot<M>, Refusal>>;
}

/**
 * Sends one batch and settles every slot. HubSpot refuses a whole batch for one bad input: the input is found by what the error
 * names, else by halving, and the others are sent again. Throws where nothing can go on (credentials, limits,
 * unreachable, interrupted) with the slots not yet settled left open.
 */
export async function sendBatch<M>(
  api: HubSpotApi,
  slots: readonly Slot<M>[],
  request: BatchRequest<M>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  if (slots.length === 0) return;
  const result = await api.send(
    request.path,
    { inputs: slots.map((slot) => request.input(slot)) },
    (body) => body === undefined || request.valid(body),
    call,
  );
  if (isSuccess(result)) {
    const open = await request.take(slots, result.body);
    if (open.length > 0) await halve(api, open, slots.length, request, results, call);
    return;
  }
  if (mayHaveHappened(result)) {
    const message = result.kind === 'lost' ? result.message : messageOf(result);
    for (const slot of slots) results.set(slot, { status: 'in_doubt', message });
    return;
  }
  if (result.kind !== 'answered' || result.status === 401 || result.status === 403 || result.status === 429) throw api.failure(result);
  const error = errorBody(result.body);
  const [only] = slots;
  if (slots.length === 1 && only) {
    results.set(only, rejection(reasonIn(error), messageIn(result), correlationIdOf(result)));
    return;
  }
  const culprits = await request.culprits?.(slots, error);
  for (const [slot, refusal] of culprits ?? []) results.set(slot, rejection(refusal.reason, refusal.message, correlationIdOf(result)));
  await halve(
    api,
    slots.filter((slot) => !culprits?.has(slot)),
    slots.length,
    request,
    results,
    call,
  );
}

/** Sends the slots again: whole where others have dropped out, else in two halves. */
async function halve<M>(
  api: HubSpotApi,
  slots: readonly Slot<M>[],
  before: number,
  request: BatchRequest<M>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  if (slots.length < before || slots.length < 2) {
    await sendBatch(api, slots, request, results, call);
    return;
  }
  const middle = Math.ceil(slots.length / 2);
  await sendBatch(api, slots.slice(0, middle), request, results, call);
  await sendBatch(api, slots.slice(middle), request, results, call);
}

/** A refusal for good. */
export function rejection(reason: RejectReason, message: string, correlationId?: string): MutationResult {
  return { status: 'rejected', reason, message, ...(correlationId === undefined ? {} : { correlationId }) };
}

/** True where the request may have had an effect although no success was told. */
function mayHaveHappened(result: HttpResult): boolean {
  return result.kind === 'lost' || (result.kind === 'answered' && (result.status === 408 || result.status >= 500));
}

function messageOf(result: HttpResult): string {
  return result.kind === 'answered' ? `HubSpot had trouble (status ${String(result.status)}) and did not say whether it happened` : '';
}

/**
 * Runs a write so that it keeps the seam's promise: it throws only while nothing was, or may have been, written; after that
 * what stopped it stands in the results.
 */
export async function settling(count: number, work: (results: Results) => Promise<void>): Promise<readonly MutationResult[]> {
  const results = new Results(count);
  try {
    await work(results);
    return results.finish('HubSpot gave no result for this record');
  } catch (error) {
    if (!(error instanceof RunbackError) || !results.touched) throw error;
    return results.finish(error.message);
  }
}
