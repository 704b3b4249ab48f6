import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { openPlatform, type Platform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';

/**
 * A user would lose: hours before a command that does not answer. Networks let connections fall without a word: an address
 * translation that was idle for too long, a tunnel, a laptop that slept.
 */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
});
afterAll(() => server.stop());

interface Bench {
  readonly platform: Platform;
  readonly proxy: TcpProxy;
  readonly database: string;
}

/** A table with a few rows behind a proxy; `options` and `limits`: of the platform. */
async function bench(options: Readonly<Record<string, string>> = {}, limits: Readonly<Record<string, string>> = {}): Promise<Bench> {
  const database = await server.createDatabase(
    `CREATE TABLE people (id bigint PRIMARY KEY, name text); INSERT INTO people SELECT i, 'n' || i FROM generate_series(1, 50) AS i`,
  );
  const proxy = await startProxy(server);
  const platform = await openPlatform(
    {
      name: 'warehouse',
      connector: 'postgres',
      environment: 'sandbox',
      url: `postgres://postgres@127.0.0.1:${String(proxy.port)}/${database}`,
      credentials: {},
      limits: { wait: '60s', ...limits },
      options: { silence: '300ms', connect_timeout: '60s', lock_timeout: '0s', ...options },
    },
    { secret: async () => await Promise.resolve(''), clock: systemClock, writes: 'private' },
  );
  onTestFinished(async () => {
    proxy.heal();
    await platform.connector.close();
    await proxy.stop();
  });
  return { platform, proxy, database };
}

/** Holds the table, so that whoever reads it waits; gives what lets it go. */
async function hold(database: string): Promise<() => Promise<void>> {
  const client = await server.connect(database);
  await client.query('BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE');
  return async () => {
    await client.query('ROLLBACK');
    await client.end();
  };
}

/** Waits until a statement on the table waits for a lock. */
async function waitsForLock(database: string): Promise<string> {
  for (;;) {
    const [row] = await server.sql('postgres', `SELECT pid::text FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [database]);
    if (row !== undefined) return row['pid'] ?? '';
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Reads the whole table in one of two ways. */
const READS = {
  'by records': async ({ connector }: Platform): Promise<number> => {
    const schema = await schemaOf(connector);
    let rows = 0;
    for await (const batch of connector.read({ schema })) rows += batch.records.length;
    return rows;
  },
  'by lines': async ({ connector }: Platform): Promise<number> => {
    const schema = await schemaOf(connector);
    let lines = 0;
    for await (const batch of connector.readLines?.(schema) ?? []) lines += batch.ends.length;
    return lines;
  },
} as const;

async function schemaOf(connector: Platform['connector']): Promise<ObjectSchema> {
  const [schema] = (await connector.describe(['public.people'])).objects;
  if (schema === undefined) throw new Error('no table');
  return schema;
}

describe.each(Object.entries(READS))('a table read %s', (way, read) => {
  test('that the server works on for long is waited for', async () => {
    const { platform, database } = await bench();
    const letGo = await hold(database);
    const reading = read(platform);
    await waitsForLock(database);
    // Several looks at it long, by the same clock.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await letGo();
    expect(await reading).toBe(50);
  });

  test('is read again where the answer was lost on its way, or the news that the connection has ended', async () => {
    for (const lost of ['answer', 'end'] as const) {
      const { platform, proxy, database } = await bench();
      const letGo = await hold(database);
      const reading = read(platform).catch((error: unknown) => error);
      const pid = await waitsForLock(database);
      proxy.forget();
      if (lost === 'end') await server.sql('postgres', 'SELECT pg_terminate_backend($1)', [pid]);
      await letGo();
      const result = await reading;
      // Lines that were handed on cannot be read again: then it is told.
      if (result !== 50 && way === 'by lines') expect(result).toMatchObject({ code: 'platform-unreachable' });
      else expect(result).toBe(50);
      expect(await read(platform)).toBe(50);
    }
  });
});

test('a table that is read is given up where nothing comes any longer, and nobody answers', async () => {
  const { platform, proxy, database } = await bench({ connect_timeout: '5s' }, { wait: '0s' });
  const letGo = await hold(database);
  const reading = READS['by records'](platform).catch((error: unknown) => error);
  await waitsForLock(database);
  proxy.blackHole();
  expect(await reading).toMatchObject({ code: 'platform-unreachable' });
  await letGo();
});

test('a write whose answer was lost so is in doubt, holds no lock any more, and reading tells what became of it', async () => {
  const { platform, proxy, database } = await bench();
  const schema = await schemaOf(platform.connector);
  const client = await server.connect(database);
  await client.query('BEGIN; SELECT * FROM people WHERE id = 7 FOR UPDATE');
  const writing = platform.connector.write([{ action: 'update', schema, key: '7', set: { name: 'new' }, expect: { name: 'n7' } }]);
  await waitsForLock(database);
  proxy.forget();
  await client.query('ROLLBACK');
  await client.end();
  const [result] = await writing;
  const [row] = await server.sql(database, 'SELECT name FROM people WHERE id = 7');
  expect(['applied', 'in_doubt']).toContain(result?.status);
  if (result?.status === 'applied') expect(row?.['name']).toBe('new');
  // Nothing is left at work that would hold up whoever comes next.
  await server.sql(database, "SET lock_timeout = '2s'; UPDATE people SET name = 'after' WHERE id = 7");
});

test('a request that a server works on for long is waited for where the address leads to another server by then', async () => {
  const { platform, proxy, database } = await bench();
  const other = await startPostgres();
  onTestFinished(() => other.stop());
  await other.sql('postgres', `CREATE DATABASE ${database}`);
  const letGo = await hold(database);
  const reading = READS['by lines'](platform);
  await waitsForLock(database);
  proxy.lead(other);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await letGo();
  expect(await reading).toBe(50);
});

test('who takes in what comes so slowly that nothing comes for long is not cut off', async () => {
  const { platform, database } = await bench();
  await server.sql(database, "INSERT INTO people SELECT i, repeat('x', 400) FROM generate_series(51, 20000) AS i");
  const schema = await schemaOf(platform.connector);
  let lines = 0;
  for await (const batch of platform.connector.readLines?.(schema) ?? []) {
    if (lines === 0) await new Promise((resolve) => setTimeout(resolve, 3000));
    lines += batch.ends.length;
  }
  expect(lines).toBe(20_000);
});
