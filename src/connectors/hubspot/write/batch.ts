import type { CallOptions } from '../../../lib/index.js';
import { type Blame as BlameOf, type Open as OpenOf, type Place, type Refusal, type Results, sendBatch as sendSlots } from '../../http/batch.js';
import type { HubSpotApi } from '../wire/api.js';
import { messageIn, reasonIn } from '../wire/errors.js';
import { errorBody, type WireError } from '../wire/shapes.js';

/** One mutation on its way: its place in the answer, and the id that is sent along and comes back with its result. */
export interface Slot<M> extends Place {
  readonly mutation: M;
  readonly trace: string;
}

export type Open<M> = OpenOf<Slot<M>>;
export type Blame<M> = BlameOf<Slot<M>>;

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

/** Sends one batch to HubSpot and settles every slot; see the kit's `sendBatch`. */
export async function sendBatch<M>(
  api: HubSpotApi,
  slots: readonly Slot<M>[],
  request: BatchRequest<M>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  await sendSlots<Slot<M>>(
    api,
    slots,
    {
      send: async (some) => {
        const inputs = some.map((slot) => request.input(slot));
        return await api.send(request.path, { inputs }, (body) => body === undefined || request.valid(body), call);
      },
      take: async (some, body) => await request.take(some, body),
      blame: async (some, answer) => (await request.blame?.(some, errorBody(answer.body))) ?? { refused: new Map() },
      refusal: (slot, answer) => {
        const error = errorBody(answer.body);
        return request.refusal?.(slot, error) ?? { reason: reasonIn(error), message: messageIn(answer) };
      },
    },
    results,
    call,
  );
}
