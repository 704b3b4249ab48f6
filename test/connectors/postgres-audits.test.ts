import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Platform, RecordHistory } from '../../src/connectors/index.js';
import type { AuditConfig } from '../../src/workspace/index.js';
import { openTestPlatform, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: the history of every table but one, where each has an audit table of its own. */

let server: TestPostgres;
let database: string;
const opened: Platform[] = [];
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const platform of opened.splice(0)) await platform.close();
});

/** One table with an audit table of old and new rows, one with copies of rows as PostgreSQL's manual makes them, and one that nothing tells of. */
const TABLES = `
  CREATE TABLE leads (id int PRIMARY KEY, name text, phone text);
  CREATE TABLE accounts (id int PRIMARY KEY, title text, city text);
  CREATE TABLE notes (id int PRIMARY KEY, body text);
  CREATE TABLE leads_audit (id bigserial PRIMARY KEY, operation text, old_data jsonb, new_data jsonb, changed_at timestamptz DEFAULT clock_timestamp(), changed_by text DEFAULT session_user);
  CREATE TABLE accounts_audit (seq bigserial PRIMARY KEY, operation char(1) NOT NULL, stamp timestamptz NOT NULL, userid text NOT NULL, id int, title text, city text);
  CREATE FUNCTION note_lead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO leads_audit (operation, old_data, new_data) VALUES (TG_OP, to_jsonb(OLD), to_jsonb(NEW)); RETURN NULL; END $$;
  CREATE FUNCTION note_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN INSERT INTO accounts_audit (operation, stamp, userid, id, title, city) SELECT 'D', clock_timestamp(), session_user, OLD.*;
    ELSE INSERT INTO accounts_audit (operation, stamp, userid, id, title, city) SELECT left(TG_OP, 1), clock_timestamp(), session_user, NEW.*; END IF;
    RETURN NULL; END $$;
  CREATE TRIGGER leads_noted AFTER INSERT OR UPDATE OR DELETE ON leads FOR EACH ROW EXECUTE FUNCTION note_lead();
  CREATE TRIGGER accounts_noted AFTER INSERT OR UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION note_account();
  INSERT INTO leads VALUES (1, 'Ada', '1'), (2, 'Bob', '2');
  INSERT INTO accounts VALUES (1, 'One', 'Ulm'), (2, 'Two', 'Bonn');
  INSERT INTO notes VALUES (1, 'x');
  UPDATE leads SET phone = '' WHERE id = 1;
  UPDATE accounts SET city = 'Kiel' WHERE id = 1;
  UPDATE accounts SET title = 'One', city = 'Kiel' WHERE id = 1;
  UPDATE accounts SET title = 'Uno' WHERE id = 1;
  DELETE FROM accounts WHERE id = 2`;

const LEADS: AuditConfig = {
  table: 'public.leads_audit',
  about: 'public.leads',
  old: 'old_data',
  new: 'new_data',
  at: 'changed_at',
  by: 'changed_by',
  action: 'operation',
  order: 'id',
};
const ACCOUNTS: AuditConfig = {
  table: 'public.accounts_audit',
  about: 'public.accounts',
  copies: 'after',
  action: 'operation',
  at: 'stamp',
  by: 'userid',
  order: 'seq',
};

async function open(audit?: AuditConfig | readonly AuditConfig[]): Promise<Platform> {
  const platform = await openTestPlatform(server, database, audit === undefined ? {} : { audit });
  opened.push(platform);
  return platform;
}

async function told({ connector }: Platform, object: string, keys: readonly string[]): Promise<ReadonlyMap<string, RecordHistory>> {
  const schema = await schemaOf(connector, object);
  const fields = schema.fields.filter(({ readOnly }) => !readOnly).map(({ name }) => name);
  const found = new Map<string, RecordHistory>();
  for await (const { history } of connector.read({ schema, keys, history: fields })) for (const [key, one] of history ?? []) found.set(key, one);
  return found;
}

const valuesOf = (history: RecordHistory | undefined, field: string): readonly unknown[] =>
  (history?.fields[field] ?? []).map(({ value, writer, stood }) => (stood === true ? ['stood', value] : [value, writer]));

test('each object type is told by its own audit table; one that none tells of has no history, and is read all the same', async () => {
  database = await server.createDatabase(TABLES);
  const platform = await open([LEADS, ACCOUNTS]);
  const leads = await told(platform, 'public.leads', ['1', '2']);
  expect(valuesOf(leads.get('1'), 'phone')).toEqual([
    ['', 'postgres'],
    ['1', 'postgres'],
  ]);
  expect(valuesOf(leads.get('2'), 'phone')).toEqual([['2', 'postgres']]);
  const notes = await told(platform, 'public.notes', ['1']);
  expect(notes.get('1')).toEqual({ fields: {} });
  const schema = await schemaOf(platform.connector, 'public.notes');
  const batches: unknown[] = [];
  for await (const batch of platform.connector.writtenSince?.({ schema, since: new Date(0) }) ?? []) batches.push(batch);
  expect(batches).toEqual([{ begins: null }, { total: 1 }]);
});

test('copies of rows tell what each write changed, and no write where nothing did; who deleted, and what was there', async () => {
  database = await server.createDatabase(TABLES);
  const accounts = await told(await open([LEADS, ACCOUNTS]), 'public.accounts', ['1', '2']);
  expect(valuesOf(accounts.get('1'), 'city')).toEqual([
    ['Kiel', 'postgres'],
    ['Ulm', 'postgres'],
  ]);
  expect(valuesOf(accounts.get('1'), 'title')).toEqual([
    ['Uno', 'postgres'],
    ['One', 'postgres'],
  ]);
  expect(accounts.get('1')?.created).toBeDefined();
  expect(accounts.get('2')?.deleted).toMatchObject({ writer: 'postgres', held: { title: 'Two', city: 'Bonn' } });
});

test('of a record that is older than the copies, the first copy tells who may have written, and not what stood there before', async () => {
  database = await server.createDatabase(`${TABLES}; DELETE FROM accounts_audit WHERE id = 1 AND operation = 'I'`);
  const accounts = await told(await open(ACCOUNTS), 'public.accounts', ['1']);
  expect(valuesOf(accounts.get('1'), 'city')).toEqual([
    ['Kiel', 'postgres'],
    ['stood', undefined],
  ]);
  expect(valuesOf(accounts.get('1'), 'title')).toEqual([
    ['Uno', 'postgres'],
    ['One', 'postgres'],
    ['stood', undefined],
  ]);
});

test('audit tables of single tables are proposed by their names, as one list that is accepted as it stands', async () => {
  database = await server.createDatabase(TABLES);
  const { connector } = await open();
  const advice = (await connector.advice?.()) ?? [];
  expect(advice.slice(0, 2)).toEqual([
    'public.accounts_audit looks like an audit table of public.accounts that someone made, and is not used.',
    'public.leads_audit looks like an audit table of public.leads that someone made, and is not used.',
  ]);
  expect(advice[2]).toContain(
    'audit: [{ table: "public.accounts_audit", about: "public.accounts", copies: after, action: operation, at: stamp, by: userid, order: seq }, { table: "public.leads_audit", about: "public.leads", old: old_data, new: new_data, at: changed_at, by: changed_by, action: operation, order: id }]',
  );
  expect(await (await open([LEADS, ACCOUNTS])).connector.advice?.()).toContainEqual(
    'public.accounts_audit keeps copies of rows, and not what they replaced: a write past its trigger is put down to whoever wrote the record next',
  );
});

test('two audit tables that both tell of one table are refused until it is said which of them counts', async () => {
  const common = (name: string): string =>
    `CREATE TABLE ${name} (n bigserial, what text, was jsonb, became jsonb, at timestamptz DEFAULT now(), who text);
     INSERT INTO ${name} (what, was, became, who) VALUES ('leads', '{"id": 1, "name": "older"}', '{"id": 1, "name": "Ada"}', '${name}')`;
  database = await server.createDatabase(`${TABLES}; ${common('one')}; ${common('two')}`);
  const config = (table: string): AuditConfig => ({ table: `public.${table}`, of: { name: 'what' }, old: 'was', new: 'became', at: 'at', by: 'who' });
  await expect(told(await open([config('one'), config('two')]), 'public.leads', ['1'])).rejects.toMatchObject({
    code: 'file-invalid',
    message: 'public.one and public.two both tell of public.leads',
  });
  const chosen = await told(await open([config('one'), { ...config('two'), about: ['public.leads'] }]), 'public.leads', ['1']);
  expect(valuesOf(chosen.get('1'), 'name')[0]).toEqual(['Ada', 'two']);
  await expect(told(await open({ ...config('one'), of: { name: 'wat' } }), 'public.leads', ['1'])).rejects.toMatchObject({ code: 'file-invalid' });
});
