import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Platform, RecordHistory, WrittenBatch } from '../../src/connectors/index.js';
import { isRunbackError, type RunbackError } from '../../src/lib/index.js';
import type { AuditConfig } from '../../src/workspace/index.js';
import { AUDIT_CONFIG, type AuditShape, auditSql, watchSql } from '../support/audit-triggers.js';
import { openTestPlatform, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: values that a history is taken to tell, and does not. */

let server: TestPostgres;
let database: string;
const opened: Platform[] = [];
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '200' } });
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const platform of opened.splice(0)) await platform.close();
});

const sql = async (text: string): Promise<Record<string, string | null>[]> => await server.sql(database, text);

async function open(audit: AuditConfig, url?: string): Promise<Platform> {
  const platform = await openTestPlatform(server, database, { audit, ...(url === undefined ? {} : { url }) });
  opened.push(platform);
  return platform;
}

/** A database with a table that is watched. */
async function watched(shape: AuditShape, table: string, ignored: readonly string[] = [], name = 'people'): Promise<void> {
  database = await server.createDatabase(`${table}; ${auditSql(shape)}; ${watchSql(shape, name, ignored)}`);
}

async function history(audit: AuditConfig, key: string, fields: readonly string[], object = 'public.people'): Promise<RecordHistory> {
  const { connector } = await open(audit);
  const schema = await schemaOf(connector, object);
  for await (const batch of connector.read({ schema, keys: [key], history: fields }))
    for (const [of, told] of batch.history ?? []) if (of === key) return told;
  throw new Error(`nothing is told of ${key}`);
}

/** Values and writers of a field, the newest first; `…` for what only stood there. */
const entries = (told: RecordHistory, field: string): readonly string[] =>
  (told.fields[field] ?? []).map(
    ({ value, writer, stood }) =>
      `${stood === true ? '… ' : ''}${value === undefined ? 'not told' : JSON.stringify(value)}${writer === undefined ? '' : ` ${writer}`}`,
  );

async function as(writer: string, text: string): Promise<void> {
  const client = await server.connect(database);
  try {
    await client.query(`SET app.writer = '${writer}'; SET application_name = '${writer}'`);
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function refusal(audit: AuditConfig, url?: string): Promise<RunbackError> {
  try {
    const { connector } = await open(audit, url);
    const schema = await schemaOf(connector, 'public.people');
    for await (const _ of connector.read({ schema, keys: ['1'], history: ['name'] })) continue;
  } catch (error) {
    if (isRunbackError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const PEOPLE = `CREATE TABLE people (id int PRIMARY KEY, name text, day date); INSERT INTO people VALUES (1, 'old', '2026-01-02'), (2, 'two', NULL)`;

test('what is described wrongly is refused by name, before anything is read of it', async () => {
  await watched('record_version', PEOPLE);
  await sql(`CREATE TABLE app_log (n int, what text, was jsonb, became jsonb, at text, who text); CREATE TABLE nothing (a int);
    CREATE ROLE reader LOGIN; GRANT SELECT ON people TO reader; GRANT USAGE ON SCHEMA audit TO reader`);
  const log = { table: 'public.app_log', of: { name: 'what' }, old: 'was', new: 'became', at: 'at', by: 'who' };
  const said = async (audit: AuditConfig): Promise<string> => {
    const { code, message, next } = await refusal(audit);
    return `${code} ${message} ${next ?? ''}`;
  };
  expect(await said({ table: 'audit.record_versions' })).toMatch(/object-unsupported .*audit\.record_versions.*audit\.record_version\b/u);
  expect(await said({ table: 'audit.record_version' })).toMatch(/file-invalid .*does not say who wrote.*ADD COLUMN written_by text/u);
  expect(await said({ table: 'audit.record_version', by: 'writen_by' })).toMatch(
    /by names the column writen_by, which the table does not have.*written_by/u,
  );
  expect(await said({ table: 'public.nothing', by: 'a' })).toMatch(/none of the shapes that are known/u);
  expect(await said(log)).toMatch(/at names the column at, whose type is text/u);
  expect(await said({ ...log, new: 'what' })).toMatch(/the column what has the type text/u);
  await sql('ALTER TABLE app_log ALTER at TYPE timestamptz USING now()');
  expect(await said({ ...log, of: { schema: 'what' } })).toMatch(/of names neither name nor oid/u);
  expect(await said({ ...log, order: 'who' })).toMatch(/order names the column who, whose type is text/u);
  expect(await said({ ...log, column: 'what' })).toMatch(/does not say which record was changed/u);
  const denied = await refusal(AUDIT_CONFIG.record_version, server.url(database, 'reader'));
  expect([denied.code, denied.next]).toEqual(['scope-missing', expect.stringContaining('GRANT SELECT ON "audit"."record_version" TO "reader"')]);
  await sql(
    `GRANT SELECT ON audit.record_version TO reader; ALTER TABLE audit.record_version ENABLE ROW LEVEL SECURITY; CREATE POLICY later ON audit.record_version USING (id > 1)`,
  );
  await as('ann', `UPDATE people SET name = 'new' WHERE id = 1`);
  expect((await refusal(AUDIT_CONFIG.record_version, server.url(database, 'reader'))).code).toBe('scope-missing');
});

test('of a record that is older than the trigger, what its first entry replaced stood there when the audit began, and nobody is said to have written it', async () => {
  for (const shape of ['logged_actions', 'record_version', 'rows', 'column'] as const) {
    await watched(shape, PEOPLE);
    await as('bob', `UPDATE people SET name = 'first' WHERE id = 2`);
    await as('ann', `UPDATE people SET name = 'new' WHERE id = 1`);
    const told = await history(AUDIT_CONFIG[shape], '1', ['name', 'day']);
    const ann = shape === 'logged_actions' ? 'postgres/ann' : 'ann';
    expect(entries(told, 'name')).toEqual([`"new" ${ann}`, '… "old"']);
    expect(told.created).toBeUndefined();
    expect(told.fields['name']?.[1]?.at).toBe(told.begins);
    expect(Date.parse(told.begins ?? '')).toBeLessThanOrEqual(Date.parse(told.fields['name']?.[0]?.at ?? ''));
    // Whole rows hold the other field, too; entries of single fields tell nothing of it.
    expect(entries(told, 'day')).toEqual(shape === 'column' ? [] : ['… not told']);
  }
});

test('a column that the trigger leaves out is told of by nothing, and a change of it alone is no entry', async () => {
  await watched('logged_actions', PEOPLE, ['day']);
  await as('ann', `UPDATE people SET day = '2026-03-04' WHERE id = 1`);
  await as('ann', `UPDATE people SET name = 'new', day = '2026-05-06' WHERE id = 1`);
  const told = await history(AUDIT_CONFIG.logged_actions, '1', ['name', 'day']);
  expect(entries(told, 'name')).toEqual(['"new" postgres/ann', '… "old"']);
  expect(entries(told, 'day')).toEqual([]);
});

test('what somebody wrote while the trigger was off is between two entries, by nobody', async () => {
  await watched('record_version', PEOPLE);
  await as('ann', `UPDATE people SET name = 'a' WHERE id = 1`);
  await as('ghost', `SET session_replication_role = replica; UPDATE people SET name = 'unseen' WHERE id = 1`);
  await as('sync', `UPDATE people SET name = 'b' WHERE id = 1`);
  expect(entries(await history(AUDIT_CONFIG.record_version, '1', ['name']), 'name')).toEqual(['"b" sync', '… "unseen"', '"a" ann', '… "old"']);
});

test('a date in the form of another session is not guessed at', async () => {
  await watched('logged_actions', PEOPLE);
  await as('ann', `UPDATE people SET day = '2026-04-03' WHERE id = 1`);
  await as('sync', `SET DateStyle = 'SQL, DMY'; UPDATE people SET day = '2026-05-04' WHERE id = 1`);
  expect(entries(await history(AUDIT_CONFIG.logged_actions, '1', ['day']), 'day')).toEqual([
    'not told postgres/sync',
    '… not told',
    '"2026-04-03" postgres/ann',
    '… "2026-01-02"',
  ]);
});

test('values that a column can no longer hold are not told; the rest of the record and other records are', async () => {
  await watched(
    'record_version',
    `CREATE TABLE people (id int PRIMARY KEY, name text, code text); INSERT INTO people VALUES (1, 'one', 'x'), (2, 'two', '2')`,
  );
  await as('sync', `UPDATE people SET code = 'abc', name = 'uno' WHERE id = 1`);
  await as('ann', `UPDATE people SET code = '7' WHERE id IN (1, 2)`);
  await sql('ALTER TABLE people ALTER code TYPE int USING code::int, ADD COLUMN added text; ALTER TABLE people RENAME name TO title');
  const told = await history(AUDIT_CONFIG.record_version, '1', ['code', 'title', 'added']);
  expect(entries(told, 'code')).toEqual(
    ['not told ann', 'not told sync', '… not told'].flatMap((one) => (one === 'not told sync' ? ['… not told', one] : [one])),
  );
  expect([entries(told, 'title'), entries(told, 'added')]).toEqual([[], []]);
  expect(entries(await history(AUDIT_CONFIG.record_version, '2', ['code']), 'code')).toEqual(['7 ann', '… 2']);
});

test('a record that got another key is told from then on, and what stood there before has no earlier time', async () => {
  for (const shape of ['logged_actions', 'record_version'] as const) {
    await watched(shape, `CREATE TABLE people (a int, b text, name text, PRIMARY KEY (a, b)); INSERT INTO people VALUES (1, 'x', 'old')`);
    await as('ann', `UPDATE people SET name = 'one' WHERE a = 1`);
    await as('bob', `UPDATE people SET b = 'y"' WHERE a = 1`);
    await as('sync', `UPDATE people SET name = 'two' WHERE a = 1`);
    const told = await history(AUDIT_CONFIG[shape], JSON.stringify(['1', 'y"']).replace(',', ', '), ['name']).catch(
      async () => await history(AUDIT_CONFIG[shape], JSON.stringify(['1', 'y"']), ['name']),
    );
    expect(entries(told, 'name')).toEqual([`"two" ${shape === 'logged_actions' ? 'postgres/' : ''}sync`, '… "one"']);
    expect(Date.parse(told.fields['name']?.[1]?.at ?? '')).toBeGreaterThan(Date.parse(told.begins ?? ''));
  }
});

test('a record that is made after its table was emptied may have been there before: nothing says that it is new', async () => {
  await watched('record_version', PEOPLE);
  await as('sync', 'TRUNCATE people');
  await as('sync', `INSERT INTO people VALUES (1, 'again', NULL)`);
  const told = await history(AUDIT_CONFIG.record_version, '1', ['name']);
  expect([entries(told, 'name'), told.created]).toEqual([['"again" sync', '… not told'], undefined]);
  const { connector } = await open(AUDIT_CONFIG.record_version);
  const batches: WrittenBatch[] = [];
  for await (const batch of connector.writtenSince?.({ schema: await schemaOf(connector, 'public.people'), since: new Date(0) }) ?? [])
    batches.push(batch);
  expect(batches).toEqual([{ begins: told.begins }, { total: 1 }, { keys: ['1'] }]);
});

test('a record that its writer deletes and makes again has been written; one that another makes again is new', async () => {
  await watched('record_version', PEOPLE);
  await as('sync', `DELETE FROM people WHERE id = 1; INSERT INTO people VALUES (1, 'changed', '2026-01-02')`);
  await as('ann', `DELETE FROM people WHERE id = 2`);
  await as('sync', `INSERT INTO people VALUES (2, 'back', NULL)`);
  const [one, two] = [await history(AUDIT_CONFIG.record_version, '1', ['name', 'day']), await history(AUDIT_CONFIG.record_version, '2', ['name'])];
  expect([entries(one, 'name'), entries(one, 'day'), one.created]).toEqual([['"changed" sync', '… "old"'], ['… "2026-01-02"'], undefined]);
  expect(two.created).toMatchObject({ writer: 'sync' });
});

test('of two transactions the one that wrote later is the newer, whichever began first', async () => {
  await watched('record_version', PEOPLE);
  const [early, late] = [await server.connect(database), await server.connect(database)];
  try {
    await early.query(`SET app.writer = 'early'; BEGIN`);
    await early.query('SELECT now()');
    await late.query(`SELECT pg_sleep(0.01); SET app.writer = 'late'; UPDATE people SET name = 'by late' WHERE id = 1`);
    await early.query(`UPDATE people SET name = 'by early' WHERE id = 1; COMMIT`);
  } finally {
    await early.end();
    await late.end();
  }
  const told = await history(AUDIT_CONFIG.record_version, '1', ['name']);
  expect(entries(told, 'name')).toEqual(['"by early" early', '"by late" late', '… "old"']);
  const [newest, older] = told.fields['name'] ?? [];
  expect(Date.parse(newest?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(older?.at ?? ''));
});

test('records of partitions are found, also those that moved from one to another', async () => {
  await watched(
    'record_version',
    `CREATE TABLE people (id int PRIMARY KEY, name text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF people FOR VALUES FROM (0) TO (10);
     CREATE TABLE p2 PARTITION OF people FOR VALUES FROM (10) TO (20); INSERT INTO people VALUES (1, 'one'), (11, 'eleven')`,
  );
  await as('sync', `UPDATE people SET name = 'x'`);
  expect(entries(await history(AUDIT_CONFIG.record_version, '11', ['name']), 'name')).toEqual(['"x" sync', '… "eleven"']);
});

test('pairs of values under the name of a class, as web applications keep them', async () => {
  database = await server.createDatabase(`${PEOPLE};
    CREATE TABLE versions (id bigserial, item_type text, item_id bigint, event text, object jsonb, object_changes jsonb, whodunnit text, created_at timestamp);
    INSERT INTO versions (item_type, item_id, event, object_changes, whodunnit, created_at) VALUES
      ('Person', 1, 'create', '{"name": [null, "made"]}', 'ann', '2026-01-01 10:00:00'), ('Company', 1, 'update', '{"name": ["a", "b"]}', 'eve', '2026-01-01 11:00:00'),
      ('Person', 1, 'update', '{"name": ["made", "old"], "day": [null, "2026-01-02"]}', 'sync', '2026-01-02 10:00:00.5')`);
  const told = await history({ table: 'public.versions', names: { 'public.people': 'Person' } }, '1', ['name', 'day']);
  expect(entries(told, 'name')).toEqual(['"old" sync', '"made" ann']);
  expect(entries(told, 'day')).toEqual(['"2026-01-02" sync', '… null']);
  expect([told.fields['name']?.[0]?.at, told.created]).toEqual(['2026-01-02T10:00:00.5Z', { at: '2026-01-01T10:00:00Z', writer: 'ann' }]);
});

test('of a record with more entries than fit, the newest are told, and where they end nothing older is claimed', async () => {
  await watched('record_version', PEOPLE);
  await as('bob', `DO $do$ BEGIN FOR i IN 1..700 LOOP UPDATE people SET name = i || repeat('x', 20000) WHERE id = 1; END LOOP; END $do$`);
  await as('ann', `UPDATE people SET name = 'end' WHERE id = 1; UPDATE people SET name = 'end' WHERE id = 2`);
  const told = await history(AUDIT_CONFIG.record_version, '1', ['name']);
  const name = told.fields['name'] ?? [];
  expect(name.length).toBeGreaterThan(300);
  expect(name.length).toBeLessThan(600);
  expect(name[0]).toMatchObject({ value: 'end', writer: 'ann' });
  expect(name.at(-1)).toMatchObject({ stood: true, at: name.at(-2)?.at });
  expect(entries(await history(AUDIT_CONFIG.record_version, '2', ['name']), 'name')).toEqual(['"end" ann', '… "two"']);
});

test('a well-known audit table that is not used is named with what to write, and one without an index with the index', async () => {
  await watched('logged_actions', PEOPLE);
  const unused = await openTestPlatform(server, database);
  opened.push(unused);
  expect(await unused.connector.advice?.()).toEqual([expect.stringContaining('audit: { table: "audit.logged_actions" }')]);
  expect(await (await open(AUDIT_CONFIG.logged_actions)).connector.advice?.()).toEqual([]);
  await watched('rows', PEOPLE);
  expect(await (await open(AUDIT_CONFIG.rows)).connector.advice?.()).toEqual([
    expect.stringContaining('CREATE INDEX CONCURRENTLY ON "app"."row_log" ("what", "at")'),
  ]);
});

test('tables that someone made by hand are proposed by what their columns are called, and what is missing is said', async () => {
  database = await server.createDatabase(
    `${PEOPLE};
     CREATE TABLE changes (id bigserial, table_name text, operation text, old_data jsonb, new_data jsonb, changed_at timestamptz, changed_by text);
     CREATE TABLE field_changes (table_name text, row_id text, field_name text, old_value text, new_value text, changed_at timestamptz, changed_by text);
     CREATE TABLE nameless (id bigserial, table_name text, old_data jsonb, new_data jsonb, changed_at timestamptz);
     CREATE TABLE orders (id int, old text, new text, created_at timestamptz, user_id int)`,
  );
  const platform = await openTestPlatform(server, database);
  opened.push(platform);
  const advice = (await platform.connector.advice?.()) ?? [];
  expect(advice).toEqual([
    'public.changes looks like an audit table that someone made, and is not used.',
    'public.field_changes looks like an audit table that someone made, and is not used.',
    'public.nameless looks like an audit table, but lacks a column that names who wrote, so it cannot be used.',
    'If their columns mean this, put under warehouse in runback.yml to plan from them without a snapshot:  audit: [{ table: "public.changes", of: { name: table_name }, old: old_data, new: new_data, at: changed_at, by: changed_by, action: operation, order: id }, { table: "public.field_changes", of: { name: table_name }, old: old_value, new: new_value, at: changed_at, by: changed_by, column: field_name, key: row_id }]',
  ]);
});

test('what is proposed for a table made by hand is accepted as it stands', async () => {
  database = await server.createDatabase(
    `${PEOPLE}; CREATE TABLE changes (id bigserial, table_name text, operation text, old_data jsonb, new_data jsonb, changed_at timestamptz, changed_by text);
     INSERT INTO changes (table_name, operation, old_data, new_data, changed_at, changed_by)
       VALUES ('people', 'UPDATE', '{"id": 1, "name": "older"}', '{"id": 1, "name": "old"}', now(), 'ann')`,
  );
  const config = {
    table: 'public.changes',
    of: { name: 'table_name' },
    old: 'old_data',
    new: 'new_data',
    at: 'changed_at',
    by: 'changed_by',
    action: 'operation',
    order: 'id',
  };
  expect(entries(await history(config, '1', ['name']), 'name')).toEqual(['"old" ann', '… "older"']);
});

test('what changed since a time is read by the audit table where no column tells, and the whole table where that does not reach back', async () => {
  await watched('record_version', PEOPLE);
  await as('ann', `UPDATE people SET name = 'first' WHERE id = 1; UPDATE audit.record_version SET ts = now() - interval '2 days'`);
  await as('ann', `UPDATE people SET name = 'now' WHERE id = 2`);
  const { connector } = await open(AUDIT_CONFIG.record_version);
  const schema = await schemaOf(connector, 'public.people');
  const keysSince = async (hours: number): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const { records } of connector.read({ schema, changedSince: new Date(Date.now() - hours * 3_600_000) }))
      keys.push(...records.map(({ key }) => key));
    return keys;
  };
  expect(await keysSince(1)).toEqual(['2']);
  // Older than the oldest entry: nothing says what changed then.
  expect(await keysSince(72)).toEqual(['1', '2']);
});
