import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore } from '../../src/store/index.js';
import { startPostgres, type TestPostgres, WANTED_POSTGRES } from '../support/postgres.js';
import { freshUrl } from './postgres-support.js';

/**
 * A user would lose: a page that nobody sends, since the queue of notifications of the database's server is full: of all its databases
 * there is one, and a single session that listens and stays in a transaction keeps it from being emptied.
 */

/** The first version whose queue can be made small; before, it takes 8 GB to fill. */
const SMALL_QUEUE = 17;
const isTooOld = WANTED_POSTGRES !== undefined && Number(WANTED_POSTGRES) < SMALL_QUEUE;

let server: TestPostgres;
beforeAll(async () => {
  if (isTooOld) return;
  // 64 pages of 8 kB instead of a million.
  server = await startPostgres({ settings: { max_connections: '50', max_notify_queue_pages: '64' } });
});
afterAll(async () => {
  if (!isTooOld) await server.stop();
});

/** A session of somebody else's application, in another database of the server. */
async function stranger(database: string): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port: server.port, user: 'postgres', database });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => await client.end());
  return client;
}

/** Fills the queue; gives the words of the server when it takes no more. */
async function fillQueue(sender: Client): Promise<string> {
  const payload = 'x'.repeat(7900);
  for (let sent = 0; sent < 1000; sent += 1) {
    try {
      await sender.query('SELECT pg_notify($1, $2)', ['elsewhere', payload]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return 'never full';
}

test('what is due is added, and added once, while the queue of notifications is full', async ({ skip }) => {
  skip(isTooOld, `before PostgreSQL ${SMALL_QUEUE} the queue of notifications cannot be made small`);
  const [own, other] = [await server.createDatabase(), await server.createDatabase()];
  const store = await openStore(freshUrl(server, own), { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  const agenda = store.agenda('pages');
  const at = new Date('2026-03-01T08:00:00Z');
  await agenda.add(at, 'before');

  const listener = await stranger(other);
  await listener.query('LISTEN elsewhere');
  await listener.query('BEGIN');
  expect(await fillQueue(await stranger(other))).toContain('too many notifications in the NOTIFY queue');

  await agenda.add(at, 'page-1');
  await agenda.add(at, 'page-1');
  await agenda.add(at, 'page-2', { anew: true });
  expect((await agenda.due(at)).map(({ id }) => id).toSorted()).toEqual(['before', 'page-1', 'page-2']);

  await listener.query('ROLLBACK');
  await agenda.add(at, 'page-3');
  expect((await agenda.due(at)).length).toBe(4);
});
