import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { AUDIT_CONFIG, auditSql, watchSql } from '../../support/audit-triggers.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { HOUR_MS, MINUTE_MS, openWorld, SkewedClock, type World, type WorldOptions } from './world.js';

/** What a user would lose: a count that is wrong by an hour, a zone or a transaction is a stop that nobody sees, or one that never was. */

let server: TestPostgres;
let database: string;
let world: World | undefined;
const clients: Client[] = [];
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '50' } });
});
afterAll(async () => await server.stop());
afterEach(async () => {
  await world?.close();
  world = undefined;
  for (const client of clients.splice(0)) await client.end();
});

const TABLE = 'CREATE TABLE people (id serial PRIMARY KEY, name text, by text, at timestamptz NOT NULL)';
const EDITS = 'edits db/public.people changed';
const NEW = 'new db/public.people created';

/** A server whose clock a setting of the database moves, for sessions that are opened from then on. */
const CLOCK = `SET allow_system_table_mods = on;
  CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    AS $$SELECT pg_catalog.statement_timestamp() + coalesce(pg_catalog.current_setting('test.shift', true), '0')::interval$$`;
let serverMs = 0;

/** Time passes, on both clocks. */
async function pass(clock: SkewedClock, ms: number): Promise<void> {
  clock.advance(ms);
  serverMs += ms;
  await server.sql('postgres', `ALTER DATABASE ${database} SET test.shift = '${String(serverMs)} ms'`);
  await world?.monitoring.close();
}

async function open(monitors: string, clock: SkewedClock, more: Partial<WorldOptions> & { readonly platform?: string; readonly sql?: string } = {}) {
  database = await server.createDatabase(`${more.sql ?? TABLE}; ${CLOCK}`);
  serverMs = 0;
  world = await openWorld({
    clock,
    config: `platforms: { db: { connector: postgres, environment: sandbox, url: "${server.url(database)}", objects: [public.people], modified: { by: by, at: at }, ${more.platform ?? ''} limits: { wait: 300ms, monitor_calls_per_day: 2000 } } }
monitors: ${monitors}`,
    ...more,
  });
  return world;
}

/** A time in an hour that our clock has behind it, as the clock of the server says it: so many minutes into it. */
const inHour = (clock: SkewedClock, hoursAgo: number, minutes: number): string =>
  new Date(
    Math.floor(clock.now().getTime() / HOUR_MS) * HOUR_MS -
      hoursAgo * HOUR_MS +
      minutes * MINUTE_MS -
      clock.aheadMs +
      Math.round(serverMs / MINUTE_MS) * MINUTE_MS,
  ).toISOString();

const write = async (at: string, n = 1, by = 'app'): Promise<void> =>
  void (await server.sql(database, `INSERT INTO people (by, at) SELECT '${by}', '${at}' FROM generate_series(1, ${String(n)})`));

test.each([0, -3, 5])('the hour that has ended is counted to the millisecond, where our clock is %i hours ahead', async (ahead) => {
  const clock = SkewedClock.afterTheHour(ahead);
  const { monitoring, hours } = await open('{ edits: { count: "db/public.people changed" } }', clock);
  await write(inHour(clock, 1, 0), 3);
  await write(inHour(clock, 1, 59.9999), 5);
  await write(inHour(clock, 1, 30), 7);
  // Neither the hour before, nor the one that is not over.
  await write(inHour(clock, 2, 59.9999), 11);
  await write(inHour(clock, 0, 0), 13);
  await monitoring.tick();
  expect(await hours(EDITS)).toEqual([15]);
});

test('by zones: what a database in New York writes is counted in its hour with a zone, and without one in the zone that is declared, or in its own', async () => {
  const clock = SkewedClock.afterTheHour(0);
  const { monitoring, hours } = await open('{ edits: { count: "db/public.people changed" } }', clock);
  await server.sql('postgres', `ALTER DATABASE ${database} SET timezone = 'America/New_York'`);
  await write(inHour(clock, 1, 30), 4);
  await monitoring.tick();
  expect(await hours(EDITS)).toEqual([4]);
  for (const [zone, declared] of [
    ['UTC', ', zone: UTC'],
    ['America/New_York', ''],
  ] as const) {
    await server.sql(database, 'ALTER TABLE people ALTER COLUMN at TYPE timestamp');
    await server.sql(database, `UPDATE people SET at = timestamptz '${inHour(clock, 1, 45)}' AT TIME ZONE '${zone}'`);
    const other = await openWorld({
      clock,
      config: `platforms: { db: { connector: postgres, environment: sandbox, url: "${server.url(database)}", objects: [public.people], modified: { at: at${declared} } } }
monitors: { edits: { count: "db/public.people changed" } }`,
    });
    await other.monitoring.tick();
    expect(await other.hours(EDITS), zone).toEqual([4]);
    await other.close();
  }
});

test('by writer; rows that were changed again or deleted since are not in the hour, and one without a time is in none', async () => {
  const clock = SkewedClock.afterTheHour(0);
  const { monitoring, hours } = await open(
    '{ edits: { count: "db/public.people changed" }, ours: { count: "db/public.people changed by app" } }',
    clock,
    { sql: TABLE.replace(' NOT NULL', '') },
  );
  await write(inHour(clock, 1, 10), 6);
  await write(inHour(clock, 1, 20), 2, 'import');
  await server.sql(database, 'INSERT INTO people (by, at) VALUES (NULL, NULL)');
  await server.sql(database, `UPDATE people SET at = '${inHour(clock, 0, 1)}' WHERE id = 1`);
  await server.sql(database, 'DELETE FROM people WHERE id = 2');
  await monitoring.tick();
  expect(await hours(EDITS)).toEqual([6]);
  expect(await hours('ours db/public.people changed by app')).toEqual([4]);
});

const AUDITED = `${TABLE}; ${auditSql('rows')}; ${watchSql('rows', 'public.people')}`;
const AUDIT = `audit: ${JSON.stringify(AUDIT_CONFIG.rows)},`;

test('what a transaction commits after its hour was counted is in it when the next one is', async () => {
  const clock = SkewedClock.afterTheHour(0);
  const { monitoring, hours } = await open('{ new: { count: "db/public.people created" } }', clock, { sql: AUDITED, platform: AUDIT });
  const stamp = async (client: Client, at: string): Promise<void> =>
    void (await client.query(`INSERT INTO app.row_log (what, did, became, at, who) VALUES ('public.people', 'I', '{"id": 1}', '${at}', 'app')`));
  const client = await server.connect(database);
  clients.push(client);
  await stamp(client, inHour(clock, 1, 30));
  await client.query('BEGIN');
  await stamp(client, inHour(clock, 1, 58));
  await monitoring.tick();
  expect((await hours(NEW)).at(-1)).toBe(1);
  await client.query('COMMIT');
  await pass(clock, HOUR_MS);
  await monitoring.tick();
  expect((await hours(NEW)).slice(-2)).toEqual([2, 0]);
});

test('the clock of the server is followed where it is put right, and hours neither overlap nor leave gaps for what an answer takes', async () => {
  const clock = SkewedClock.afterTheHour(0);
  const { monitoring, hours } = await open('{ edits: { count: "db/public.people changed" } }', clock);
  for (let hour = 0; hour < 4; hour += 1) {
    for (const minutes of [0, 0.0001, 30, 59.9999]) await write(inHour(clock, 1, minutes), hour + 1);
    await monitoring.tick();
    await pass(clock, HOUR_MS);
    // Half a second more or less.
    serverMs += hour % 2 === 0 ? 500 : -500;
    await pass(clock, 0);
  }
  expect(await hours(EDITS)).toEqual([4, 8, 12, 16]);
  // An hour forward: what it stamps from now on is that of the hour in which it is written.
  serverMs += HOUR_MS;
  await pass(clock, 0);
  await write(inHour(clock, 1, 20), 7);
  await monitoring.tick();
  expect((await hours(EDITS)).at(-1)).toBe(7);
});

test('a count that hangs is told as not measured after its time, holds up nothing else, and becomes an incident', async () => {
  const clock = SkewedClock.afterTheHour(0);
  let lookMs = 60_000;
  const { monitoring, hours, last, incidents } = await open(
    '{ edits: { count: "db/public.people changed" }, alive: { heartbeat: feed, within: 2h } }\nsyncs: { feed: { controller: command, writes_to: [db] } }',
    clock,
    { lookMs: () => lookMs, reach: { lastRun: async () => await Promise.resolve({ ended: clock.now().toISOString() }) } },
  );
  const client = await server.connect(database);
  clients.push(client);
  await write(inHour(clock, 1, 30), 9);
  await monitoring.tick();
  expect(await hours(EDITS)).toEqual([9]);
  await client.query('BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE');
  lookMs = 100;
  for (let look = 0; look < 8; look += 1) {
    await pass(clock, HOUR_MS);
    await monitoring.tick();
  }
  expect(await last(EDITS)).toMatchObject({ kind: 'unmeasured' });
  expect(await last('alive feed')).toMatchObject({ kind: 'beat' });
  const [open_, ...more] = await incidents.listOpen();
  expect(more).toEqual([]);
  expect(open_?.title).toContain('cannot be measured');
  await client.query('COMMIT');
  lookMs = 60_000;
  // Nothing that was given up is still at work there.
  await expect
    .poll(async () => await server.sql('postgres', `SELECT pid FROM pg_stat_activity WHERE datname = '${database}' AND state = 'active'`))
    .toEqual([]);
  await write(inHour(clock, 0, 30), 4);
  await pass(clock, HOUR_MS);
  await monitoring.tick();
  expect((await hours(EDITS)).at(-1)).toBe(4);
});

test('a statement that the server ends is not measured, with what it says', async () => {
  const clock = SkewedClock.afterTheHour(0);
  const { monitoring, last } = await open('{ edits: { count: "db/public.people changed" } }', clock, {
    sql: `CREATE FUNCTION slow() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN now(); END';
      CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1); CREATE TABLE people (id int PRIMARY KEY, at timestamptz, by text)`,
    platform: 'options: { lock_timeout: 200ms },',
  });
  const client = await server.connect(database);
  clients.push(client);
  await client.query('BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE');
  await monitoring.tick();
  expect(await last(EDITS)).toMatchObject({ kind: 'unmeasured', why: expect.stringMatching(/lock/u) as string });
});
