import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { HubSpotApi } from '../wire/api.js';
import { isRecordPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { READ_BATCH } from './read.js';

/**
 * When records were archived, of those that HubSpot still has (90 days); see `Connector.deletedAt`. Who did it is in no
 * answer about a record: HubSpot tells that to Enterprise accounts only, in their audit log.
 *
 * Requests: one for 100 keys.
 */
export async function deletedAt(
  api: HubSpotApi,
  { object }: ObjectSchema,
  keys: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  const asked = keys.filter((key) => /^\d+$/u.test(key));
  for (const some of chunksOf(asked, READ_BATCH)) {
    const body = { properties: ['hs_object_id'], inputs: some.map((id) => ({ id })) };
    const page = (await api.ask(api.objects(object, '/batch/read?archived=true'), body, isRecordPage, call)) as WirePage<WireRecord>;
    const wanted = new Set(some);
    for (const { id, archived, archivedAt } of page.results) {
      const ms = Date.parse(archivedAt ?? '');
      if (archived === true && wanted.has(id) && !Number.isNaN(ms)) told.set(id, new Date(ms).toISOString());
    }
  }
  return told;
}
