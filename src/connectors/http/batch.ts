import { type CallOptions, defined, type HttpAnswer, type HttpResult, RunbackError } from '../../lib/index.js';
import type { MutationResult, RejectReason } from '../connector.js';
import { isSuccess, type PlatformApi } from './api.js';
import type { Patience } from './patience.js';
import { messageOf } from './words.js';

/** One mutation on its way: its place in the answer. */
export interface Place {
  readonly index: number;
}

/** Results of one `write`, filled in any order. */
export class Results {
  readonly #results: (MutationResult | undefined)[];
  /** True once something was, or may have been, written. */
  touched = false;

  constructor(count: number) {
    this.#results = Array.from({ length: count });
  }

  set(slot: Place, result: MutationResult): void {
    if (result.status === 'applied' || result.status === 'in_doubt') this.touched = true;
    this.#results[slot.index] = result;
  }

  get(slot: Place): MutationResult | undefined {
    return this.#results[slot.index];
  }

  /** It is tried in another way: it has no result yet. */
  forget(slot: Place): void {
    this.#results[slot.index] = undefined;
  }

  /** All of them; what has none yet failed for `otherwise`. */
  finish(otherwise: string): readonly MutationResult[] {
    return this.#results.map((result) => result ?? { status: 'failed', message: otherwise });
  }
}

/**
 * Runs a write so that it keeps the seam's promise: it throws only while nothing was, or may have been, written; after
 * that what stopped it stands in the results.
 */
export async function settling(api: PlatformApi, count: number, work: (results: Results) => Promise<void>): Promise<readonly MutationResult[]> {
  const results = new Results(count);
  try {
    await work(results);
    return results.finish(`${api.words.name} gave no result for this record`);
  } catch (error) {
    if (!(error instanceof RunbackError) || !results.touched) throw error;
    return results.finish(error.message);
  }
}

/** Why one input of a batch was refused. */
export interface Refusal {
  readonly reason: RejectReason;
  readonly message: string;
  /** Fields it is about, where that is known. */
  readonly fields?: readonly string[];
}

/** A refusal for good. */
export function rejection(reason: RejectReason, message: string, correlationId?: string, fields: readonly string[] = []): MutationResult {
  return {
    status: 'rejected',
    reason,
    message,
    ...defined({ correlationId }),
    ...(fields.length === 0 ? {} : { fields: [...new Set(fields)] }),
  };
}

/** How long trouble of which nobody knows what it did is waited for before that is looked up. */
const TROUBLE_MS = 3000;

/** What an answer of 2xx left open. */
export interface Open<S> {
  /**
   * Nothing was done for these, and they are worth sending again, with fewer beside them. One that was sent alone has
   * failed.
   */
  readonly again?: readonly S[];
  /** The same, after a wait: what stands in their way passes. */
  readonly later?: readonly S[];
  readonly leastMs?: number;
}

/** What a refusal of a whole batch tells. */
export interface Blame<S> {
  /** The slots it is certainly about. */
  readonly refused: ReadonlyMap<S, Refusal>;
  /**
   * Where nothing is certain: the slots in parts, so that the good ones are soon apart. Each smaller than the whole.
   */
  readonly parts?: readonly (readonly S[])[];
}

/** One kind of batch request: how it is sent and what its answer means. */
export interface BatchRequest<S extends Place> {
  send(slots: readonly S[]): Promise<HttpResult>;
  /** Reads a 2xx answer: sets results, and gives the slots for which nothing was done, if any. */
  take(slots: readonly S[], body: unknown): Promise<Open<S>> | Open<S> | void;
  /** What a whole-batch refusal is about. Without it nothing is certain. */
  blame?(slots: readonly S[], answer: HttpAnswer): Promise<Blame<S>> | Blame<S>;
  /** Why one slot alone was refused. */
  refusal(slot: S, answer: HttpAnswer): Refusal;
}

/**
 * Sends one batch and settles every slot. Platforms refuse a whole batch for one bad input: the input is found by what
 * the error names, else by halving, and the others are sent again. Throws where nothing can go on (credentials, limits,
 * unreachable, interrupted) with the slots not yet settled left open.
 */
export async function sendBatch<S extends Place>(
  api: PlatformApi,
  slots: readonly S[],
  request: BatchRequest<S>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  await new Sending(api, request, results, call).send(slots);
}

class Sending<S extends Place> {
  readonly #patience: Patience;

  constructor(
    private readonly api: PlatformApi,
    private readonly request: BatchRequest<S>,
    private readonly results: Results,
    private readonly call: CallOptions,
  ) {
    this.#patience = api.patience();
  }

  async send(slots: readonly S[]): Promise<void> {
    const { api, request, results } = this;
    const [only] = slots;
    if (only === undefined) return;
    const result = await request.send(slots);
    if (isSuccess(result)) {
      await this.#further(slots, (await request.take(slots, result.body)) ?? {});
      return;
    }
    if (mayHaveHappened(api, result)) {
      const message = result.kind === 'lost' ? result.message : troubleWords(api, result);
      for (const slot of slots) results.set(slot, { status: 'in_doubt', message });
      // It is looked up and then sent once more by whoever asked: not into the same trouble.
      if (result.kind === 'answered') await this.#patience.wait(message, this.call, TROUBLE_MS);
      return;
    }
    if (result.kind !== 'answered' || [401, 403, 429].includes(result.status) || api.troubleOf(result)) throw api.failure(result);
    await this.#refused(slots, only, result);
  }

  /** Parts the good inputs of a batch that was refused from the bad ones. */
  async #refused(slots: readonly S[], only: S, answer: HttpAnswer): Promise<void> {
    const { api, request, results } = this;
    const correlationId = api.words.idIn?.(answer);
    if (slots.length === 1) {
      const { reason, message, fields } = request.refusal(only, answer);
      results.set(only, rejection(reason, message === '' ? messageOf(answer, api.words) : message, correlationId, fields));
      return;
    }
    const { refused, parts } = (await request.blame?.(slots, answer)) ?? { refused: new Map<S, Refusal>() };
    for (const [slot, { reason, message, fields }] of refused) results.set(slot, rejection(reason, message, correlationId, fields));
    if (refused.size > 0) await this.send(slots.filter((slot) => !refused.has(slot)));
    else for (const part of parts ?? halves(slots)) await this.send(part);
  }

  /** Sends again what an answer left open: whole where others have dropped out, else in two halves. */
  async #further(slots: readonly S[], { again = [], later = [], leastMs = 0 }: Open<S>): Promise<void> {
    const { name } = this.api.words;
    const [only] = again;
    if (only !== undefined && slots.length === 1)
      this.results.set(only, { status: 'failed', message: `${name} reported success, but did not do it` });
    else if (again.length > 0 && again.length < slots.length) await this.send(again);
    else for (const half of halves(again)) await this.send(half);
    if (later.length === 0) return;
    for (const slot of later) this.results.set(slot, { status: 'failed', message: `${name} was not able to do it within the wait` });
    if (await this.#patience.wait(`${name} was not able to do part of it`, this.call, leastMs)) await this.send(later);
  }
}

function halves<T>(items: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** True where the request may have had an effect although no success was told. */
function mayHaveHappened(api: PlatformApi, result: HttpResult): boolean {
  return result.kind === 'lost' || (result.kind === 'answered' && api.troubleOf(result)?.mayHaveHappened === true);
}

function troubleWords(api: PlatformApi, result: HttpResult): string {
  return result.kind === 'answered'
    ? `${api.words.name} reported a problem (status ${String(result.status)}) and did not say whether it happened`
    : '';
}
