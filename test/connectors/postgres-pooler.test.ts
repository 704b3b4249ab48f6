import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

import { openScratch } from '../../src/connectors/index.js';
import { isRunbackError, systemClock } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, undoRestore, verifyRestore } from '../../src/restores/index.js';
import { connectorContract } from '../contracts/connector.js';
import { everywhere, hasPooler, onEach, startPooler, type TestPooler } from '../support/pooler.js';
import { openTestPlatform, readRecords, schemaOf } from '../support/postgres-connector.js';
import { contractDatabase } from '../support/postgres-contract.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { ALL, restoresOf } from '../support/restores.js';

/**
 * A user would lose: what an application wrote, or its next writes, to settings that two clients of one pooler find of
 * each other.
 */

/** What other clients leave on a connection of the server. */
const LEFT = `SET search_path = shadows, pg_catalog; SET default_transaction_isolation = 'serializable'; SET IntervalStyle = 'sql_standard';
  SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Pacific/Auckland'; SET bytea_output = 'escape'; SET extra_float_digits = -3; SET xmlbinary = 'hex';
  SET array_nulls = off; SET standard_conforming_strings = off; SET transform_null_equals = on; SET quote_all_identifiers = on;
  SET lock_timeout = '3s'; SET row_security = on; SET synchronous_commit = off; SET session_replication_role = replica;
  SET enable_indexscan = off; SET runback.environment = 'production'; SET default_transaction_read_only = on; SET ROLE shadow`;

const SCHEMA = `
  CREATE SCHEMA shadows; GRANT USAGE ON SCHEMA shadows TO PUBLIC;
  CREATE FUNCTION shadows.never(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
  CREATE OPERATOR shadows.= (LEFTARG = text, RIGHTARG = text, FUNCTION = shadows.never);
  CREATE TABLE parents (id int PRIMARY KEY);
  CREATE TABLE leads (
    id bigint PRIMARY KEY, parent int REFERENCES parents, name text, at timestamptz, day date, lasts interval, bytes bytea, score float8, price numeric(12,4),
    tags text[], doc jsonb, paid money, kept time);
  CREATE TABLE seen (as_user text, path text, zone text, role text, isolation text, sync text, application text, lock text);
  CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN RETURN NULL; END $$;
  CREATE OR REPLACE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen SELECT current_user, current_setting('search_path'), current_setting('timezone'), current_setting('session_replication_role'),
      current_setting('transaction_isolation'), current_setting('synchronous_commit'), current_setting('application_name'), current_setting('lock_timeout');
    RETURN NULL; END $$;
  CREATE TRIGGER look AFTER INSERT OR UPDATE OR DELETE ON leads FOR EACH STATEMENT EXECUTE FUNCTION look();
  INSERT INTO parents SELECT generate_series(1, 3);
  INSERT INTO leads SELECT n, 1 + n % 3, 'name ' || n, timestamptz '2024-05-06 07:08:09.123456Z' + n * interval '1 day', date '2024-01-31' + n, make_interval(days => -n, mins => n),
    decode(lpad(to_hex(n), 4, '0'), 'hex'), n + 0.1, n + 0.0001, ARRAY[NULL, 'a"b\\', n::text], jsonb_build_object('n', n), n::money, time '01:02:03.5' FROM generate_series(1, 40) n`;

/** What is set on a connection, but for what the pooler itself sets for each client. */
const SET = `SELECT pg_backend_pid() AS pid, current_user AS as_user, current_setting('runback.environment', true) AS environment, ARRAY(SELECT name || '=' || setting FROM pg_settings
  WHERE source = 'session' AND name !~ '^(transaction_|client_encoding|application_name|DateStyle|TimeZone|standard_conforming_strings)' ORDER BY name) AS settings`;

const there = hasPooler('PostgreSQL behind a pooler');
describe.skipIf(!there)('PostgreSQL behind a pooler', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    // Each test has a database of its own, of which the pooler keeps three connections.
    server = await startPostgres({ settings: { max_connections: '400' } });
    await server.sql('postgres', 'CREATE ROLE shadow');
  });
  afterAll(() => server.stop());

  const pooled = async (settings: Readonly<Record<string, string>> = {}): Promise<TestPooler> => {
    const pooler = await startPooler(server, settings);
    onTestFinished(async () => await pooler.stop());
    return pooler;
  };
  const through = (pooler: TestPooler, database: string): string => `postgres://postgres@127.0.0.1:${String(pooler.port)}/${database}`;

  describe('the contract', () => {
    let pooler: TestPooler;
    beforeAll(async () => {
      pooler = await startPooler(server, { default_pool_size: '4' });
    });
    afterAll(() => pooler.stop());
    const prepare = async (database: string): Promise<void> => {
      await server.sql(database, 'CREATE SCHEMA shadows');
      await everywhere(pooler.port, database, 4, LEFT);
    };
    connectorContract(
      'postgres behind a pooler whose other clients leave settings',
      { ordered: true, consistentRead: true, conditionalWrite: true, history: 'record', lines: true, changes: false },
      async () => await contractDatabase(server, { through: pooler, prepare }),
    );
  });

  test.each([1, 3])('a restore of a pool of %i is exact whatever other clients left, and leaves nothing to them', async (connections) => {
    const pooler = await pooled({ default_pool_size: String(connections) });
    const database = await server.createDatabase(SCHEMA);
    await everywhere(pooler.port, database, connections, LEFT);
    const before = await everywhere(pooler.port, database, connections, SET);
    const rows = () => server.sql(database, 'SELECT leads::text FROM leads ORDER BY id');
    const straight = await openTestPlatform(server, database);
    const expected = await readRecords(straight.connector, await schemaOf(straight.connector, 'leads'));
    await straight.close();
    const good = await rows();

    const platform = await openTestPlatform(server, database, { url: through(pooler, database) });
    onTestFinished(async () => await platform.close());
    const { deps, take } = await restoresOf(platform);
    expect(await readRecords(platform.connector, await schemaOf(platform.connector, 'leads'))).toEqual(expected);
    const base = await take();
    await server.sql(
      database,
      `UPDATE leads SET name = 'bad', at = now(), lasts = '1 mon', bytes = '\\x00', score = 0.3, tags = '{}', doc = '[]', paid = 7, kept = '00:00' WHERE id <= 20; DELETE FROM leads WHERE id > 35;
       INSERT INTO leads (id, parent, name) VALUES (99, 1, 'made'); TRUNCATE seen`,
    );
    const bad = await rows();
    const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ state: 'done', applied: 26, rejected: 0, failed: 0, inDoubt: 0 });
    expect(await rows()).toEqual(good);
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
    await undoRestore(done.id, 'maya', deps);
    expect(await rows()).toEqual(bad);
    expect(await server.sql(database, 'SELECT DISTINCT * FROM seen')).toEqual([
      {
        as_user: 'postgres',
        path: '"$user", public',
        zone: 'UTC',
        role: 'origin',
        isolation: 'read committed',
        sync: 'on',
        application: 'runback',
        lock: expect.stringMatching(/^1s$|^10s$/u) as string,
      },
    ]);
    expect(await everywhere(pooler.port, database, connections, SET)).toEqual(before);
  });

  test('an application whose connections are clean finds them clean', async () => {
    const pooler = await pooled();
    const database = await server.createDatabase(SCHEMA);
    const platform = await openTestPlatform(server, database, {
      url: through(pooler, database),
      options: { session_replication_role: 'replica', statement_timeout: '60s' },
    });
    onTestFinished(async () => await platform.close());
    await server.sql(database, 'TRUNCATE seen');
    const schema = await schemaOf(platform.connector, 'leads');
    await readRecords(platform.connector, schema);
    const [result] = await platform.connector.write([{ action: 'update', schema, key: '1', set: { parent: 77 }, expect: { parent: 2 } }]);
    expect(result).toEqual({ status: 'applied', key: '1', asSent: true });
    // As runback.yml says, for this write alone: the foreign key was not looked at, and no trigger ran.
    expect(await server.sql(database, 'SELECT (SELECT count(*) FROM seen) AS seen, parent FROM leads WHERE id = 1')).toEqual([
      { seen: '0', parent: '77' },
    ]);
    for (const [row] of (await everywhere(pooler.port, database, 3, SET)) as { settings: string }[][])
      expect(row).toMatchObject({ settings: '{}', as_user: 'postgres' });
  });

  test('what is stopped here stops nothing of another client', async () => {
    const pooler = await pooled({ default_pool_size: '2' });
    const database = await server.createDatabase(SCHEMA);
    const platform = await openTestPlatform(server, database, { url: through(pooler, database) });
    onTestFinished(async () => await platform.close());
    const { connector } = platform;
    const schema = await schemaOf(connector, 'leads');
    const set = async (from: string, to: string, signal?: AbortSignal) =>
      await connector.write(
        [{ action: 'update', schema, key: '1', set: { name: to }, expect: { name: from } }],
        signal === undefined ? {} : { signal },
      );
    await set('name 1', 'one');
    // The connection that was used last goes to whoever comes next.
    const [other] = await onEach(pooler.port, database, 1);
    const keeper = await server.connect(database);
    onTestFinished(async () => await keeper.end());
    await keeper.query(`SELECT pg_advisory_lock(1); BEGIN; SELECT * FROM leads WHERE id = 1 FOR UPDATE`);
    const answer = other?.query('SELECT pg_advisory_xact_lock(1)');
    const stop = new AbortController();
    const writing = set('one', 'two', stop.signal);
    const waiting = async (): Promise<number> =>
      Number(
        (await server.sql('postgres', `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [database]))[0]?.[
          'n'
        ],
      );
    await expect.poll(waiting).toBe(2);
    stop.abort();
    expect(await writing).toMatchObject([{ status: 'failed' }]);
    await keeper.query('COMMIT; SELECT pg_advisory_unlock(1)');
    await expect(answer).resolves.toBeDefined();
    await other?.end();
    expect(await server.sql(database, 'SELECT name FROM leads WHERE id = 1')).toEqual([{ name: 'one' }]);
  });

  test('large records are taken in some at a time', async () => {
    const pooler = await pooled();
    const database = await server.createDatabase(
      `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT n, repeat(chr(97 + n % 26), CASE WHEN n % 3 = 0 THEN 3000000 ELSE 3 END) FROM generate_series(1, 60) n`,
    );
    const platform = await openTestPlatform(server, database, { url: through(pooler, database) });
    onTestFinished(async () => await platform.close());
    const schema = await schemaOf(platform.connector, 't');
    const keys = Array.from({ length: 62 }, (_, n) => String(n));
    const records = await readRecords(platform.connector, schema, keys);
    expect(records.map(({ key }) => Number(key)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    expect(records.every(({ key, fields }) => String(fields['v']).length === (Number(key) % 3 === 0 ? 3_000_000 : 3))).toBe(true);
    expect(await readRecords(platform.connector, schema)).toHaveLength(60);
  });

  test('the tables of a restore test are made by one at a time, and taken away', async () => {
    const pooler = await pooled({ default_pool_size: '5' });
    const database = await server.createDatabase(SCHEMA);
    const origin = await openTestPlatform(server, database);
    const schema = await origin.connector.describe(['parents', 'leads']);
    await origin.close();
    const empty = await server.createDatabase('CREATE SCHEMA shadows');
    await everywhere(pooler.port, empty, 5, LEFT);
    const config = {
      name: 'empty',
      connector: 'postgres',
      environment: 'sandbox' as const,
      url: through(pooler, empty),
      credentials: {},
      limits: {},
      options: {},
    };
    const open = async () => await openScratch(config, { secret: async (ref) => ref, clock: systemClock }, schema);
    const scratch = await open();
    expect(scratch?.refused).toEqual([]);
    const second: unknown = await open().catch((thrown: unknown) => thrown);
    expect(isRunbackError(second) && second.code).toBe('locked');
    expect(await server.sql(empty, 'SELECT count(*) AS n FROM leads')).toEqual([{ n: '0' }]);
    await scratch?.clear();
    await scratch?.clear();
    expect(
      await server.sql(empty, `SELECT to_regclass('leads') AS leads, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS locks`),
    ).toEqual([{ leads: null, locks: '0' }]);
  });

  test('options that are meant for psql are not sent: a pooler would refuse them', async () => {
    const pooler = await pooled();
    const database = await server.createDatabase(SCHEMA);
    vi.stubEnv('PGOPTIONS', '-c search_path=shadows');
    onTestFinished(() => void vi.unstubAllEnvs());
    const platform = await openTestPlatform(server, database, { url: through(pooler, database) });
    onTestFinished(async () => await platform.close());
    expect(await readRecords(platform.connector, await schemaOf(platform.connector, 'leads'))).toHaveLength(40);
  });

  test('a pooler that takes no transactions is refused before anything is read', async () => {
    const pooler = await pooled({ pool_mode: 'statement' });
    const database = await server.createDatabase(SCHEMA);
    const error = await openTestPlatform(server, database, { url: through(pooler, database) }).catch((thrown: unknown) => thrown);
    if (!isRunbackError(error)) throw new Error('it was opened');
    expect(error).toMatchObject({ code: 'platform-rejected', message: 'warehouse is reached through a pooler that takes no transactions' });
    expect(error.next).toContain('transaction or session mode');
  });
});
