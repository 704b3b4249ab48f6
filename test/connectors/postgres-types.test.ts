import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { compareIn, compareKeys, keyOf, recordLine } from '../../src/records/index.js';
import { openTestPlatform, readLinesOf, readRecords, schemaOf } from '../support/postgres-connector.js';
import { installedPostgres, startPostgres, type TestPostgres, WANTED_POSTGRES } from '../support/postgres.js';
import { sharedDataDir } from '../support/shared-data.js';

/** Each type with values that lose something when they pass through a number, a date or a careless parser. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '0'],
  bigint: ['9223372036854775807', '-9223372036854775808', '9007199254740993'],
  numeric: ['0.1000', '-1234567890123456789012345678901234567890.00000000000000000000000000001', 'NaN', 'Infinity', '1e400'],
  'numeric(12,2)': ['1.50', '-0.01'],
  real: ['1.1', '-0', 'NaN', '-Infinity', '1.17549435e-38'],
  'double precision': ['0.1', '-0', '2.2250738585072014e-308', '0.30000000000000004', 'Infinity'],
  money: ['12.34', '-92233720368547758.08'],
  boolean: ['true', 'false'],
  text: ['', ' ', 'NULL', '\\N', '\\', '"', `tab\tline\nreturn\r\b\f\v\u0001\u001f\u007f`, '漢字 \u{10ffff} \u2028'],
  'varchar(20)': ['', 'trailing   '],
  'char(5)': ['ab', '     ', ''],
  name: ['some_name'],
  '"char"': ['x'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  date: ['4714-11-24 BC', '0044-03-15 BC', '5874897-12-31', 'infinity', '-infinity', '2024-02-29'],
  timestamp: ['2024-03-31 02:30:00.123456', 'infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999'],
  timestamptz: ['2024-03-31 02:30:00.123456+05:30', '-infinity', '1883-11-18 12:03:58-04:56:02', '2024-10-27 01:30:00+00'],
  'timestamptz(0)': ['2024-01-01 00:00:00+00'],
  time: ['24:00:00', '23:59:59.999999', '00:00:00'],
  timetz: ['24:00:00-15:59', '12:34:56.789+13'],
  interval: ['1 year 2 mons -3 days +04:05:06.789', '-1 mons +1 day -00:00:00.000001', '178000000 years', '00:00:00'],
  json: ['{"b": 1,  "a": [1.0, 1e400, 12345678901234567890], "a": 2}', 'null', '"\\u0041"'],
  jsonb: ['{"b": 1, "a": [1.0, 12345678901234567890]}', 'null', '1.10', '"\\\\ \\" 漢"'],
  bytea: ['\\x', '\\x00ff5c22270a'],
  'integer[]': ['{}', '{1,NULL,-3}', '[0:1]={5,6}', '{{1,2},{3,4}}'],
  'text[]': ['{}', '{"",NULL,"NULL","a,b","{}","quote \\" back \\\\ slash"}'],
  'numeric(6,2)[]': ['{1.50,NULL}'],
  mood: ['sad', 'so so', 'tab\there'],
  'mood[]': ['{sad,"so so"}'],
  int4range: ['empty', '[1,10)', '(,5)'],
  numrange: ['(0.10,1.200]', '(,)'],
  tstzrange: ['["2024-01-01 00:00:00+00","2024-02-01 00:00:00+00")'],
  datemultirange: ['{[2024-01-01,2024-02-01),[2024-03-01,)}', '{}'],
  inet: ['192.168.0.1', '192.168.0.0/24', '::1/64'],
  cidr: ['10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  'bit(4)': ['0101'],
  varbit: ['', '1011100'],
  point: ['(1.1,-2)', '(NaN,Infinity)'],
  box: ['(2,2),(1,1)'],
  polygon: ['((0,0),(1,1.5),(2,0))'],
  circle: ['<(1,2),3>'],
  path: ['[(0,0),(1,1)]', '((0,0),(1,1))'],
  line: ['{1,2,3}'],
  lseg: ['[(0,0),(1,1)]'],
  tsvector: [`'a':1A 'b''c':2`, ''],
  tsquery: [`'a' & !'b'`, ''],
  pg_lsn: ['16/B374D848'],
  oid: ['4294967295'],
  jsonpath: ['$."a"[*]?(@ > 1)'],
  xml: ['<a b="1">ü &amp; </a>'],
  positive: ['12345678901234567890.10'],
  short: ['abc'],
  address: ['("Main St ""1""",12,)', '(,,)', '("a,b",0,2024-01-01)'],
  'address[]': ['{"(a,1,)","(,,)"}'],
};

const MAKE = `
  CREATE TYPE mood AS ENUM ('sad', 'so so', E'tab\\there', 'unused');
  CREATE DOMAIN positive AS numeric(24,2) CHECK (VALUE > 0);
  CREATE DOMAIN short AS varchar(3);
  CREATE TYPE address AS (street text, number int, since date);
`;

const versions = new Map<string, string | undefined>([
  [WANTED_POSTGRES ?? 'the one from npm', undefined],
  ...(WANTED_POSTGRES === undefined ? [...installedPostgres()] : []).map(([major, bin]): [string, string] => [
    `${String(major)} installed here`,
    bin,
  ]),
]);

describe.each([...versions])('PostgreSQL %s', (_, binDir) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres(binDir === undefined ? {} : { binDir });
  });
  afterAll(() => server.stop());

  test('every type comes out and goes back in with every digit, letter and byte', async () => {
    const hasXml =
      (await server.sql('postgres', `SELECT count(*) AS n FROM pg_settings WHERE name = 'xmloption'`))[0]?.['n'] === '1' && (await canXml(server));
    const types = Object.entries(TYPES).filter(([type]) => type !== 'xml' || hasXml);
    const columns = types.map(([type], i) => `c${String(i)} ${type}`).join(', ');
    const database = await server.createDatabase(`${MAKE} CREATE TABLE everything (id int PRIMARY KEY, ${columns})`);
    const rows = Math.max(...types.map(([, values]) => values.length)) + 1;
    for (let row = 0; row < rows; row += 1) {
      const values = types.map(([, each]) => each[row] ?? null);
      await server.sql(database, `INSERT INTO everything VALUES (${[row, ...values.map((_value, i) => `$${String(i + 1)}`)].join(', ')})`, values);
    }
    const truth = `SELECT md5(string_agg(e::text, '|' ORDER BY id)) AS digest FROM everything e`;
    const before = await server.sql(database, truth);

    const platform = await openTestPlatform(server, database);
    const { connector } = platform;
    const schema = await schemaOf(connector, 'everything');
    const records = await readRecords(connector, schema);
    expect(records).toHaveLength(rows);
    expect(await readLinesOf(connector, schema)).toEqual(records.map((record) => `${recordLine(record)}\n`));
    expect(
      await readRecords(
        connector,
        schema,
        records.map((record) => record.key),
      ).then((some) => new Set(some.map(recordLine))),
    ).toEqual(new Set(records.map(recordLine)));

    // Emptied and written back, field by field, each only where it still is what was read.
    const emptied = await connector.write(
      records.map((record) => ({
        action: 'update',
        schema,
        key: record.key,
        expect: record.fields,
        set: Object.fromEntries(Object.keys(record.fields).map((name) => [name, null])),
      })),
    );
    expect(emptied.filter((result) => result.status !== 'applied')).toEqual([]);
    const empty = await readRecords(connector, schema);
    expect(empty).toHaveLength(records.length);
    expect(empty.flatMap((record) => Object.values(record.fields)).filter((value) => value !== null)).toEqual([]);
    const restored = await connector.write(
      records.map((record) => ({
        action: 'update',
        schema,
        key: record.key,
        set: record.fields,
        expect: Object.fromEntries(Object.keys(record.fields).map((name) => [name, null])),
      })),
    );
    expect(restored.filter((result) => result.status !== 'applied')).toEqual([]);
    expect(await server.sql(database, truth)).toEqual(before);

    // Deleted and created again with its old key.
    const deleted = await connector.write(records.map((record) => ({ action: 'delete', schema, key: record.key, expect: record.fields })));
    expect(deleted.filter((result) => result.status !== 'applied')).toEqual([]);
    expect(await readRecords(connector, schema)).toEqual([]);
    const created = await connector.write(records.map((record) => ({ action: 'create', schema, key: record.key, set: record.fields })));
    expect(created).toEqual(records.map((record) => ({ status: 'applied', key: record.key, record })));
    expect(await server.sql(database, truth)).toEqual(before);
    expect(await readRecords(connector, schema)).toEqual(records);
    await platform.close();
  });

  test('any texts, as keys and as values, come in key order, exactly, by lines and by records', async () => {
    const database = await server.createDatabase(`
      CREATE TABLE one (k text PRIMARY KEY, v text, b boolean, n int, "odd ""name\\é" text, "10" text, "9" text);
      CREATE TABLE two (a text, b int, c text, v text, PRIMARY KEY (a, c, b));
    `);
    const platform = await openTestPlatform(server, database);
    const { connector } = platform;
    const [one, two] = [await schemaOf(connector, 'one'), await schemaOf(connector, 'two')];
    const text = fc
      .oneof(
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\t', '\v', '\u0001', 'é', '\ue000', '\ud83d\ude00', 'a', 'N'), maxLength: 8 }),
      )
      .filter((each) => !each.includes('\0'));
    const rows = fc.array(
      fc.record({
        k: text,
        v: fc.option(text),
        b: fc.option(fc.boolean()),
        n: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
        odd: fc.option(text),
      }),
      { maxLength: 60 },
    );
    let cases = 0;
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        cases += 1;
        const unique = [...new Map(given.map((row) => [row.k, row])).values()];
        await server.sql(database, 'TRUNCATE one; TRUNCATE two');
        for (const row of unique) {
          await server.sql(database, 'INSERT INTO one VALUES ($1, $2, $3, $4, $5, $2, $5)', [row.k, row.v, row.b, row.n, row.odd]);
          await server.sql(database, 'INSERT INTO two VALUES ($1, $2, $3, $4)', [row.k, row.n ?? 0, row.v ?? '', row.odd]);
        }
        const records = await readRecords(connector, one);
        expect(records.map((record) => record.key)).toEqual(unique.map((row) => row.k).sort(compareKeys));
        const byKey = new Map(unique.map((row) => [row.k, row]));
        for (const { key, fields } of records) {
          const row = byKey.get(key);
          expect(fields).toEqual({ v: row?.v, b: row?.b, n: row?.n, 'odd "name\\é': row?.odd, 10: row?.v, 9: row?.odd });
        }
        expect(await readLinesOf(connector, one)).toEqual(records.map((record) => `${recordLine(record)}\n`));
        const composite = await readRecords(connector, two);
        expect(composite.map((record) => record.key)).toEqual(unique.map((row) => keyOf([row.k, row.v ?? '', String(row.n ?? 0)])).sort(compareKeys));
        expect(await readLinesOf(connector, two)).toEqual(composite.map((record) => `${recordLine(record)}\n`));
        expect(
          await readRecords(
            connector,
            two,
            composite.map((record) => record.key),
          ),
        ).toHaveLength(composite.length);
      }),
      { numRuns: 40 },
    );
    expect(cases).toBeGreaterThanOrEqual(40);
    await platform.close();
  });

  // A user would lose: the snapshot, refused as out of order, or a record that is looked for where it does not lie.
  test('keys come in the order that their table declares: whole numbers by their size, all others by their bytes', async () => {
    const types = [
      ['smallint', ['-32768', '-9', '-10', '0', '9', '10', '32767'], 'integer'],
      ['integer', ['-2147483648', '-10', '-9', '0', '100', '99', '2147483647'], 'integer'],
      ['bigint', ['-9223372036854775808', '-1', '0', '9007199254740993', '9223372036854775807', '10'], 'integer'],
      ['whole', ['5', '10', '-5'], 'integer'],
      ['numeric(5, 0)', ['5', '10', '-5'], undefined],
      ['real', ['5', '10', '-0.5', 'NaN'], undefined],
      ['uuid', ['FFFFFFFF-0000-0000-0000-000000000000', '00000000-0000-0000-0000-00000000000a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], undefined],
      ['date', ['2024-02-29', '0044-03-15 BC', '5874897-12-31', '10000-01-01'], undefined],
      ['text', ['10', '9', '-1', 'é', 'Z', 'a'], undefined],
      ['"char"', ['a', '-', '9'], undefined],
    ] as const;
    const tables = types.map(
      ([type], n) => `CREATE TABLE t${String(n)} (k ${type} PRIMARY KEY); CREATE TABLE pair${String(n)} (a ${type}, b int, PRIMARY KEY (a, b));`,
    );
    const database = await server.createDatabase(`CREATE DOMAIN whole AS int; ${tables.join('')}`);
    const platform = await openTestPlatform(server, database);
    for (const [n, [type, keys, keyOrder]] of types.entries()) {
      await server.sql(database, `INSERT INTO t${String(n)} SELECT unnest($1::text[])::${type}`, [`{${keys.join(',')}}`]);
      const schema = await schemaOf(platform.connector, `t${String(n)}`);
      expect([type, schema.keyOrder]).toEqual([type, keyOrder]);
      expect((await schemaOf(platform.connector, `pair${String(n)}`)).keyOrder).toBeUndefined();
      const records = await readRecords(platform.connector, schema);
      const came = records.map(({ key }) => key);
      expect(came).toHaveLength(keys.length);
      expect([type, ...came]).toEqual([type, ...came.toSorted((a, b) => compareIn(keyOrder ?? 'text', a, b))]);
      expect(await readLinesOf(platform.connector, schema)).toEqual(records.map((record) => `${recordLine(record)}\n`));
      // A snapshot of an earlier version describes the same table without an order, and is read so.
      const { keyOrder: _, ...before } = schema;
      expect((await readRecords(platform.connector, before)).map(({ key }) => key)).toEqual(came.toSorted(compareKeys));
    }
    await platform.close();
  });

  test('the naughty strings and mojibake that others collected survive', async (context) => {
    const dir = sharedDataDir();
    context.skip(dir === undefined, 'the shared test data are not here');
    const naughty = JSON.parse(readFileSync(join(dir ?? '', 'naughty-strings.json'), 'utf8')) as string[];
    const mojibake = JSON.parse(readFileSync(join(dir ?? '', 'mojibake-in-the-wild.json'), 'utf8')) as { original: string; fixed: string }[];
    const texts = [...naughty, ...mojibake.flatMap((pair) => [pair.original, pair.fixed])];
    const database = await server.createDatabase('CREATE TABLE t (id int PRIMARY KEY, v text)');
    await server.sql(database, 'INSERT INTO t SELECT n, v FROM unnest($1::text[]) WITH ORDINALITY AS u(v, n)', [texts]);
    const platform = await openTestPlatform(server, database);
    const schema = await schemaOf(platform.connector, 't');
    const records = await readRecords(platform.connector, schema);
    expect(records).toHaveLength(texts.length);
    expect(records.length).toBeGreaterThan(400);
    for (const record of records) expect(record.fields['v']).toBe(texts[Number(record.key) - 1]);
    expect(await readLinesOf(platform.connector, schema)).toEqual(records.map((record) => `${recordLine(record)}\n`));
    const results = await platform.connector.write(
      records.map((record) => ({
        action: 'update',
        schema,
        key: record.key,
        set: { v: `x${texts[Number(record.key) - 1] ?? ''}` },
        expect: record.fields,
      })),
    );
    expect(results.filter((result) => result.status !== 'applied')).toEqual([]);
    const [row] = await server.sql(
      database,
      `SELECT count(*) AS n FROM t JOIN unnest($1::text[]) WITH ORDINALITY AS u(v, n) ON u.n = t.id AND t.v = 'x' || u.v`,
      [texts],
    );
    expect(row?.['n']).toBe(String(texts.length));
    await platform.close();
  });
});

async function canXml(server: TestPostgres): Promise<boolean> {
  return server.sql('postgres', `SELECT '<a/>'::xml`).then(
    () => true,
    () => false,
  );
}
