import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function withDatabase<T>(
  sql: string,
  work: (platform: Platform, database: string) => Promise<T>,
  changes: Parameters<typeof openTestPlatform>[2] = {},
): Promise<T> {
  const database = await server.createDatabase(sql);
  const platform = await openTestPlatform(server, database, changes);
  try {
    return await work(platform, database);
  } finally {
    await platform.close();
  }
}

test('functions of triggers that name tables without their schema run as for any other writer', async () => {
  const sql = `CREATE SCHEMA crm; SET search_path = crm;
    CREATE TABLE audit (what text); CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads VALUES (1, 'a'), (2, 'a');
    CREATE FUNCTION before_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES ('before row'); RETURN coalesce(NEW, OLD); END $$;
    CREATE FUNCTION before_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES ('before all'); RETURN NULL; END $$;
    CREATE FUNCTION after_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit SELECT 'after row ' || count(*) FROM leads; RETURN NULL; END $$;
    CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON leads FOR EACH ROW EXECUTE FUNCTION before_row();
    CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON leads FOR EACH STATEMENT EXECUTE FUNCTION before_all();
    CREATE CONSTRAINT TRIGGER c AFTER INSERT OR UPDATE OR DELETE ON leads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION after_row();
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = crm', current_database()); END $$`;
  await withDatabase(sql, async ({ connector }, database) => {
    const schema = await schemaOf(connector, 'crm.leads');
    expect(await connector.write([{ action: 'update', schema, key: '1', set: { v: 'b' }, expect: { v: 'a' } }])).toMatchObject([
      { status: 'applied' },
    ]);
    expect(await connector.write([{ action: 'create', schema, key: '3', set: { v: 'c' } }])).toMatchObject([{ status: 'applied' }]);
    expect(await connector.write([{ action: 'delete', schema, key: '2', expect: { v: 'a' } }])).toMatchObject([{ status: 'applied' }]);
    const one = ['before all', 'before row'];
    const audit = (await server.sql(database, 'SELECT what FROM crm.audit')).map((row) => row['what']);
    expect(audit).toEqual([...one, 'after row 2', ...one, 'after row 3', ...one, 'after row 2']);
  });
});

/**
 * A schema that stands before `pg_catalog` and holds something of every name that a statement could use, all of which
 * fail.
 */
const SHADOWS = `CREATE SCHEMA shadows;
  CREATE FUNCTION shadows.fail() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a function of a stranger has run'; END $$;
  ${[
    'format',
    'concat',
    'array_to_string',
    'now',
    'to_json',
    'pg_column_size',
    'coalesce_all',
    'pg_current_xact_id',
    'set_config',
    'pg_backend_pid',
    'unnest',
  ]
    .map(
      (
        name,
      ) => `CREATE FUNCTION shadows.${name}(VARIADIC pg_catalog.text[] DEFAULT NULL) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT shadows.fail()::pg_catalog.text';
        CREATE FUNCTION shadows.${name}(pg_catalog.anyelement) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT shadows.fail()::pg_catalog.text';
        CREATE FUNCTION shadows.${name}(pg_catalog.text, pg_catalog.anyelement) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT shadows.fail()::pg_catalog.text';`,
    )
    .join('\n')}
  ${['text', 'int4', 'int8', 'numeric', 'timestamptz', 'bool', 'bpchar']
    .map(
      (type) => `CREATE FUNCTION shadows.op_${type}(pg_catalog.${type}, pg_catalog.${type}) RETURNS bool LANGUAGE sql AS 'SELECT shadows.fail()';
        ${['=', '<>', '>', '<', '>=', '<=', '||']
          .map(
            (sign) => `CREATE OPERATOR shadows.${sign} (LEFTARG = pg_catalog.${type}, RIGHTARG = pg_catalog.${type}, FUNCTION = shadows.op_${type});`,
          )
          .join('\n')}`,
    )
    .join('\n')}
  CREATE DOMAIN shadows.text AS pg_catalog.text CHECK (shadows.fail()); CREATE DOMAIN shadows.int4 AS pg_catalog.int4 CHECK (shadows.fail());
  CREATE DOMAIN shadows.timestamptz AS pg_catalog.timestamptz CHECK (shadows.fail()); CREATE DOMAIN shadows.uuid AS pg_catalog.uuid CHECK (shadows.fail());
  DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = shadows, public, pg_catalog', current_database()); END $$;`;

test('what a stranger puts before pg_catalog on the search path is never run by a statement of ours', async () => {
  const sql = `CREATE TABLE owners (id int PRIMARY KEY, name text); INSERT INTO owners VALUES (1, 'o'), (2, 'p');
    CREATE TABLE t (a int, b text, v text, n numeric(10,2), d timestamptz, u uuid, j jsonb, owner int REFERENCES owners ON DELETE CASCADE, boss int, who text, PRIMARY KEY (a, b));
    ALTER TABLE t ADD UNIQUE (n), ADD UNIQUE (a), ADD FOREIGN KEY (boss) REFERENCES t (a) ON DELETE CASCADE; INSERT INTO t SELECT i, 'k', 'v', i, now(), gen_random_uuid(), '{}', 1 FROM generate_series(1, 9) i;
    CREATE TABLE lonely (id text PRIMARY KEY, v text); INSERT INTO lonely VALUES ('', 'a'), ('x', 'a');
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER after AFTER UPDATE ON lonely FOR EACH ROW EXECUTE FUNCTION nothing(); ${SHADOWS}`;
  const options = { modified: { by: 'who' }, options: { lock_timeout: '20ms' } };
  await withDatabase(
    sql,
    async ({ connector }, database) => {
      const { objects, links } = await connector.describe(['t', 'owners', 'lonely']);
      const of = (name: string) => objects.find(({ object }) => object === name) ?? objects[0];
      const [t, lonely, owners] = [of('public.t'), of('public.lonely'), of('public.owners')];
      if (t === undefined || lonely === undefined || owners === undefined) throw new Error('not described');
      const records = new Map((await readRecords(connector, t)).map((record) => [record.key, record.fields]));
      const all = [...records.keys()];
      const statuses = async (mutations: Parameters<typeof connector.write>[0]): Promise<string[]> =>
        (await connector.write(mutations)).map((result) =>
          result.status === 'failed' || result.status === 'rejected' ? `${result.status}: ${result.message}` : result.status,
        );
      const colleague = await server.connect(database);
      await colleague.query(`SET search_path = pg_catalog; BEGIN; SELECT FROM public.t WHERE a = 9 FOR UPDATE`);
      // Updates: written, moved, refused by a constraint, locked by somebody else.
      const updated = await statuses(
        all.map((key, i) => ({
          action: 'update',
          schema: t,
          key,
          set: { v: 'new', n: i === 1 ? '3' : String(i + 50) },
          expect: { v: i === 2 ? 'other' : 'v', n: records.get(key)?.['n'] ?? null },
        })),
      );
      expect(updated).toEqual([
        'applied',
        expect.stringContaining('t_n_key') as string,
        'moved',
        'applied',
        'applied',
        'applied',
        'applied',
        'applied',
        expect.stringContaining('locked') as string,
      ]);
      await colleague.query('ROLLBACK');
      await colleague.end();
      expect(await statuses([{ action: 'create', schema: t, key: '["20","k"]', set: { ...records.get(all[0] ?? ''), n: '99' } }])).toEqual([
        'applied',
      ]);
      const written = links.filter(({ from, readOnly }) => from === 'public.t' && readOnly !== true);
      expect(written.map(({ to }) => to)).toContain('public.t');
      for (const link of written) {
        const to = link.to === 'public.t' ? '["1","k"]' : '2';
        expect(await statuses([{ action: 'unlink', link, from: '["20","k"]', to: '1' }])).toEqual([
          link.to === 'public.t' ? expect.stringContaining('no record 1') : 'applied',
        ]);
        expect(await statuses([{ action: 'link', link, from: '["20","k"]', to }])).toEqual(['applied']);
      }
      const now = new Map((await readRecords(connector, t)).map((record) => [record.key, record.fields]));
      expect(await statuses([...now].map(([key, expected]) => ({ action: 'delete', schema: t, key, expect: expected })))).toEqual(
        [...now].map(() => 'applied'),
      );
      expect(await statuses([{ action: 'delete', schema: owners, key: '2', expect: { name: 'p' } }])).toEqual(['applied']);
      // The empty text is a key like any other.
      expect(await connector.write([{ action: 'update', schema: lonely, key: '', set: { v: 'b' }, expect: { v: 'a' } }])).toMatchObject([
        { status: 'applied', key: '', record: { key: '', fields: { v: 'b' } } },
      ]);
      expect(await statuses([{ action: 'delete', schema: lonely, key: '', expect: { v: 'b' } }])).toEqual(['applied']);
      expect(await statuses([{ action: 'create', schema: lonely, key: '', set: { v: 'a' } }])).toEqual(['applied']);
      expect(await readRecords(connector, lonely, ['', 'y'])).toEqual([{ key: '', fields: { v: 'a' }, meta: { id: '' } }]);
    },
    options,
  );
});

test('two texts that a column takes for the same are two texts: no edit is overwritten and no other record is written', async () => {
  const sql = `CREATE EXTENSION citext; CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE c (mail citext PRIMARY KEY, v citext); INSERT INTO c VALUES ('Ada@x', 'a'), ('bob@x', 'a');
    CREATE TABLE l (mail text COLLATE loose PRIMARY KEY, v text COLLATE loose); INSERT INTO l VALUES ('Ada@x', 'a'), ('bob@x', 'a')`;
  await withDatabase(sql, async ({ connector }, database) => {
    for (const name of ['c', 'l']) {
      const schema = await schemaOf(connector, name);
      const update = (key: string, expected: string) => ({ action: 'update' as const, schema, key, set: { v: 'b' }, expect: { v: expected } });
      const results = await connector.write([update('ADA@X', 'a'), update('Ada@x', 'A'), update('bob@x', 'a')]);
      expect(results.map((result) => (result.status === 'rejected' ? result.reason : result.status))).toEqual(['deleted-later', 'moved', 'applied']);
      const made = await connector.write([{ action: 'create', schema, key: 'ADA@X', set: { v: 'n' } }]);
      expect(made).toMatchObject([{ status: 'rejected', reason: 'unique-taken' }]);
      expect(await connector.write([{ action: 'delete', schema, key: 'Ada@x', expect: { v: 'A' } }])).toMatchObject([{ status: 'moved' }]);
      // A key that changed in case alone goes back by a delete and a create.
      expect(await connector.write([{ action: 'delete', schema, key: 'Ada@x', expect: { v: 'a' } }])).toMatchObject([{ status: 'applied' }]);
      expect(await connector.write([{ action: 'create', schema, key: 'ADA@X', set: { v: 'A' } }])).toMatchObject([
        { status: 'applied', key: 'ADA@X' },
      ]);
      expect(await server.sql(database, `SELECT mail::text, v::text FROM ${name} ORDER BY 1`)).toEqual([
        { mail: 'ADA@X', v: 'A' },
        { mail: 'bob@x', v: 'b' },
      ]);
    }
  });
});

test('a table of 1,600 columns is written, made and deleted whole', async () => {
  const names = Array.from({ length: 1599 }, (_, i) => `c${String(i)}`);
  // 1,600 values of other types do not fit into one page of 8 kB.
  const sql = `CREATE TABLE wide (id int PRIMARY KEY, ${names.map((name) => `${name} boolean`).join(', ')}); INSERT INTO wide (id, c0) SELECT i, true FROM generate_series(1, 3) i`;
  await withDatabase(sql, async ({ connector }, database) => {
    const schema = await schemaOf(connector, 'wide');
    const before = new Map((await readRecords(connector, schema)).map((record) => [record.key, record]));
    const set = Object.fromEntries(names.map((name, i) => [name, i % 3 === 0 ? null : i % 2 === 0]));
    const results = await connector.write([...before].map(([key, { fields }]) => ({ action: 'update', schema, key, set, expect: fields })));
    expect(results).toEqual(
      [...before].map(([key, was]) => ({ status: 'applied', key, record: { key, fields: set, meta: { id: Number(key) } }, was })),
    );
    expect(await connector.write([{ action: 'update', schema, key: '1', set, expect: { ...set, c5: null } }])).toMatchObject([{ status: 'moved' }]);
    expect(await connector.write([{ action: 'delete', schema, key: '2', expect: set }])).toEqual([{ status: 'applied', key: '2' }]);
    expect(await connector.write([{ action: 'create', schema, key: '2', set }])).toMatchObject([{ status: 'applied', record: { fields: set } }]);
    const [row] = await server.sql(database, 'SELECT count(*) AS n FROM wide WHERE c4 AND NOT c5 AND c6 IS NULL');
    expect(row?.['n']).toBe('3');
  });
});

test('texts with quotes, backslashes and commas pass a table of many columns unchanged', async () => {
  const names = Array.from({ length: 450 }, (_, i) => `c${String(i)}`);
  await withDatabase(
    `CREATE TABLE t (id int PRIMARY KEY, ${names.map((name) => `${name} text`).join(', ')}); INSERT INTO t VALUES (1)`,
    async ({ connector }) => {
      const schema = await schemaOf(connector, 't');
      const nasty = [`a"b`, 'c\\d', '{x,y}', 'NULL', '', ' ', `'`, '\\"', 'ü,\n', null];
      const set = Object.fromEntries(names.map((name, i) => [name, nasty[i % nasty.length] ?? null]));
      const none = Object.fromEntries(names.map((name) => [name, null]));
      expect(await connector.write([{ action: 'update', schema, key: '1', set, expect: none }])).toMatchObject([
        { status: 'applied', record: { fields: set } },
      ]);
      expect(await connector.write([{ action: 'update', schema, key: '1', set: none, expect: set }])).toMatchObject([{ status: 'applied' }]);
    },
  );
});

test('records of several megabytes are deleted and made again in one batch without filling the memory', async () => {
  await withDatabase(
    `CREATE TABLE t (id int PRIMARY KEY, long text); INSERT INTO t SELECT i, repeat(chr(64 + i), 2000000) FROM generate_series(1, 9) i`,
    async ({ connector }, database) => {
      const schema = await schemaOf(connector, 't');
      const records = await readRecords(connector, schema);
      const requests = connector.usage().requests;
      const deleted = await connector.write(records.map(({ key, fields }) => ({ action: 'delete', schema, key, expect: fields })));
      expect(deleted.map(({ status }) => status)).toEqual(records.map(() => 'applied'));
      // 18 million characters go in two pieces of at most 16.
      expect(connector.usage().requests - requests).toBeGreaterThanOrEqual(2 * 3 + 2);
      const made = await connector.write(records.map(({ key, fields }) => ({ action: 'create', schema, key, set: fields })));
      expect(made.map((result) => (result.status === 'applied' ? result.key : result.status))).toEqual(records.map(({ key }) => key));
      const [row] = await server.sql(database, `SELECT count(*) AS n, sum(length(long)) AS s FROM t WHERE long = repeat(chr(64 + id), 2000000)`);
      expect(row).toEqual({ n: '9', s: '18000000' });
    },
  );
});
