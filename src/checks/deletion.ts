import type { Connector, MutationResult } from '../connectors/index.js';
import { type CallOptions, chunksOf } from '../lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../records/index.js';

/** A record of which the platform did not say that it is gone. */
export interface NotDeleted {
  readonly key: string;
  readonly result: Exclude<MutationResult, { status: 'applied' }>;
}

/** Deletes records, in batches as large as the platform takes. Whether one that is in doubt is gone is for the caller to look up. */
export async function deleteRecords(
  connector: Connector,
  schema: ObjectSchema,
  records: readonly PlatformRecord[],
  call: CallOptions,
): Promise<readonly NotDeleted[]> {
  const left: NotDeleted[] = [];
  for (const some of chunksOf(records, connector.capabilities.batch.delete)) {
    const results = await connector.write(
      some.map(({ key, fields }) => ({ action: 'delete' as const, schema, key, expect: fields })),
      call,
    );
    for (const [index, result] of results.entries()) {
      const key = some[index]?.key;
      if (key !== undefined && result.status !== 'applied') left.push({ key, result });
    }
  }
  return left;
}
