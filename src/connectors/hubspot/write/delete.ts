import type { CallOptions } from '../../../lib/index.js';
import type { DeleteMutation, MutationResult } from '../../connector.js';
import { settling } from '../../http/batch.js';
import type { HubSpotApi } from '../wire/api.js';
import { type BatchRequest, sendBatch, type Slot } from './batch.js';
import { readBack, type Writing } from './writing.js';

/**
 * Archives up to 100 records: one request, and one more to see that they are gone, since the answer is 204 whatever
 * happened.
 */
export async function deleteRecords(api: HubSpotApi, mutations: readonly DeleteMutation[], call: CallOptions): Promise<readonly MutationResult[]> {
  return await settling(api, mutations.length, async (results) => {
    const [first] = mutations;
    if (!first) return;
    const slots: Slot<Writing>[] = mutations.map(({ schema, key }, index) => ({
      index,
      trace: `m${String(index)}`,
      mutation: { schema, key, sent: {} },
    }));
    const request: BatchRequest<Writing> = {
      path: api.objects(first.schema.object, '/batch/archive'),
      input: (slot) => ({ id: slot.mutation.key }),
      valid: () => true,
      take: async (sent) => {
        const seen = await readBack(api, sent, results, call);
        for (const slot of sent) {
          const { key } = slot.mutation;
          if (!seen.has(key)) continue;
          results.set(
            slot,
            seen.get(key)?.id === key
              ? { status: 'failed', message: 'HubSpot reported success, but the record still exists' }
              : { status: 'applied', key },
          );
        }
        return {};
      },
    };
    await sendBatch(api, slots, request, results, call);
  });
}
