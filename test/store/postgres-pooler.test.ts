import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore, type Store } from '../../src/store/index.js';
import { storeContract } from '../contracts/store.js';
import { everywhere, hasPooler, startPooler, type TestPooler } from '../support/pooler.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { databaseState, freshUrl } from './postgres-support.js';

/** A user would lose: a lock, or lines of a journal, to a pooler that gives each statement another connection. */

const there = hasPooler('the store behind a pooler');
describe.skipIf(!there)('pgbouncer that gives each transaction another connection', () => {
  let server: TestPostgres;
  let database: string;
  let pooler: TestPooler;
  let port = 0;
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: '300' } });
    database = await server.createDatabase();
    pooler = await startPooler(server, {}, { narrow: `dbname=${database} pool_size=2` });
    ({ port } = pooler);
  });
  afterAll(async () => {
    await pooler.stop();
    await server.stop();
  });

  storeContract('PostgreSQL behind a pooler', () => Promise.resolve(databaseState(server, database, port)));

  test('a statement that another workspace named on a connection is never taken for its own', async () => {
    const open = async (): Promise<Store> => {
      const store = await openStore(freshUrl(server, 'narrow', port), { clock: systemClock, redactor: new Redactor() });
      onTestFinished(async () => await store.close());
      return store;
    };
    /** Holds whichever of the two connections is free. */
    const hold = async (): Promise<() => Promise<void>> => {
      const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'narrow' });
      await client.connect();
      await client.query('BEGIN');
      return async () => await client.end();
    };
    const [one, other] = [(await open()).document('notes', 'a'), (await open()).document('notes', 'a')];
    const endFirst = await hold();
    await one.update(() => 'one');
    const endSecond = await hold();
    await endFirst();
    await other.update(() => 'other');
    // The connection that is free now is the one on which the other workspace has named its statements.
    expect(await one.read()).toBe('one');
    await one.update(() => 'one, changed');
    await endSecond();
    expect([await one.read(), await other.read()]).toEqual(['one, changed', 'other']);
  });

  test('whoever waits leaves nothing on a connection that another client has next', async () => {
    const store = await openStore(freshUrl(server, database, port), { clock: systemClock, redactor: new Redactor() });
    onTestFinished(async () => await store.close());
    await store.agenda('pages').add(new Date(), 'one');
    for (let n = 0; n < 3; n += 1) await store.wake(new AbortController().signal, 300);
    expect(await everywhere(port, database, 3, 'SELECT pg_listening_channels() AS channel')).toEqual([[], [], []]);
  });

  test('options that are meant for psql are not sent: a pooler would refuse them', async () => {
    vi.stubEnv('PGOPTIONS', '-c search_path=elsewhere');
    onTestFinished(() => void vi.unstubAllEnvs());
    const store = await openStore(freshUrl(server, database, port), { clock: systemClock, redactor: new Redactor() });
    onTestFinished(async () => await store.close());
    await store.document('notes', 'a').update(() => 'one');
    expect(await store.document('notes', 'a').read()).toBe('one');
  });

  test('the work of several daemons is shared behind it too', async () => {
    const store = await openStore(freshUrl(server, database, port), { clock: systemClock, redactor: new Redactor() });
    const work = store.sharedWork?.();
    const done: string[] = [];
    for (const name of ['a', 'b', 'a']) await work?.offer('backups', name);
    await work?.take('backups', 2, async (name) => void done.push(await Promise.resolve(name)));
    while (done.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done.toSorted()).toEqual(['a', 'b']);
    await work?.close();
    await store.close();
  });
});
