import { type CallOptions, isRunbackError } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { BetweenRequest, BetweenSample, WrittenBatch, WrittenRequest } from '../../connector.js';
import type { HubSpotApi } from '../wire/api.js';
import { countAll, freshKeys, modifiedProperty, someBetween } from './changed.js';
import { readArchivedAt, readKeys } from './read.js';

/** HubSpot stores some times in whole seconds, and a record may count as modified a little before its history says so. */
const BEFORE_MS = 5000;
/**
 * From this share of all records on, listing all is cheaper than searching for those that changed: a search gives 200 a
 * request and four or five requests a second, a list 100 and as many as the account may send.
 */
const MOST_OF_ALL = 0.9;

/**
 * Keys of the records that may have been written since a time; see `Connector.writtenSince`. A later write only moves
 * the time of a record's last change further on, so that a search without an end finds it all the same.
 *
 * Requests: two, one for 200 changed records or one for 100 of all, one for 100 archived ones.
 */
export async function* writtenSince(
  api: HubSpotApi,
  { schema, since, only }: WrittenRequest,
  lagMs: number,
  call: CallOptions,
): AsyncGenerator<WrittenBatch> {
  const from = new Date(since.getTime() - BEFORE_MS);
  const counts = await countsOf(api, schema, from, call);
  if (counts !== undefined) yield { total: counts.total };
  if (counts !== undefined && only === 'total') return;
  const given = new Set<string>();
  if (counts === undefined || counts.changed > counts.total * MOST_OF_ALL) yield* everyKey(api, schema, given, call);
  else
    for await (const fresh of freshKeys(api, schema, from, lagMs, given, call))
      if (fresh === 'all') yield* everyKey(api, schema, given, call);
      else yield { keys: fresh };
  if (counts === undefined) yield { total: given.size };
  if (only !== undefined) return;
  let deleted = 0;
  for await (const times of readArchivedAt(api, schema.object, call)) deleted += times.filter((at) => at >= since.getTime()).length;
  yield { deleted };
}

async function* everyKey(api: HubSpotApi, { object }: ObjectSchema, given: Set<string>, call: CallOptions): AsyncGenerator<WrittenBatch> {
  for await (const page of readKeys(api, object, call)) {
    const keys = page.filter((key) => !given.has(key));
    for (const key of keys) given.add(key);
    yield { keys };
  }
}

/** Records whose last change lies in a stretch of time, the latest first, at most 200; see `Connector.writtenBetween`. */
export async function writtenBetween(
  api: HubSpotApi,
  { schema, from, to, most }: BetweenRequest,
  call: CallOptions,
): Promise<BetweenSample | undefined> {
  if (!schema.fields.some(({ name }) => name === modifiedProperty(schema))) return undefined;
  try {
    return await someBetween(api, schema, from, to, most, call);
  } catch (error) {
    if (isRunbackError(error, 'platform-rejected')) return undefined;
    throw error;
  }
}

/** Undefined where HubSpot cannot search an object type, or does not tell when its records were changed. */
async function countsOf(
  api: HubSpotApi,
  schema: ObjectSchema,
  since: Date,
  call: CallOptions,
): Promise<{ readonly total: number; readonly changed: number } | undefined> {
  if (!schema.fields.some(({ name }) => name === modifiedProperty(schema))) return undefined;
  try {
    const [total, changed] = [await countAll(api, schema, call), await countAll(api, schema, call, since)];
    return total === undefined || changed === undefined ? undefined : { total, changed };
  } catch (error) {
    if (isRunbackError(error, 'platform-rejected')) return undefined;
    throw error;
  }
}
