import { afterAll, beforeAll, expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import { openTestPlatform, readLinesOf, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function described(sql: string, objects?: readonly string[], changes: Parameters<typeof openTestPlatform>[2] = {}) {
  const database = await server.createDatabase(sql);
  const platform = await openTestPlatform(server, database, changes);
  const schema = await platform.connector.describe(objects);
  return { database, platform, schema, of: (name: string) => schema.objects.find((each) => each.object === name) };
}

test('tables, views and foreign tables that cannot be restored say why, instead of failing during the incident', async () => {
  const { of, platform } = await described(
    `CREATE TABLE keyless (a int, b text); CREATE UNIQUE INDEX ON keyless (a);
     CREATE TABLE half (a int NOT NULL, b int); CREATE UNIQUE INDEX ON half (a) WHERE b > 0; CREATE UNIQUE INDEX ON half ((a + 1));
     CREATE TABLE by_index (a int NOT NULL UNIQUE, b text NOT NULL UNIQUE);
     CREATE VIEW shown AS SELECT 1 AS x; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS x;`,
    ['keyless', 'half', 'by_index', 'shown', 'kept'],
  );
  expect(of('public.keyless')?.refused).toContain('no primary key');
  expect(of('public.half')?.refused).toContain('no primary key');
  expect(of('public.shown')?.refused).toContain('view');
  expect(of('public.kept')?.refused).toContain('view');
  expect(of('public.by_index')).toMatchObject({ keyFields: ['a'] });
  expect(of('public.by_index')?.refused).toBeUndefined();
  const error: unknown = await readRecords(platform.connector, of('public.keyless') ?? (await schemaOf(platform.connector, 'keyless'))).catch(
    (thrown: unknown) => thrown,
  );
  expect(isRunbackError(error, 'object-unsupported')).toBe(true);
  expect(String(error)).toContain('no primary key');
  await platform.close();
});

test('without a list, all tables are described, and neither views, partitions nor tables of extensions', async () => {
  const { schema, platform } = await described(
    `CREATE SCHEMA crm; CREATE TABLE crm."odd.name" (id int PRIMARY KEY); CREATE VIEW v AS SELECT 1 AS x;
     CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
     CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');`,
  );
  expect(schema.objects.map((each) => each.object).sort()).toEqual(['crm."odd.name"', 'public.events']);
  expect((await platform.connector.describe(['crm."odd.name"', 'public.events_2024'])).objects).toHaveLength(2);
  await platform.close();
});

test('records of a partitioned table are read and written through it', async () => {
  const { platform, database, schema } = await described(
    `CREATE TABLE events (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
     CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
     CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
     INSERT INTO events VALUES (1, '2024-05-05', 'a'), (2, '2025-05-05', 'b');`,
    ['events'],
  );
  const [events] = schema.objects;
  if (events === undefined) throw new Error('not described');
  expect(await readLinesOf(platform.connector, events)).toHaveLength(2);
  const results = await platform.connector.write([
    { action: 'update', schema: events, key: '["1","2024-05-05"]', set: { v: 'new' }, expect: { v: 'a' } },
    { action: 'update', schema: events, key: '["2","2025-05-05"]', set: { v: 'new' }, expect: { v: 'other' } },
  ]);
  expect(results.map((result) => result.status)).toEqual(['applied', 'moved']);
  const created = await platform.connector.write([{ action: 'create', schema: events, key: '["3","2025-12-31"]', set: { v: 'c' } }]);
  expect(created).toMatchObject([{ status: 'applied', key: '["3","2025-12-31"]' }]);
  expect(await server.sql(database, 'SELECT id, v FROM events_b ORDER BY id')).toEqual([
    { id: '2', v: 'b' },
    { id: '3', v: 'c' },
  ]);
  await platform.close();
});

test('a table that others inherit from does not show their records as its own', async () => {
  const { platform, of } = await described(
    `CREATE TABLE base (id int PRIMARY KEY, v text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base);
     INSERT INTO base VALUES (1, 'a'); INSERT INTO child VALUES (1, 'b');`,
  );
  const base = of('public.base');
  if (base === undefined) throw new Error('not described');
  expect((await readRecords(platform.connector, base)).map((record) => record.fields['v'])).toEqual(['a']);
  await platform.close();
});

test('parents come before children, a cycle does not hang, and links name their fields', async () => {
  const { schema, platform } = await described(`
    CREATE TABLE z_parent (id int PRIMARY KEY); CREATE TABLE a_child (id int PRIMARY KEY, p int NOT NULL REFERENCES z_parent, boss int REFERENCES a_child);
    CREATE TABLE ring_a (id int PRIMARY KEY, b int); CREATE TABLE ring_b (id int PRIMARY KEY, a int NOT NULL REFERENCES ring_a);
    ALTER TABLE ring_a ADD FOREIGN KEY (b) REFERENCES ring_b;
    CREATE TABLE memberships (a int REFERENCES a_child, z int REFERENCES z_parent, PRIMARY KEY (a, z));
  `);
  const order = schema.objects.map((each) => each.object);
  const before = (first: string, second: string): boolean => order.indexOf(`public.${first}`) < order.indexOf(`public.${second}`);
  expect([before('z_parent', 'a_child'), before('ring_a', 'ring_b'), before('a_child', 'memberships')]).toEqual([true, true, true]);
  expect(schema.links.find((link) => link.kind === 'a_child_p_fkey')).toMatchObject({
    from: 'public.a_child',
    to: 'public.z_parent',
    viaFields: ['p'],
    required: true,
  });
  expect(schema.links.find((link) => link.kind === 'a_child_boss_fkey')?.required).toBeUndefined();
  expect(schema.links.find((link) => link.kind === 'memberships_a_fkey')).toMatchObject({ readOnly: true });
  expect((await platform.connector.describe(['a_child'])).links.map((link) => link.kind)).toEqual(['a_child_boss_fkey']);
  await platform.close();
});

test('what cannot be written is read-only: generated, identity, key, and columns that change by themselves', async () => {
  const { of, platform } = await described(
    `CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, d int GENERATED BY DEFAULT AS IDENTITY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, who text, w timestamptz)`,
    ['t'],
    { modified: { by: 'who', at: 'w' } },
  );
  const readOnly = of('public.t')?.fields.filter((field) => field.readOnly);
  expect(readOnly?.map((field) => field.name)).toEqual(['id', 'n', 'twice', 'who', 'w']);
  const schema = of('public.t');
  if (schema === undefined) throw new Error('not described');
  const results = await platform.connector.write([
    { action: 'create', schema, key: '1', set: { a: 4, n: '77' } },
    { action: 'create', schema, key: '2', set: { twice: 4 } },
  ]);
  expect(results[0]).toMatchObject({ status: 'applied', key: '1' });
  expect(results[1]).toMatchObject({ status: 'rejected', reason: 'read-only' });
  const [record] = await readRecords(platform.connector, schema);
  expect(record?.meta).toMatchObject({ n: 77, twice: 8, who: 'runback' });
  await platform.close();
});

test('what a restore would set off is told beforehand: triggers, rules, cascades', async () => {
  const sql = `
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent ON DELETE CASCADE, q int REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE);
    CREATE FUNCTION mail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER sends_mail AFTER INSERT OR UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION mail();
    CREATE TRIGGER off BEFORE DELETE ON parent FOR EACH ROW EXECUTE FUNCTION mail(); ALTER TABLE parent DISABLE TRIGGER off;
    CREATE RULE no_delete AS ON DELETE TO child DO INSTEAD NOTHING;`;
  const { of, platform } = await described(sql);
  expect(of('public.parent')?.sideEffects).toEqual([
    'Trigger sends_mail runs public.mail after insert, update.',
    'Deleting a record also deletes the records of public.child (foreign key child_p_fkey) that refer to it.',
    'Deleting a record empties q of public.child (foreign key child_q_fkey).',
    'Changing id also changes q of public.child (foreign key child_q_fkey).',
  ]);
  expect(of('public.child')?.sideEffects).toEqual(['Rule no_delete changes what delete does.']);
  await platform.close();
  const quiet = await described(sql, ['parent'], { options: { session_replication_role: 'replica' } });
  expect(quiet.of('public.parent')?.sideEffects).toEqual([
    'session_replication_role is replica: ordinary triggers do not run and foreign keys are not checked.',
  ]);
  await quiet.platform.close();
});

test('records that row-level security hides are not mistaken for deleted ones', async () => {
  const { database, platform, schema } = await described(
    `CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY visible ON t USING (id < 2);
     DROP ROLE IF EXISTS limited; CREATE ROLE limited LOGIN; GRANT ALL ON t TO limited; INSERT INTO t VALUES (1, 'a'), (2, 'b');`,
  );
  expect(schema.objects[0]?.refused).toBeUndefined();
  await platform.close();
  const limited = await openTestPlatform(server, database, { url: server.url(database, 'limited') });
  const [seen] = (await limited.connector.describe(undefined)).objects;
  expect(seen?.refused).toContain('Row-level security hides records');
  if (seen === undefined) throw new Error('not described');
  const error: unknown = await readRecords(limited.connector, seen).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'scope-missing')).toBe(true);
  await limited.close();
});

test('a type, an option or a column that changed since the snapshot is told per record', async () => {
  const { database, platform, schema } = await described(
    `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood, v varchar(20), n text); INSERT INTO t VALUES (1, 'sad', 'a', 'x');`,
    ['t'],
  );
  const [old] = schema.objects;
  if (old === undefined) throw new Error('not described');
  await platform.close();
  await server.sql(database, `ALTER TABLE t DROP COLUMN n; ALTER TABLE t ALTER v TYPE varchar(3); ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'`);
  const later = await openTestPlatform(server, database);
  expect(await readRecords(later.connector, old)).toEqual([{ key: '1', fields: { m: 'sad', v: 'a' }, meta: { id: 1 } }]);
  const write = async (set: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>) =>
    (await later.connector.write([{ action: 'update', schema: old, key: '1', set, expect: expected }]))[0];
  expect(await write({ m: 'ok' }, { m: 'sad' })).toMatchObject({ status: 'rejected', reason: 'option-removed' });
  expect(await write({ v: 'too long' }, { v: 'a' })).toMatchObject({ status: 'rejected', reason: 'type-changed' });
  expect(await write({ n: 'y' }, { n: 'x' })).toMatchObject({ status: 'rejected', reason: 'field-removed' });
  expect(await write({ id: '2' }, { id: '1' })).toMatchObject({ status: 'rejected', reason: 'read-only' });
  expect(await server.sql(database, 'SELECT * FROM t')).toEqual([{ id: '1', m: 'sad', v: 'a' }]);
  await later.close();
});

test('a column called __proto__ and names with quotes are columns like others', async () => {
  const { platform, schema } = await described(
    `CREATE TABLE "Odd""Table" ("__proto__" text, "a""b" int PRIMARY KEY, constructor text); INSERT INTO "Odd""Table" VALUES ('p', 1, 'c')`,
  );
  const [odd] = schema.objects;
  if (odd === undefined) throw new Error('not described');
  const [record] = await readRecords(platform.connector, odd);
  expect(JSON.stringify(record)).toBe('{"key":"1","fields":{"__proto__":"p","constructor":"c"},"meta":{"a\\"b":1}}');
  expect(await readLinesOf(platform.connector, odd)).toEqual([`${JSON.stringify(record)}\n`]);
  expect(
    await platform.connector.write([{ action: 'update', schema: odd, key: '1', set: { constructor: 'x' }, expect: { constructor: 'c' } }]),
  ).toMatchObject([{ status: 'applied', key: '1' }]);
  await platform.close();
});

test('everything that is unique is described: alone, together, deferred, partial, of expressions and of generated columns', async () => {
  const { of, platform } = await described(`
    CREATE TABLE u (
      id int PRIMARY KEY, email text NOT NULL, code text UNIQUE DEFERRABLE, list int, place int, gone timestamptz, tag text,
      low text GENERATED ALWAYS AS (lower(tag)) STORED UNIQUE, UNIQUE (list, place) INCLUDE (code)
    );
    CREATE UNIQUE INDEX ON u (lower(email)) WHERE gone IS NULL;
    CREATE INDEX ON u (tag);`);
  const schema = of('public.u');
  expect(schema?.fields.filter((field) => field.unique === true).map((field) => field.name)).toEqual(['id', 'code', 'tag']);
  expect(schema?.fields.filter((field) => field.required === true).map((field) => field.name)).toEqual(['id', 'email']);
  expect(schema?.unique).toEqual([{ fields: ['list', 'place'] }, { fields: ['email'], when: ['gone'] }]);
  await platform.close();
});
