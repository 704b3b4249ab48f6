import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { compareKeys, type PlatformRecord, recordLine } from '../../src/records/index.js';
import { openTestPlatform, readLinesOf, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { fullSweeps } from '../support/sweeps.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const MB = 1 << 20;

test('records are taken in by their length as well as by their number, each once and in order, in a view and outside of one', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE docs (id text PRIMARY KEY, v text); INSERT INTO docs SELECT n, repeat('x', CASE WHEN n BETWEEN 20 AND 43 THEN 2 ELSE 0 END * ${String(MB)}) || n FROM generate_series(1, 80) n`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['docs'] });
  try {
    const { connector } = platform;
    const schema = await schemaOf(connector, 'docs');
    const keys = Array.from({ length: 90 }, (_, i) => String(i + 1)).sort(compareKeys);
    const there = keys.filter((key) => Number(key) <= 80);
    const readers = {
      keys: () => connector.read({ schema, keys }),
      all: () => connector.read({ schema }),
    };
    for (const held of [false, true]) {
      if (held) await connector.beginRead?.();
      for (const [name, read] of Object.entries(readers)) {
        const lengths: number[] = [];
        const seen: PlatformRecord[] = [];
        for await (const { records } of read()) {
          lengths.push(records.reduce((sum, record) => sum + String(record.fields['v']).length, 0));
          seen.push(...records.map((record) => ({ ...record, fields: {} })));
          for (const record of records) expect(String(record.fields['v']).endsWith(record.key)).toBe(true);
        }
        expect([held, name, seen.map((record) => record.key)]).toEqual([held, name, there]);
        expect(Math.max(...lengths)).toBeLessThan(20 * MB);
      }
      if (held) await connector.endRead?.();
    }
    // What was stopped stops nothing that comes later.
    for (let i = 0; i < 20; i += 1) expect(await readRecords(connector, schema, ['1'])).toHaveLength(1);
  } finally {
    await platform.close();
  }
});

// A user would see a warning of the driver in the middle of a plan, and a read cancelled that was another's.
test('reads that are asked for at once go over the connection one after the other', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people SELECT n, 'Name ' || n FROM generate_series(1, 400) n`,
  );
  const script = fileURLToPath(new URL('../support/postgres-at-once.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--throw-deprecation',
    script,
    server.url(database),
    'public.people',
    '400',
  ]);
  expect([stdout.trim(), stderr]).toEqual(['400', '']);
});

test('a record of more than 64 MB is read, by key and as a line', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE docs (id int PRIMARY KEY, v text); INSERT INTO docs VALUES (1, 'a'), (2, repeat('x', 66 * ${String(MB)})), (3, 'c')`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['docs'] });
  try {
    const schema = await schemaOf(platform.connector, 'docs');
    const records = await readRecords(platform.connector, schema, ['1', '2', '3']);
    expect(records.map((record) => [record.key, String(record.fields['v']).length])).toEqual([
      ['1', 1],
      ['2', 66 * MB],
      ['3', 1],
    ]);
    const lines = await readLinesOf(platform.connector, schema);
    expect(lines.map((line) => line.length)).toEqual(records.map((record) => recordLine(record).length + 1));
  } finally {
    await platform.close();
  }
});

// Takes a minute and a gigabyte.
test.runIf(fullSweeps)(
  'a value that is longer than any text is refused alone, by the key of its record, and ends neither the process nor the connection',
  async () => {
    const database = await server.createDatabase(
      `CREATE TABLE docs (id int PRIMARY KEY, v bytea); INSERT INTO docs VALUES (1, 'a'), (2, decode(repeat('00', 280 * ${String(MB)}), 'hex')), (3, 'c')`,
    );
    const platform = await openTestPlatform(server, database, { objects: ['docs'] });
    try {
      const schema = await schemaOf(platform.connector, 'docs');
      const error: unknown = await readRecords(platform.connector, schema, ['1', '2', '3']).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'object-unsupported', message: expect.stringContaining('Record 2 of public.docs') });
      expect(await readRecords(platform.connector, schema, ['1', '3'])).toHaveLength(2);
    } finally {
      await platform.close();
    }
  },
);

test('a table of 1,600 columns is described and read', async () => {
  const names = Array.from({ length: 1599 }, (_, i) => `c${String(i)}`);
  const database = await server.createDatabase(
    `CREATE TABLE wide (id int PRIMARY KEY, ${names.map((name) => `${name} int`).join(', ')}); INSERT INTO wide (id, c0, c1598) VALUES (1, 7, 8), (2, NULL, 9)`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['wide'], modified: { by: 'c0', at: 'c1' } });
  try {
    const { connector } = platform;
    const schema = await schemaOf(connector, 'wide');
    expect(schema.fields).toHaveLength(1600);
    const records = await readRecords(connector, schema);
    expect(records.map((record) => [record.key, record.meta['c0'], record.fields['c1598']])).toEqual([
      ['1', 7, 8],
      ['2', null, 9],
    ]);
    expect(await readLinesOf(connector, schema)).toEqual(records.map((record) => `${recordLine(record)}\n`));
    const byKey: PlatformRecord[] = [];
    for await (const batch of connector.read({ schema, keys: ['1', '2'], history: ['c5'] })) byKey.push(...batch.records);
    expect(byKey).toEqual(records);
  } finally {
    await platform.close();
  }
});

test('the key that is an empty text, and keys of other kinds that are easily lost, are read back by themselves', async () => {
  for (const [type, keys] of Object.entries({
    text: ['', ' ', '[]', 'null', '01'],
    'char(3)': ['', 'a'],
    numeric: ['1.0', '2', '2.50'],
    'double precision': ['0.1', '1e+300', '-0'],
    bytea: ['', '\\x00'],
    'time with time zone': ['10:00:00+02'],
    boolean: ['t', 'f'],
  })) {
    const database = await server.createDatabase(`CREATE TABLE odd (id ${type} PRIMARY KEY, v text)`);
    for (const key of keys) await server.sql(database, `INSERT INTO odd VALUES (CAST($1::text AS ${type}), $1)`, [key]);
    const platform = await openTestPlatform(server, database, { objects: ['odd'] });
    try {
      const schema = await schemaOf(platform.connector, 'odd');
      const records = await readRecords(platform.connector, schema);
      expect([type, records.length]).toEqual([type, keys.length]);
      const again = await readRecords(
        platform.connector,
        schema,
        records.map((record) => record.key),
      );
      expect(again).toEqual(records);
      expect(await readLinesOf(platform.connector, schema)).toEqual(records.map((record) => `${recordLine(record)}\n`));
    } finally {
      await platform.close();
    }
  }
});

test('lines are the same as records whatever place of the stream a row begins at, also of rows that are longer than what is read at once', async () => {
  const database = await server.createDatabase(
    `CREATE TABLE docs (id int PRIMARY KEY, v text, w text); INSERT INTO docs SELECT n, repeat(md5(n::text), CASE WHEN n % 97 = 0 THEN 20000 ELSE n % 61 END) || E'\\t"\\n', CASE WHEN n % 3 > 0 THEN 'w' || n END FROM generate_series(1, 6000) n`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['docs'] });
  try {
    const { connector } = platform;
    const schema = await schemaOf(connector, 'docs');
    const records = await readRecords(connector, schema);
    expect(records).toHaveLength(6000);
    const expected = createHash('sha256');
    for (const record of records) expected.update(`${recordLine(record)}\n`);
    const digest = expected.digest('hex');
    // The connection is of use again after each, and what was read by key is not that of a later answer.
    for (let round = 0; round < 3; round += 1) {
      const lines = createHash('sha256');
      for await (const { bytes } of connector.readLines?.(schema) ?? []) lines.update(bytes);
      expect(lines.digest('hex')).toBe(digest);
      expect(await readRecords(connector, schema, ['97', '98'])).toEqual([records[96], records[97]]);
    }
  } finally {
    await platform.close();
  }
});
