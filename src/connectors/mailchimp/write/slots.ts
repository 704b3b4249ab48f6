import type { CallOptions, HttpAnswer } from '../../../lib/index.js';
import { chunksOf } from '../../../lib/index.js';
import type { CreateMutation, UpdateMutation } from '../../connector.js';
import { type BatchRequest, type Place, type Refusal, rejection, type Results, sendBatch } from '../../http/batch.js';
import { unsendable } from '../../http/unsendable.js';
import type { Session } from '../read/session.js';
import { refusalOf } from '../wire/problem.js';
import { type Body, bodyOf } from './body.js';
import type { Sent } from './outcome.js';

/** A member on its way: `body` without its tags. */
export interface Slot extends Place, Sent {
  readonly key: string;
  readonly body: Body;
}

/** Mutations that can be sent; the others are settled at once. */
export function slotsOf(session: Session, mutations: readonly (UpdateMutation | CreateMutation)[], results: Results): readonly Slot[] {
  return mutations.flatMap((mutation, index): Slot[] => {
    const { schema, key, set } = mutation;
    const refused = unsendable(mutation, session.api.words);
    if (refused !== undefined) {
      results.set({ index }, refused);
      return [];
    }
    const made = bodyOf(schema, set);
    if ('body' in made) return [{ index, key, schema, set, body: made.body, ...(mutation.action === 'update' && { expect: mutation.expect }) }];
    results.set({ index }, rejection('rejected', made.message, undefined, [made.unfit]));
    return [];
  });
}

/** Sends each of them alone, a few at once. What stops one is thrown once those beside it have ended. */
export async function sendEach<S extends Place>(
  { api }: Pick<Session, 'api'>,
  slots: readonly S[],
  request: BatchRequest<S>,
  results: Results,
  call: CallOptions,
): Promise<void> {
  for (const some of chunksOf(slots, api.atOnce)) {
    const ended = await Promise.allSettled(some.map(async (slot) => await sendBatch(api, [slot], request, results, call)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }
}

export function refusal({ set }: Slot, answer: HttpAnswer): Refusal {
  return refusalOf(answer, Object.keys(set));
}
