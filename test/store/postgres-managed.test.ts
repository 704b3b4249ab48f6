import { afterAll, beforeAll, expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore, type Store } from '../../src/store/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { WITHHELD, withholdLog } from '../support/withheld.js';
import { freshUrl, move } from './postgres-support.js';

/** A user would lose: the state of a team, on a service that tells nothing of its log. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const maya = { by: 'maya', holder: 'run-1', purpose: 'a run' };

test.each(WITHHELD)('a service that tells nothing of its log (%s %s) holds a state; after another start, tokens are higher', async (...answer) => {
  const database = await server.createDatabase();
  await withholdLog(server, database, answer);
  const url = freshUrl(server, database);
  const schema = new URL(url).searchParams.get('schema') ?? '';
  const open = async (): Promise<Store> => await openStore(url, { clock: systemClock, redactor: new Redactor() });
  const store = await open();
  await store.document('notes', 'a').update(() => 'kept');
  const journal = await store.journal('runs', 'run-1').open(maya);
  await journal.append({ by: 'maya', type: 'run.started', data: {} });
  await journal.close();
  const lock = await store.lock('platform-a', maya);
  await lock.release();
  // Behind a pooler, nothing but the next lock can tell of another server.
  await server.sql(database, `UPDATE "${schema}".workspace SET timeline = 's20200101000000000000'`);
  const noted = await store.lock('platform-a', maya);
  expect(BigInt(noted.token)).toBeGreaterThan(BigInt(lock.token) + 1_000_000_000n);
  await noted.release();
  await store.close();
  // As after a failover: the server is not the one that was started then.
  await server.sql(database, `UPDATE "${schema}".workspace SET timeline = 's20200101000000000000'`);
  const later = await open();
  expect(await later.document('notes', 'a').read()).toBe('kept');
  const second = await later.lock('platform-a', maya);
  expect(BigInt(second.token)).toBeGreaterThan(BigInt(noted.token));
  await second.release();
  const again = await later.journal('runs', 'run-1').open(maya);
  await again.append({ by: 'maya', type: 'run.ended', data: {} });
  await again.close();
  const types: string[] = [];
  for await (const { type } of later.journal('runs', 'run-1').read()) types.push(type);
  expect(types).toEqual(['run.started', 'journal.repaired', 'run.ended']);
  await later.close();
  const to = freshUrl(server, database);
  await move(url, to);
  const moved = await openStore(to, { clock: systemClock, redactor: new Redactor() });
  expect(await moved.document('notes', 'a').read()).toBe('kept');
  await moved.close();
});
