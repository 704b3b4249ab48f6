import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { isRunbackError, type Reporter, silentReporter } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';

let server: TestPostgres;
let proxy: TcpProxy;
let database: string;
let platform: Platform;
let schema: ObjectSchema;
const waits: string[] = [];
const reporter: Reporter = { ...silentReporter, waiting: (wait) => void waits.push(wait.reason) };

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  waits.length = 0;
  database = await server.createDatabase(
    `CREATE TABLE t (id int PRIMARY KEY, v text, parent int REFERENCES t); INSERT INTO t SELECT n, 'a' FROM generate_series(1, 50) n`,
  );
  proxy = await startProxy(server);
  platform = await open();
  schema = await schemaOf(platform.connector, 't');
});
afterEach(async () => {
  await platform.close();
  await proxy.stop();
});

function open(options: Record<string, unknown> = {}, url = `postgres://postgres@127.0.0.1:${String(proxy.port)}/${database}`): Promise<Platform> {
  return openTestPlatform(server, database, { url, options, limits: { wait: '5s' } });
}

const update = (key: string, to: string, from = 'a') => ({ action: 'update' as const, schema, key, set: { v: to }, expect: { v: from } });
const valueOf = async (key: string): Promise<string | null | undefined> =>
  (await server.sql(database, 'SELECT v FROM t WHERE id = $1', [key]))[0]?.['v'];

/** Waits until a session of the connector waits for a lock. */
async function blocked(): Promise<void> {
  for (;;) {
    const [row] = await server.sql(
      'postgres',
      `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'runback' AND wait_event_type = 'Lock'`,
    );
    if (row?.['n'] !== '0') return;
  }
}

test('a commit whose answer was lost is looked up in the database: what was done is said to be done', async () => {
  await platform.connector.write([update('1', 'warm')]);
  proxy.dropAnswerTo('COMMIT\0', 'accept');
  expect(await platform.connector.write([update('2', 'b'), update('3', 'b', 'other')])).toMatchObject([
    { status: 'applied', key: '2' },
    { status: 'moved', live: { v: 'a' } },
  ]);
});

test('a commit that never arrived is not said to be done', async () => {
  await platform.connector.write([update('1', 'warm')]);
  proxy.dropRequest('COMMIT\0', 'accept');
  const [result] = await platform.connector.write([update('2', 'b')]);
  expect(result?.status).toBe('failed');
  expect(await valueOf('2')).toBe('a');
});

test('a connection that is cut before the commit is made again, and the batch is written once', async () => {
  await platform.connector.write([update('1', 'warm')]);
  proxy.dropAnswerTo('UPDATE', 'accept');
  const results = await platform.connector.write([update('2', 'b')], { reporter });
  expect(results).toMatchObject([{ status: 'applied', key: '2' }]);
  expect(waits.length).toBeGreaterThan(0);
  expect(platform.connector.usage().retries).toBeGreaterThan(0);
});

test('a read that is cut is repeated, visibly', async () => {
  proxy.dropAnswerTo('unnest', 'accept');
  const records = [];
  for await (const batch of platform.connector.read({ schema, keys: ['1', '2'] }, { reporter })) records.push(...batch.records);
  expect(records).toHaveLength(2);
  expect(waits[0]).toContain('did not answer');
});

test('a consistent read that is cut is an error: a second half from another moment would be a false snapshot', async () => {
  await platform.connector.beginRead?.();
  await readRecords(platform.connector, schema);
  proxy.cutOff();
  proxy.heal();
  const error: unknown = await readRecords(platform.connector, schema).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'platform-unreachable')).toBe(true);
  await platform.connector.endRead?.();
  expect(await readRecords(platform.connector, schema)).toHaveLength(50);
});

test('an edit that is committed while our write waits for its lock is not overwritten', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`BEGIN; UPDATE t SET v = 'by a colleague' WHERE id = 2`);
  const writing = platform.connector.write([update('1', 'b'), update('2', 'b'), update('3', 'b')]);
  await blocked();
  await colleague.query('COMMIT');
  expect(await writing).toMatchObject([
    { status: 'applied', key: '1' },
    { status: 'moved', live: { v: 'by a colleague' } },
    { status: 'applied', key: '3' },
  ]);
  expect(await valueOf('2')).toBe('by a colleague');
  await colleague.end();
});

test('a record that a colleague has locked costs the others nothing, and the message names who holds it', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`SET application_name = 'psql of a colleague'; BEGIN; UPDATE t SET v = 'x' WHERE id IN (2, 7)`);
  const hasty = await openTestPlatform(server, database, { options: { lock_timeout: '20ms' } });
  const results = await hasty.connector.write(
    Array.from({ length: 50 }, (_, i) => update(String(i + 1), 'b')),
    { reporter },
  );
  expect(results.map((result) => result.status)).toEqual(Array.from({ length: 50 }, (_, i) => (i === 1 || i === 6 ? 'failed' : 'applied')));
  const [{ pg_backend_pid: pid } = {}] = (await colleague.query<Record<string, string>>('SELECT pg_backend_pid()')).rows;
  expect(results[1]).toMatchObject({
    message: expect.stringContaining(`session ${pid ?? '?'} of postgres (psql of a colleague) holds it`) as string,
  });
  expect(waits.some((reason) => reason.includes('psql of a colleague'))).toBe(true);
  await colleague.query('ROLLBACK');
  expect([await valueOf('1'), await valueOf('2'), await valueOf('7')]).toEqual(['b', 'a', 'a']);
  await hasty.close();
  await colleague.end();
});

test('a record that its colleague lets go in the meantime is written after the others', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`BEGIN; SELECT FROM t WHERE id = 2 FOR UPDATE`);
  const hasty = await openTestPlatform(server, database, { options: { lock_timeout: '20ms' }, limits: { wait: '30s' } });
  let asked = 0;
  const releasing: Reporter = {
    ...silentReporter,
    waiting: () => {
      asked += 1;
      if (asked === 2) void colleague.query('ROLLBACK');
    },
  };
  const results = await hasty.connector.write([update('1', 'b'), update('2', 'b')], { reporter: releasing });
  expect(results.map((result) => result.status)).toEqual(['applied', 'applied']);
  await hasty.close();
  await colleague.end();
});

test('a table that is locked as a whole ends in results within the time limit, and nothing is written', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`BEGIN; LOCK TABLE t IN SHARE MODE`);
  const hasty = await openTestPlatform(server, database, { options: { lock_timeout: '20ms' } });
  const results = await hasty.connector.write(Array.from({ length: 20 }, (_, i) => update(String(i + 1), 'b')));
  expect(new Set(results.map((result) => result.status))).toEqual(new Set(['failed']));
  expect(results[0]).toMatchObject({ message: expect.stringMatching(/session \d+ of postgres/) as string });
  await colleague.query('ROLLBACK');
  expect(await valueOf('1')).toBe('a');
  await hasty.close();
  await colleague.end();
});

test('what has to wait for a parent or a value that a colleague holds is left for later alone', async () => {
  const colleague = await server.connect(database);
  await server.sql(database, 'CREATE UNIQUE INDEX ON t (v) WHERE id > 100');
  await colleague.query(`BEGIN; SELECT FROM t WHERE id = 3 FOR UPDATE; INSERT INTO t VALUES (200, 'taken soon')`);
  const hasty = await openTestPlatform(server, database, { options: { lock_timeout: '20ms' } });
  const make = (key: string, parent: number, v = key) => ({ action: 'create' as const, schema, key, set: { v, parent } });
  const results = await hasty.connector.write([make('101', 1), make('102', 2), make('103', 3), make('104', 4), make('105', 5, 'taken soon')]);
  expect(results.map((result) => result.status)).toEqual(['applied', 'applied', 'failed', 'applied', 'failed']);
  await colleague.query('ROLLBACK');
  await hasty.close();
  await colleague.end();
});

test('too many connections is no refusal: it is waited for', async () => {
  await server.sql(database, `DROP ROLE IF EXISTS crowded; CREATE ROLE crowded LOGIN CONNECTION LIMIT 2; GRANT ALL ON t TO crowded`);
  const other = new Client({ connectionString: server.url(database, 'crowded') });
  await other.connect();
  const crowded = await openTestPlatform(server, database, { url: server.url(database, 'crowded'), limits: { wait: '30s' } });
  let ending: Promise<void> | undefined;
  const leaving: Reporter = { ...silentReporter, waiting: () => void (ending ??= other.end()) };
  const results = await crowded.connector.write([update('1', 'b')], { reporter: leaving });
  expect(results).toMatchObject([{ status: 'applied' }]);
  expect(ending).toBeDefined();
  await ending;
  await crowded.close();
});

test('a server that is starting is waited for, also to ask it what became of a commit, and is named where that takes too long', async () => {
  await platform.connector.write([update('1', 'warm')]);
  proxy.dropAnswerTo('COMMIT\0', 'accept');
  // As often as it is asked in any case; each time it is asked for TLS first.
  proxy.starting(8);
  expect(await platform.connector.write([update('2', 'b')], { reporter })).toMatchObject([{ status: 'applied' }]);
  expect(waits.filter((why) => why.includes('is asked what happened'))).toHaveLength(4);
  expect(waits.some((why) => why.includes('takes no connections now'))).toBe(true);
  const fresh = await open();
  proxy.starting(2);
  expect(await readRecords(fresh.connector, schema, ['1'])).toHaveLength(1);
  await fresh.close();
  proxy.starting(1000);
  const short = openTestPlatform(server, database, {
    url: `postgres://postgres@127.0.0.1:${String(proxy.port)}/${database}`,
    limits: { wait: '0s' },
  });
  const error: unknown = await short.then(
    (opened) => readRecords(opened.connector, schema, ['1']),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'platform-unreachable', message: 'warehouse takes no connections now' });
  expect(String((error as { why?: string }).why)).toContain('the database system is starting up (57P03)');
  proxy.heal();
});

test('a session that an administrator ends in the middle of a batch is no refusal: the batch is written again', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`BEGIN; UPDATE t SET v = 'x' WHERE id = 2`);
  const writing = platform.connector.write([update('1', 'b'), update('2', 'b')], { reporter });
  await blocked();
  await server.sql(
    'postgres',
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'runback' AND wait_event_type = 'Lock'`,
  );
  await colleague.query('ROLLBACK');
  expect((await writing).map((result) => result.status)).toEqual(['applied', 'applied']);
  await colleague.end();
});

test.each(['40P01', '40001'])('a batch that the server gives up for another one (%s) begins again, within limits', async (code) => {
  await server.sql(
    database,
    `CREATE SEQUENCE tries; CREATE FUNCTION clashes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.id = 2 AND nextval('public.tries') <= 2 OR NEW.id = 9 THEN RAISE 'clash' USING ERRCODE = '${code}'; END IF; RETURN NEW; END $$;
     CREATE TRIGGER clashes BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION clashes()`,
  );
  const results = await platform.connector.write([update('1', 'b'), update('2', 'b')], { reporter });
  expect(results.map((result) => result.status)).toEqual(['applied', 'applied']);
  expect(waits).toHaveLength(2);
  const hasty = await openTestPlatform(server, database);
  expect(await hasty.connector.write([update('9', 'b')])).toMatchObject([{ status: 'failed', message: expect.stringContaining('clash') as string }]);
  await hasty.close();
});

test('an abort while a write waits cancels it on the server, and nothing is written', async () => {
  const colleague = await server.connect(database);
  await colleague.query(`BEGIN; UPDATE t SET v = 'x' WHERE id = 2`);
  const controller = new AbortController();
  const writing = platform.connector.write([update('1', 'b'), update('2', 'b')], { signal: controller.signal });
  await blocked();
  controller.abort();
  expect((await writing).map((result) => result.status)).toEqual(['failed', 'failed']);
  await colleague.query('ROLLBACK');
  expect(await valueOf('1')).toBe('a');
  expect(await platform.connector.write([update('1', 'b')])).toMatchObject([{ status: 'applied', key: '1' }]);
  await colleague.end();
});

test('children and parents of one batch are created in whatever order they come', async () => {
  const create = (key: string, parent: number | null) => ({
    action: 'create' as const,
    schema,
    key,
    set: parent === null ? { v: 'x' } : { v: 'x', parent },
  });
  const results = await platform.connector.write([create('103', 102), create('102', 101), create('101', null), create('104', 999)]);
  expect(results.map((result) => (result.status === 'rejected' ? result.reason : result.status))).toEqual([
    'applied',
    'applied',
    'applied',
    'parent-missing',
  ]);
  const deleted = await platform.connector.write(
    ['101', '102', '103'].map((key) => ({ action: 'delete' as const, schema, key, expect: { v: 'x' } })),
  );
  expect(deleted.map((result) => result.status)).toEqual(['applied', 'applied', 'applied']);
});

test('one bad record among many costs no other its write', async () => {
  await server.sql(database, `ALTER TABLE t ADD CHECK (v <> 'forbidden')`);
  const results = await platform.connector.write(Array.from({ length: 50 }, (_, i) => update(String(i + 1), i % 17 === 3 ? 'forbidden' : 'b')));
  expect(results.map((result) => result.status)).toEqual(Array.from({ length: 50 }, (_, i) => (i % 17 === 3 ? 'rejected' : 'applied')));
  const [row] = await server.sql(database, `SELECT count(*) AS n FROM t WHERE v = 'b'`);
  expect(row?.['n']).toBe('47');
});

test('a missing permission names the GRANT before anything is sent', async () => {
  await server.sql(database, 'DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader');
  const reader = await open({}, server.url(database, 'reader'));
  const error: unknown = await reader.connector.write([update('1', 'b')]).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'scope-missing') && error.next).toBe(
    'Let the owner of the table run: GRANT SELECT, UPDATE ON "public"."t" TO "reader";',
  );
  await server.sql(database, 'REVOKE SELECT ON t FROM reader');
  const unread: unknown = await readRecords(reader.connector, schema).catch((thrown: unknown) => thrown);
  expect(isRunbackError(unread, 'scope-missing') && unread.next).toContain('GRANT SELECT ON "public"."t" TO "reader";');
  await reader.close();
});

test('a wrong user and a wrong database are told apart from a dead one, without the password', async () => {
  const url = `postgres://nobody:hunter2@127.0.0.1:${String(server.port)}/${database}`;
  const refused: unknown = await open({}, url).catch((thrown: unknown) => thrown);
  expect(isRunbackError(refused, 'auth-refused')).toBe(true);
  const missing: unknown = await open({}, server.url('no_such_database')).catch((thrown: unknown) => thrown);
  expect(isRunbackError(missing, 'platform-rejected')).toBe(true);
  for (const error of [refused, missing]) expect(JSON.stringify({ ...(error as object), message: String(error) })).not.toContain('hunter2');
});

test('one connection reads and one writes, and none is left open, also where nothing was sent', async () => {
  const sessions = async (): Promise<number> => {
    const [row] = await server.sql('postgres', `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'runback' AND datname = $1`, [
      database,
    ]);
    return Number(row?.['n']);
  };
  const before = await sessions();
  for (const field of ['v', 'gone']) {
    const mine = await open();
    const status = field === 'v' ? 'applied' : 'rejected';
    expect(await mine.connector.write([{ ...update('1', 'a'), set: { [field]: 'a' }, expect: { [field]: 'a' } }])).toMatchObject([{ status }]);
    await expect.poll(sessions).toBe(before + 2);
    await mine.close();
    await expect.poll(sessions).toBe(before);
  }
});
