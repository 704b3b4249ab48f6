import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function withDatabase<T>(sql: string, work: (platform: Platform, database: string) => Promise<T>): Promise<T> {
  const database = await server.createDatabase(sql);
  const platform = await openTestPlatform(server, database);
  try {
    return await work(platform, database);
  } finally {
    await platform.close();
  }
}

const body = (source: string): string => `BEGIN ${source} RETURN NEW; END`;

/**
 * Source, what the trigger is called for, columns that are left out of the comparison; of these, those that a new
 * record can be given.
 */
const CASES: readonly (readonly [name: string, source: string, on: string, stamps: string, given: string])[] = [
  ['the usual one', body('NEW.updated_at = now();'), 'UPDATE', 'updated_at', 'updated_at'],
  ['also on insert', body('NEW.updated_at := current_timestamp;'), 'INSERT OR UPDATE', 'updated_at', ''],
  ['on insert alone', body('NEW.updated_at := now();'), 'INSERT', '', ''],
  [
    'capitals, comments, a quoted name',
    body(`/* a /* nested */ one */ new."Touched At" := NOW() -- NEW.v := now();\n AT TIME ZONE 'utc';`),
    'UPDATE',
    'Touched At',
    'Touched At',
  ],
  ['who and when', body('NEW.updated_at := clock_timestamp(); NEW.who := current_user;'), 'UPDATE', 'updated_at,who', 'updated_at,who'],
  [
    'a setting of the session',
    body(`NEW.who := coalesce(nullif(current_setting('app.user', true), ''), session_user)::text;`),
    'UPDATE',
    'who',
    'who',
  ],
  ['a counter', body('NEW.version := coalesce(OLD.version, 0) + 1;'), 'UPDATE', 'version', 'version'],
  ['a constant', body('NEW.synced := false;'), 'UPDATE', 'synced', 'synced'],
  ['where anything changed', body('IF NEW IS DISTINCT FROM OLD THEN NEW.updated_at := now(); END IF;'), 'UPDATE', 'updated_at', 'updated_at'],
  [
    'row by row',
    body('IF ROW(NEW.*) IS DISTINCT FROM ROW(OLD.*) THEN NEW.updated_at := now(); RETURN NEW; ELSE RETURN OLD; END IF;'),
    'UPDATE',
    'updated_at',
    'updated_at',
  ],
  ['leaving early', body('IF NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF; NEW.updated_at := now();'), 'UPDATE', 'updated_at', 'updated_at'],
  [
    'unless it was written',
    body('IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN NEW.updated_at := now(); END IF;'),
    'UPDATE',
    'updated_at',
    'updated_at',
  ],
  [
    'by kind of write',
    body(`IF TG_OP = 'INSERT' THEN NEW.created_at := now(); ELSIF TG_OP = 'UPDATE' THEN NEW.who := user; END IF; NEW.updated_at := now();`),
    'INSERT OR UPDATE',
    'updated_at,who',
    'who',
  ],
  ['by a variable', `DECLARE moment timestamptz := now(); BEGIN NEW.updated_at := moment; RETURN NEW; END`, 'UPDATE', 'updated_at', 'updated_at'],
  ['by a variable of the record', `DECLARE name text := NEW.v; BEGIN NEW.who := name; RETURN NEW; END`, 'UPDATE', '', ''],
  ['select into', body('SELECT now() INTO NEW.updated_at; SELECT INTO NEW.who current_user;'), 'UPDATE', 'updated_at,who', 'updated_at,who'],
  ['select from a table', body('SELECT max(v) INTO NEW.who FROM t;'), 'UPDATE', '', ''],
  ['normalising', body('NEW.v := lower(trim(NEW.v));'), 'UPDATE', '', ''],
  ['from other columns', body(`NEW.who := NEW.v || now()::text;`), 'UPDATE', '', ''],
  ['filling in', body('NEW.updated_at := coalesce(NEW.updated_at, now());'), 'UPDATE', '', ''],
  ['where it is missing', body('IF NEW.updated_at IS NULL THEN NEW.updated_at := now(); END IF;'), 'UPDATE', '', ''],
  ['where data says so', body(`IF NEW.v = 'closed' THEN NEW.updated_at := now(); END IF;`), 'UPDATE', '', ''],
  ['where data said otherwise', body(`IF NEW.v = 'draft' THEN RETURN NEW; END IF; NEW.updated_at := now();`), 'UPDATE', '', ''],
  ['in a loop', body('FOR i IN 1..3 LOOP NEW.updated_at := now(); END LOOP;'), 'UPDATE', '', ''],
  ['by a case', body(`CASE NEW.v WHEN 'a' THEN NEW.updated_at := now(); ELSE NULL; END CASE;`), 'UPDATE', '', ''],
  ['in a handler', `BEGIN PERFORM 1; RETURN NEW; EXCEPTION WHEN division_by_zero THEN NEW.updated_at := now(); RETURN NEW; END`, 'UPDATE', '', ''],
  [
    'by itself here and from data there',
    body(`NEW.updated_at := now(); IF NEW.v = 'x' THEN NEW.updated_at := NEW.created_at; END IF;`),
    'UPDATE',
    '',
    '',
  ],
  ['a text that looks like code', body(`RAISE DEBUG 'NEW.updated_at := now();'; PERFORM $x$ ; NEW.who := user; $x$;`), 'UPDATE', '', ''],
  ['where one column is written', body('NEW.updated_at := now();'), 'UPDATE OF v', '', ''],
  ['the key', body('NEW.id := NEW.id;'), 'UPDATE', '', ''],
];

describe('a column that a trigger sets by itself is left out of the comparison, and no other', () => {
  let platform: Platform;
  beforeAll(async () => {
    const database = await server.createDatabase(
      CASES.map(
        ([, source, on], i) => `CREATE SCHEMA c${String(i)}; SET search_path = c${String(i)};
          CREATE TABLE t (id int PRIMARY KEY, v text, who text, created_at timestamptz, updated_at timestamptz, "Touched At" timestamptz, version int, synced bool);
          CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $function$ ${source} $function$;
          CREATE TRIGGER touch BEFORE ${on} ON t FOR EACH ROW EXECUTE FUNCTION f();`,
      ).join('\n'),
    );
    platform = await openTestPlatform(server, database);
  });
  afterAll(() => platform.close());

  test.each(CASES.map((one, i) => [one[0], i, one] as const))('%s', async (_, i, [, , , stamps, given]) => {
    const schema = await schemaOf(platform.connector, `c${String(i)}.t`);
    const found = schema.fields.filter((field) => field.setByItself === true);
    const sorted = (fields: typeof found): string =>
      fields
        .map(({ name }) => name)
        .sort()
        .join();
    expect([sorted(found), sorted(found.filter(({ givenOnCreate }) => givenOnCreate === true))]).toEqual([stamps, given]);
    expect(found.every(({ readOnly }) => readOnly)).toBe(true);
    expect(schema.sideEffects[0]?.includes('by itself, which is neither compared nor restored.')).toBe(stamps !== '');
  });
});

test('conditions of the trigger, functions that come with PostgreSQL, disabled triggers and partitions count too', async () => {
  const sql = `CREATE EXTENSION moddatetime; CREATE EXTENSION insert_username;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := now(); RETURN NEW; END $$;
    CREATE FUNCTION touch_b() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.b := now(); RETURN NEW; END $$;
    CREATE TABLE plain (id int PRIMARY KEY, v text, a timestamptz, b timestamptz, c timestamptz, who text, words tsvector);
    CREATE TRIGGER one BEFORE UPDATE ON plain FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch();
    CREATE TRIGGER two BEFORE UPDATE ON plain FOR EACH ROW WHEN (NEW.v = 'x') EXECUTE FUNCTION touch_b();
    CREATE TRIGGER three BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION moddatetime (c);
    CREATE TRIGGER four BEFORE INSERT OR UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION insert_username (who);
    CREATE TRIGGER five BEFORE INSERT OR UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger (words, 'pg_catalog.english', v);
    CREATE TABLE quiet (id int PRIMARY KEY, a timestamptz, b timestamptz);
    CREATE TRIGGER one BEFORE UPDATE ON quiet FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE quiet DISABLE TRIGGER one;
    CREATE TRIGGER two AFTER UPDATE ON quiet FOR EACH ROW EXECUTE FUNCTION touch_b();
    CREATE TABLE parts (id int, at date, a timestamptz, b timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TRIGGER whole BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER leaf BEFORE UPDATE ON parts_1 FOR EACH ROW EXECUTE FUNCTION touch_b();`;
  await withDatabase(sql, async ({ connector }) => {
    const stamps = async (object: string): Promise<string[]> =>
      (await schemaOf(connector, object)).fields.filter((field) => field.setByItself === true).map(({ name }) => name);
    expect(await stamps('plain')).toEqual(['a', 'c', 'who', 'words']);
    expect(await stamps('quiet')).toEqual([]);
    expect(await stamps('parts')).toEqual(['a']);
    expect((await schemaOf(connector, 'parts')).sideEffects).toEqual([
      'Trigger leaf runs public.touch_b before update.',
      'Trigger whole runs public.touch before update. It sets a by itself, which is neither compared nor restored.',
    ]);
  });
});

test('what a trigger writes elsewhere is told beforehand', async () => {
  const sql = `CREATE TABLE audit (n serial, what text); CREATE TABLE t (id int PRIMARY KEY, v text);
    CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what) VALUES (NEW.v); UPDATE ONLY t SET v = v WHERE false; DELETE FROM audit WHERE n < 0; RETURN NEW; END $$;
    CREATE TRIGGER log AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION log()`;
  await withDatabase(sql, async ({ connector }) => {
    expect((await schemaOf(connector, 't')).sideEffects).toEqual(['Trigger log runs public.log after update. It writes to public.audit, t, audit.']);
  });
});

test('what triggers changed beside what was written is in the answer, whole, and so is a value in another form', async () => {
  const sql = `CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(10,2), words int, seen int, long text);
    CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := lower(trim(NEW.v)); NEW.words := length(NEW.v); RETURN NEW; END $$;
    CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tidy();
    CREATE FUNCTION after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET seen = coalesce(seen, 0) + 1 WHERE id = NEW.id; RETURN NULL; END $$;
    CREATE TRIGGER after AFTER UPDATE ON t FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION after();
    INSERT INTO t SELECT n, 'old', 1, 0, 0, CASE WHEN n = 3 THEN (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i) END FROM generate_series(1, 3) n`;
  await withDatabase(sql, async ({ connector }, database) => {
    const schema = await schemaOf(connector, 't');
    const results = await connector.write(
      ['1', '2', '3'].map((key) => ({ action: 'update' as const, schema, key, set: { v: ' Ada ', n: '2.345' }, expect: { v: 'old', n: '1.00' } })),
    );
    const long = Array.from({ length: 2000 }, (_, i) =>
      createHash('md5')
        .update(String(i + 1))
        .digest('hex'),
    ).join('');
    const inKey = (key: string) => ({ key, long: key === '3' ? long : null, meta: { id: Number(key) } });
    const record = (key: string) => ({ key, fields: { v: 'ada', n: '2.35', words: 3, seen: 1, long: inKey(key).long }, meta: inKey(key).meta });
    const was = (key: string) => ({ key, fields: { v: 'old', n: '1.00', words: 3, seen: 0, long: inKey(key).long }, meta: inKey(key).meta });
    expect(results).toEqual(['1', '2', '3'].map((key) => ({ status: 'applied', key, record: record(key), was: was(key) })));
    expect(await readRecords(connector, schema, ['1'])).toEqual([record('1')]);
    const made = await connector.write([{ action: 'create', schema, key: '9', set: { v: 'BOB' } }]);
    expect(made).toMatchObject([{ status: 'applied', key: '9', record: { fields: { v: 'bob', words: 3 } } }]);
    expect(await server.sql(database, 'SELECT v FROM t ORDER BY id')).toEqual([{ v: 'ada' }, { v: 'ada' }, { v: 'ada' }, { v: 'bob' }]);
  });
});

test('of records that stand as they were sent, with all else as it was, nothing but that is answered; of any other, what it was and is', async () => {
  const sql = `CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(10,2), w text, j json, twice int GENERATED ALWAYS AS (id * 2) STORED, size int GENERATED ALWAYS AS (length(v)) STORED);
    CREATE FUNCTION by_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      CASE NEW.id WHEN 2 THEN NEW.w := NULL; WHEN 3 THEN NEW.w := ''; WHEN 4 THEN NEW.v := 'New'; WHEN 5 THEN NEW.id := 50; WHEN 6 THEN NEW.j := '{"a": 1}'; WHEN 7 THEN NEW.v := OLD.v; WHEN 8 THEN RETURN NULL;
        WHEN 9 THEN NEW.w := (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 60000) i); ELSE NULL; END CASE; RETURN NEW; END $$;
    CREATE TRIGGER by_key BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION by_key();
    INSERT INTO t SELECT i, 'old', 1, CASE WHEN i = 3 THEN NULL ELSE 'w' END, '{"a":1}' FROM generate_series(1, 11) i`;
  await withDatabase(sql, async ({ connector }) => {
    const schema = await schemaOf(connector, 't');
    const update = (key: string, more: Record<string, string> = {}, expected: Record<string, string> = {}) => ({
      action: 'update' as const,
      schema,
      key,
      set: { v: 'new', ...more },
      expect: { v: 'old', ...expected },
    });
    const plain = ['1', '2', '3', '4', '6', '7', '8', '9'].map((key) => update(key));
    const results = await connector.write([...plain, update('10', { n: '2.5' }, { n: '1.00' }), update('11', { n: '2.50' }, { n: '1.00' })]);
    const told = results.map((result) =>
      result.status === 'applied' ? { ...result.record?.fields, was: result.was?.fields['w'], asSent: result.asSent } : result,
    );
    const nothing = { was: undefined, asSent: true };
    const whole = (w: string | null, other: object = {}) => ({ v: 'new', n: '1.00', w, j: '{"a":1}', was: 'w', asSent: undefined, ...other });
    expect(told.slice(0, 5)).toEqual([nothing, whole(null), whole('', { was: null }), whole('w', { v: 'New' }), whole('w', { j: '{"a": 1}' })]);
    expect(told.slice(5, 7)).toMatchObject([
      { status: 'rejected', fields: ['v'] },
      { status: 'rejected', fields: ['v'] },
    ]);
    // Too long to be answered with so many: it was written by itself.
    expect(told[7]).toMatchObject({ v: 'new', was: 'w', asSent: undefined });
    expect(told.slice(8)).toEqual([whole('w', { n: '2.50' }), nothing]);
    expect(await connector.write([update('5')])).toMatchObject([{ status: 'in_doubt' }]);
  });
});

test('a value that a trigger keeps as it was is refused by name, and so is a write that it cancels; the others are written', async () => {
  const sql = `CREATE TABLE t (id int PRIMARY KEY, v text, w text, n numeric(10,2));
    CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 2 THEN NEW.v := OLD.v; END IF; IF NEW.id = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$;
    CREATE TRIGGER guard BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION guard();
    CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET w = OLD.w WHERE id = NEW.id; RETURN NULL; END $$;
    CREATE TRIGGER later AFTER UPDATE ON t FOR EACH ROW WHEN (NEW.id = 4 AND pg_trigger_depth() = 0) EXECUTE FUNCTION later();
    INSERT INTO t SELECT n, 'a', 'a', 1 FROM generate_series(1, 5) n`;
  await withDatabase(sql, async ({ connector }, database) => {
    const schema = await schemaOf(connector, 't');
    const update = (key: string, set: Record<string, string>) => ({
      action: 'update' as const,
      schema,
      key,
      set,
      expect: { v: 'a', w: 'a', n: '1.00' },
    });
    const results = await connector.write([
      ...['1', '2', '3', '4'].map((key) => update(key, { v: 'b', w: 'b' })),
      // The same value in another form is no value that was kept.
      update('5', { v: 'b', n: '1.0000' }),
    ]);
    expect(results.map((result) => (result.status === 'rejected' ? result.fields : result.status))).toEqual([
      'applied',
      ['v'],
      ['v', 'w'],
      ['w'],
      'applied',
    ]);
    expect((await server.sql(database, 'SELECT v || w AS vw FROM t ORDER BY id')).map((row) => row['vw'])).toEqual(['bb', 'aa', 'aa', 'aa', 'ba']);
  });
});

test('a refusal names the fields that it is about, so that the rest of the record can be written', async () => {
  const sql = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1);
    CREATE TABLE t (id int PRIMARY KEY, v varchar(5), m mood, n int, owner int REFERENCES owners, mail text UNIQUE, a int, b int, w text NOT NULL DEFAULT 'w',
      CHECK (a < b), EXCLUDE (n WITH =)); CREATE UNIQUE INDEX ON t (v, w);
    CREATE FUNCTION strict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v LIKE '%!' THEN RAISE 'no shouting'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER strict BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION strict();
    INSERT INTO t VALUES (1, 'one', 'ok', 1, 1, 'one@x', 1, 2), (2, 'two', 'ok', 2, 1, 'two@x', 1, 2)`;
  await withDatabase(sql, async ({ connector }, database) => {
    const schema = await schemaOf(connector, 't');
    const before = await server.sql(database, 'SELECT * FROM t ORDER BY id');
    const [record] = await readRecords(connector, schema, ['2']);
    const good = { v: 'zwei', m: 'sad', n: 22, owner: null, mail: 'zwei@x', a: 0, b: 5, w: 'x' };
    const about = async (set: Record<string, string | number | null>): Promise<unknown> => {
      const [updated] = await connector.write([{ action: 'update', schema, key: '2', set: { ...good, ...set }, expect: record?.fields ?? {} }]);
      const [created] = await connector.write([{ action: 'create', schema, key: '3', set: { ...good, ...set } }]);
      return [updated, created].map((result) => (result?.status === 'rejected' ? [result.reason, result.fields] : result));
    };
    const both = (...answer: unknown[]): unknown[] => [answer, answer];
    expect(await about({ m: 'gone' })).toEqual(both('option-removed', ['m']));
    expect(await about({ v: 'much too long' })).toEqual(both('type-changed', ['v']));
    expect(await about({ n: 'many' })).toEqual(both('type-changed', ['n']));
    expect(await about({ n: 'many', m: 'gone' })).toEqual(both(expect.any(String), ['m', 'n']));
    expect(await about({ owner: 7 })).toEqual(both('parent-missing', ['owner']));
    expect(await about({ mail: 'one@x' })).toEqual(both('unique-taken', ['mail']));
    expect(await about({ v: 'one', w: 'w' })).toEqual(both('unique-taken', ['v', 'w']));
    expect(await about({ n: 1 })).toEqual(both('unique-taken', ['n']));
    expect(await about({ a: 9 })).toEqual(both('rejected', ['a', 'b']));
    expect(await about({ w: null })).toEqual(both('rejected', ['w']));
    expect(await about({ v: 'hey!' })).toEqual(both('rejected', ['v']));
    expect(await about({ never: 'there' })).toEqual(both('field-removed', ['never']));
    expect(await server.sql(database, 'SELECT * FROM t ORDER BY id')).toEqual(before);
  });
});
