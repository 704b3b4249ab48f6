import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore } from '../../src/store/index.js';
import { storeContract } from '../contracts/store.js';
import { ODD_DEFAULTS } from '../support/postgres-defaults.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { databaseState, freshUrl, move } from './postgres-support.js';

/** A user would lose: a plan that is read as something else, where sessions of the database begin with other settings. */

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '300' } });
  database = await server.createDatabase();
  for (const [name, value] of Object.entries(ODD_DEFAULTS)) await server.sql('postgres', `ALTER DATABASE ${database} SET ${name} = ${value}`);
});
afterAll(() => server.stop());

storeContract('PostgreSQL whose sessions begin with odd settings', () => Promise.resolve(databaseState(server, database)));

test('a plan that is moved from there is the same', async () => {
  const [from, to] = [freshUrl(server, database), freshUrl(server, await server.createDatabase())];
  const open = async (url: string) => {
    const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
    onTestFinished(async () => await store.close());
    return store;
  };
  const lines = ['{"a":"é\\\\ß"}', '{"b":"\\u0000"}'];
  await (await open(from)).ledger('plans', 'p1').write(lines);
  await move(from, to);
  const read: string[] = [];
  for await (const line of (await open(to)).ledger('plans', 'p1').read()) read.push(line);
  expect(read.filter((line) => line !== '')).toEqual(lines);
});
