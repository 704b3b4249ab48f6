import type { CallOptions } from '../../../lib/index.js';
import { compareKeys, type ObjectSchema } from '../../../records/index.js';
import { wantsHistory } from '../../decide/attribution.js';
import { differing, isLink } from '../../decide/conflicts.js';
import { isNewKey } from '../../records/new-keys.js';
import type { PlanContext } from '../context.js';
import type { Difference } from './differences.js';
import type { Batch } from './in-batches.js';
import { readLive, type LiveRecords } from './live.js';

/** A batch with what the platform says of its keys. */
export interface LiveBatch extends Batch {
  readonly live: LiveRecords;
}

/** Records whose live state is read together. */
export function batchSizeOf({ platform, suspicion }: PlanContext): number {
  const { batch } = platform.connector.capabilities;
  return wantsHistory(suspicion) ? batch.history : batch.read;
}

/**
 * Reads live for the keys of a batch, with the history of what differs where that can tell something. No request for no
 * keys.
 */
export async function readBatch(context: PlanContext, schema: ObjectSchema, batch: Batch, options: CallOptions): Promise<LiveBatch> {
  const keys = batch.differences.map(({ key }) => key);
  const fields = wantsHistory(context.suspicion)
    ? historyFields(schema, batch.differences, context.platform.connector.capabilities.tellsDeletions === true)
    : [];
  const live = await readLive(context.platform, schema, keys, fields, options);
  const isGone = ({ key, base }: Difference): boolean =>
    base !== undefined && !live.records.has(key) && !live.aliases.has(key) && !isNewKey(schema, key);
  const gone = batch.differences.filter(isGone);
  const { connector } = context.platform;
  if (gone.length === 0 || !schema.undelete || connector.undeletable === undefined) return { ...batch, live };
  const undeletable = await connector.undeletable(
    schema,
    gone.map(({ key }) => key),
    options,
  );
  return { ...batch, live: { ...live, undeletable } };
}

/** Names of the fields whose history is asked for, sorted. */
function historyFields(schema: ObjectSchema, differences: readonly Difference[], tellsDeletions: boolean): readonly string[] {
  const fields = new Set<string>();
  const known = new Set(schema.fields.map((field) => field.name));
  for (const { base, damaged, watched } of differences)
    if (base !== undefined && damaged !== undefined)
      for (const name of [...differing(base, damaged), ...differing(watched.base ?? {}, watched.damaged ?? {})])
        if (known.has(name) && !isLink(schema, name)) fields.add(name);
  // The history of any field tells who created a record, and on some platforms who deleted it.
  const first = schema.fields[0]?.name;
  const isTold = ({ base, damaged }: Difference): boolean => base === undefined || (tellsDeletions && damaged === undefined);
  if (fields.size === 0 && first !== undefined && differences.some(isTold)) fields.add(first);
  return [...fields].sort(compareKeys);
}
