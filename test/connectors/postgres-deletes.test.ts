import { afterAll, beforeAll, expect, test } from 'vitest';

import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** Deletes records of `leads` as they are now; gives the results. */
async function erase(database: string, keys: readonly string[]) {
  const platform = await openTestPlatform(server, database, { objects: ['leads'] });
  try {
    const schema = await schemaOf(platform.connector, 'leads');
    const records = new Map((await readRecords(platform.connector, schema)).map((record) => [record.key, record.fields]));
    return await platform.connector.write(keys.map((key) => ({ action: 'delete', schema, key, expect: records.get(key) ?? {} })));
  } finally {
    await platform.close();
  }
}

for (const rule of ['CASCADE', 'SET NULL', 'SET DEFAULT'])
  test(`a delete never goes on, by ON DELETE ${rule}, into records of a table that nobody named`, async () => {
    const database = await server.createDatabase(
      `CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads SELECT n, 'a' FROM generate_series(1, 4) n;
       CREATE SCHEMA "odd ""name"; CREATE TABLE "odd ""name"."the notes" (id int PRIMARY KEY, lead int DEFAULT 4 REFERENCES leads ON DELETE ${rule}, text text);
       INSERT INTO "odd ""name"."the notes" VALUES (1, 2, 'a year of work')`,
    );
    const results = await erase(database, ['1', '2', '3']);
    expect(results.map(({ status }) => status)).toEqual(['applied', 'moved', 'applied']);
    expect(await server.sql(database, 'SELECT * FROM "odd ""name"."the notes"')).toEqual([{ id: '1', lead: '2', text: 'a year of work' }]);
    expect(await server.sql(database, 'SELECT id FROM leads ORDER BY id')).toEqual([{ id: '2' }, { id: '4' }]);
  });

test('records of one batch that refer to each other are deleted, but not one with a reference from outside the batch', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (id int PRIMARY KEY, boss int REFERENCES leads ON DELETE CASCADE);
     INSERT INTO leads VALUES (1, NULL), (2, 1), (3, 2), (4, NULL), (5, 4), (6, 5)`,
  );
  const results = await erase(database, ['1', '2', '3', '4', '5']);
  expect(results.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied', 'moved', 'moved']);
  expect(await server.sql(database, 'SELECT id FROM leads ORDER BY id')).toEqual([{ id: '4' }, { id: '5' }, { id: '6' }]);
});

test('a reference that is made while the delete waits for it keeps the record', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads VALUES (1, 'a');
     CREATE TABLE notes (id int PRIMARY KEY, lead int REFERENCES leads ON DELETE CASCADE)`,
  );
  const other = await server.connect(database);
  try {
    await other.query('BEGIN');
    await other.query('INSERT INTO notes VALUES (1, 1)');
    const erasing = erase(database, ['1']);
    for (;;) {
      const [row] = await server.sql(
        'postgres',
        `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'runback' AND wait_event_type = 'Lock'`,
      );
      if (row?.['n'] !== '0') break;
    }
    await other.query('COMMIT');
    expect((await erasing).map(({ status }) => status)).toEqual(['moved']);
  } finally {
    await other.end();
  }
  expect(await server.sql(database, 'SELECT lead FROM notes')).toEqual([{ lead: '1' }]);
});

test('a constraint that is checked at the end of the transaction costs only the record it is about', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE leads (id int PRIMARY KEY, v text UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO leads SELECT n, 'v' || n FROM generate_series(1, 6) n`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['leads'] });
  try {
    const schema = await schemaOf(platform.connector, 'leads');
    const results = await platform.connector.write(
      ['1', '2', '3'].map((key) => ({
        action: 'update' as const,
        schema,
        key,
        set: { v: key === '2' ? 'v6' : `new${key}` },
        expect: { v: `v${key}` },
      })),
    );
    expect(results).toMatchObject([{ status: 'applied' }, { status: 'rejected', reason: 'unique-taken' }, { status: 'applied' }]);
  } finally {
    await platform.close();
  }
  expect((await server.sql(database, 'SELECT v FROM leads ORDER BY id')).map((row) => row['v'])).toEqual(['new1', 'v2', 'new3', 'v4', 'v5', 'v6']);
});
