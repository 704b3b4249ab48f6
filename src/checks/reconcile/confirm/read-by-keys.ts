import type { Connector } from '../../../connectors/index.js';
import { type CallOptions, chunksOf } from '../../../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../records/index.js';

/** Records as they are now, by key, and where merged ones went. */
export interface ReadNow {
  readonly records: ReadonlyMap<string, PlatformRecord>;
  /** Old key to present key. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Those of some records that exist, in as few calls as the platform allows. */
export async function readByKeys(connector: Connector, schema: ObjectSchema, keys: readonly string[], call: CallOptions): Promise<ReadNow> {
  const records = new Map<string, PlatformRecord>();
  const aliases = new Map<string, string>();
  for (const some of chunksOf([...new Set(keys)], connector.capabilities.batch.read))
    for await (const batch of connector.read({ schema, keys: some }, call)) {
      for (const record of batch.records) records.set(record.key, record);
      for (const [old, now] of batch.aliases ?? []) aliases.set(old, now);
    }
  return { records, aliases };
}
