import type { CallOptions } from '../../../lib/index.js';
import { compareKeys, type ObjectSchema } from '../../../records/index.js';
import { wantsHistory } from '../../decide/attribution.js';
import { differing, isLink } from '../../decide/conflicts.js';
import { isNewKey } from '../../records/new-keys.js';
import type { ObjectThenAndNow, PlanContext } from '../context.js';
import type { Difference } from './differences.js';
import type { Batch } from './in-batches.js';
import { readLive } from './live.js';
import { readPlain, type Read } from './plain.js';

/** A batch with what the platform says of its keys. */
export interface LiveBatch extends Batch, Read {}

/** Records whose live state is read together. */
export function batchSizeOf({ platform, suspicion }: PlanContext): number {
  const { batch } = platform.connector.capabilities;
  return wantsHistory(suspicion) ? batch.history : batch.read;
}

/**
 * Reads live for the keys of a batch, with the history of what differs where that can tell something. No request for no
 * keys.
 */
export async function readBatch(context: PlanContext, type: ObjectThenAndNow, batch: Batch, options: CallOptions): Promise<LiveBatch> {
  const schema = type.live;
  const fields = wantsHistory(context.suspicion)
    ? historyFields(schema, batch.differences, context.platform.connector.capabilities.tellsDeletions === true)
    : [];
  const read = (fields.length === 0 ? await readPlain(context, type, batch.differences, options) : undefined) ?? {
    live: await readLive(context.platform, schema, keysOf(batch.differences), fields, options),
  };
  const { live } = read;
  const isGone = (difference: Difference): boolean =>
    !live.records.has(difference.key) && !live.aliases.has(difference.key) && !isNewKey(schema, difference.key) && difference.base !== undefined;
  const gone = batch.differences.filter(isGone);
  const { connector } = context.platform;
  if (gone.length === 0 || !schema.undelete || connector.undeletable === undefined) return { ...batch, ...read };
  const undeletable = await connector.undeletable(schema, keysOf(gone), options);
  return { ...batch, ...read, live: { ...live, undeletable } };
}

/** Names of the fields whose history is asked for, sorted. */
function historyFields(schema: ObjectSchema, differences: readonly Difference[], tellsDeletions: boolean): readonly string[] {
  const fields = new Set<string>();
  const known = new Set(schema.fields.map((field) => field.name));
  for (const difference of differences) for (const name of differingIn(difference)) if (known.has(name) && !isLink(schema, name)) fields.add(name);
  // The history of any field tells who created a record, and on some platforms who deleted it.
  const first = schema.fields[0]?.name;
  const isTold = (difference: Difference): boolean =>
    difference.cells === undefined && (difference.base === undefined || (tellsDeletions && difference.damaged === undefined));
  if (fields.size === 0 && first !== undefined && differences.some(isTold)) fields.add(first);
  return [...fields].sort(compareKeys);
}

/** Names of the fields in which the two snapshots of a record differ, watched ones among them. */
function differingIn(difference: Difference): readonly string[] {
  if (difference.cells !== undefined) return difference.cells.map(({ name }) => name);
  const { base, damaged, watched } = difference;
  return base === undefined || damaged === undefined ? [] : [...differing(base, damaged), ...differing(watched.base ?? {}, watched.damaged ?? {})];
}

function keysOf(differences: readonly Difference[]): readonly string[] {
  return differences.map(({ key }) => key);
}
