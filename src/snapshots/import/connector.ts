import type { Capabilities, Connector, PlatformSchema, RecordBatch } from '../../connectors/index.js';
import { RunbackError } from '../../lib/index.js';
import type { Link, PlatformRecord } from '../../records/index.js';

const BATCH = 500;

/**
 * A file as a connector that reads: the object type as the platform describes it, the records of the file, no links and
 * no census. Everything else cannot happen to it.
 */
export function fileConnector(live: Connector, schema: PlatformSchema, file: string, records: () => AsyncIterable<PlatformRecord>): Connector {
  const capabilities: Capabilities = { ...live.capabilities, consistentRead: false, ordered: false, history: 'none', census: false };
  const never = (): never => {
    throw new RunbackError('bug', 'A file was taken for a platform');
  };
  return {
    // What its values mean is what they mean on the platform.
    kind: live.kind,
    capabilities,
    identify: never,
    describe: async () => await Promise.resolve(schema),
    read: () => inBatches(records()),
    readLinks: () => noLinks(file),
    write: never,
    findCreated: never,
    usage: never,
    close: async () => await Promise.resolve(),
  };
}

async function* inBatches(records: AsyncIterable<PlatformRecord>): AsyncGenerator<RecordBatch> {
  let batch: PlatformRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    yield { records: batch };
    batch = [];
  }
  if (batch.length > 0) yield { records: batch };
}

// eslint-disable-next-line require-yield -- it has none to give.
export async function* noLinks(file: string): AsyncGenerator<readonly Link[]> {
  await Promise.resolve();
  throw new RunbackError('scope-missing', `${file} holds no links`);
}
