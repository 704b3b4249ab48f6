import { type Connector, openPlatform, type Platform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../src/records/index.js';
import type { PlatformConfig } from '../../src/workspace/index.js';
import type { TestPostgres } from './postgres.js';

/** Opens the connector on a test database, as the command line would. */
export function openTestPlatform(server: Pick<TestPostgres, 'url'>, database: string, changes: Partial<PlatformConfig> = {}): Promise<Platform> {
  const config: PlatformConfig = {
    name: 'warehouse',
    connector: 'postgres',
    environment: 'sandbox',
    url: server.url(database),
    credentials: {},
    limits: { wait: '300ms' },
    options: {},
    ...changes,
  };
  return openPlatform(config, { secret: async (ref) => ref, clock: systemClock, writes: 'private' });
}

export async function schemaOf(connector: Connector, object: string): Promise<ObjectSchema> {
  const schema = (await connector.describe([object])).objects[0];
  if (schema === undefined) throw new Error(`${object} is not described`);
  return schema;
}

export async function readRecords(connector: Connector, schema: ObjectSchema, keys?: readonly string[]): Promise<PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of connector.read({ schema, ...(keys === undefined ? {} : { keys }) })) records.push(...batch.records);
  return records;
}

export async function readLinesOf(connector: Connector, schema: ObjectSchema): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of connector.readLines?.(schema) ?? []) {
    let start = 0;
    for (const end of batch.ends) {
      lines.push(batch.bytes.toString('utf8', start, end));
      start = end;
    }
  }
  return lines;
}
