import { type CallOptions, type HttpResult, RunbackError } from '../../lib/index.js';
import type { MutationResult, RejectReason } from '../connector.js';
import { type HubSpotApi, isSuccess } from './api.js';
import { correlationIdOf, messageIn, reasonIn } from './errors.js';
import type { Patience } from './patience.js';
import { troubleOf } from './trouble.js';
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
  /** Properties it is about, where that is known. */
  readonly fields?: readonly string[];
}

/** How long trouble of which nobody knows what it did is waited for before that is looked up. */
const TROUBLE_MS = 3000;

/** What an answer of 2xx left open. */
export interface Open<M> {
  /** Nothing was done for these, and they are worth sending again. */
  readonly again?: readonly Slot<M>[];
  /** The same, after a wait: what stands in their way passes. */
  readonly later?: readonly Slot<M>[];
  readonly leastMs?: number;
}

/** What a refusal of a whole batch tells. */
export interface Blame<M> {
  /** The slots it is certainly about. */
  readonly refused: ReadonlyMap<Slot<M>, Refusal>;
  /** Where nothing is certain: the slots in parts, so that the good ones are soon apart. Each smaller than the whole. */
  readonly parts?: readonly (readonly Slot<M>[])[];
}

/** One kind of batch request: how its inputs look and what its answer means. */
export interface BatchRequest<M> {
  readonly path: string;
  input(slot: Slot<M>): unknown;
  valid(body: unknown): boolean;
  /** Reads a 2xx answer: sets results, and gives the slots for which nothing was done. */
  take(slots: readonly Slot<M>[], body: unknown): Promise<Open<M>>;
  /** What a whole-batch refusal is about. */
  blame?(slots: readonly Slot<M>[], error: WireError): Promise<Blame<M>>;
  /** Why one slot alone was refused. */
  refusal?(slot: Slot<M>, error: WireError): Refusal;
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
  await new Sending(api, request, results, call).send(slots);
}

class Sending<M> {
  readonly #patience: Patience;

  constructor(
    private readonly api: HubSpotApi,
    private readonly request: BatchRequest<M>,
    private readonly results: Results,
    private readonly call: CallOptions,
  ) {
    this.#patience = api.patience();
  }

  async send(slots: readonly Slot<M>[]): Promise<void> {
    const { api, request, results } = this;
    const [only] = slots;
    if (only === undefined) return;
    const result = await api.send(
      request.path,
      { inputs: slots.map((slot) => request.input(slot)) },
      (body) => body === undefined || request.valid(body),
      this.call,
    );
    if (isSuccess(result)) {
      await this.#further(slots, await request.take(slots, result.body));
      return;
    }
    if (mayHaveHappened(result)) {
      const message = result.kind === 'lost' ? result.message : messageOf(result);
      for (const slot of slots) results.set(slot, { status: 'in_doubt', message });
      // It is looked up and then sent once more by whoever asked: not into the same trouble.
      if (result.kind === 'answered') await this.#patience.wait(message, this.call, TROUBLE_MS);
      return;
    }
    if (result.kind !== 'answered' || [401, 403, 429].includes(result.status) || troubleOf(result)) throw api.failure(result);
    const error = errorBody(result.body);
    const correlationId = correlationIdOf(result);
    if (slots.length === 1) {
      const refusal = request.refusal?.(only, error) ?? { reason: reasonIn(error), message: messageIn(result) };
      results.set(only, rejection(refusal.reason, refusal.message === '' ? messageIn(result) : refusal.message, correlationId, refusal.fields));
      return;
    }
    const { refused, parts } = (await request.blame?.(slots, error)) ?? { refused: new Map<Slot<M>, Refusal>() };
    for (const [slot, { reason, message, fields }] of refused) results.set(slot, rejection(reason, message, correlationId, fields));
    if (refused.size > 0) await this.send(slots.filter((slot) => !refused.has(slot)));
    else for (const part of parts ?? halves(slots)) await this.send(part);
  }

  /** Sends again what an answer left open: whole where others have dropped out, else in two halves. */
  async #further(slots: readonly Slot<M>[], { again = [], later = [], leastMs = 0 }: Open<M>): Promise<void> {
    if (again.length > 0 && again.length < slots.length) await this.send(again);
    else for (const half of halves(again)) await this.send(half);
    if (later.length === 0) return;
    for (const slot of later) this.results.set(slot, { status: 'failed', message: 'HubSpot could not do it for now, longer than was waited' });
    if (await this.#patience.wait('HubSpot could not do a part of it for now', this.call, leastMs)) await this.send(later);
  }
}

function halves<T>(items: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** A refusal for good. */
export function rejection(reason: RejectReason, message: string, correlationId?: string, fields: readonly string[] = []): MutationResult {
  return {
    status: 'rejected',
    reason,
    message,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(fields.length === 0 ? {} : { fields: [...new Set(fields)] }),
  };
}

/** True where the request may have had an effect although no success was told. */
function mayHaveHappened(result: HttpResult): boolean {
  return result.kind === 'lost' || (result.kind === 'answered' && troubleOf(result)?.mayHaveHappened === true);
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
