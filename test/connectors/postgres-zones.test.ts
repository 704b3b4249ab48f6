import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Platform, RecordHistory } from '../../src/connectors/index.js';
import type { PlatformConfig } from '../../src/workspace/index.js';
import { openTestPlatform, schemaOf } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { tries } from '../support/sweeps.js';

/** A user would lose: the hour in which the damage was done, where times have no zone. */

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

const AUDIT = { table: 'public.log', about: 'public.people', old: 'was', new: 'became', at: 'at', by: 'who', order: 'n', action: 'did' } as const;
const TABLES = `CREATE TABLE people (id int PRIMARY KEY, name text, by_whom text, at_when timestamp);
  CREATE TABLE log (n bigserial PRIMARY KEY, did text, was jsonb, became jsonb, at timestamp DEFAULT now(), who text, truth timestamptz)`;

async function sql(text: string, values: readonly unknown[] = []): Promise<Record<string, string | null>[]> {
  return await server.sql(database, text, values);
}

async function open(changes: Partial<PlatformConfig>): Promise<Platform> {
  const platform = await openTestPlatform(server, database, changes);
  opened.push(platform);
  return platform;
}

async function historiesOf(changes: Partial<PlatformConfig>, keys: readonly string[]): Promise<ReadonlyMap<string, RecordHistory>> {
  const platform = await openTestPlatform(server, database, changes);
  try {
    const schema = await schemaOf(platform.connector, 'public.people');
    const found = new Map<string, RecordHistory>();
    for await (const { history } of platform.connector.read({ schema, keys, history: ['name'] }))
      for (const [key, one] of history ?? []) found.set(key, one);
    return found;
  } finally {
    // A server takes a hundred connections, and a property asks more often.
    await platform.close();
  }
}

/** A database whose sessions begin in a zone, and entries written at some instants, each about a record of its own. */
async function written(zone: string, instants: readonly string[]): Promise<void> {
  database = await server.createDatabase(TABLES);
  await sql(`ALTER DATABASE "${database}" SET timezone = '${zone}'`);
  await sql(`INSERT INTO people SELECT i, 'new', 'ann', timezone($2, t) FROM unnest($1::timestamptz[]) WITH ORDINALITY AS v(t, i);`, [
    instants,
    zone,
  ]);
  await sql(
    `INSERT INTO log (did, was, became, at, who, truth) SELECT 'U', jsonb_build_object('id', i, 'name', 'old'), jsonb_build_object('id', i, 'name', 'new'), timezone($2, t), 'ann', t
     FROM unnest($1::timestamptz[]) WITH ORDINALITY AS v(t, i)`,
    [instants, zone],
  );
}

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'UTC',
  'Africa/Casablanca',
];
/** Around these, clocks of one of the zones are set back or forth. */
const EDGES = [
  '2026-03-08T07:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2026-10-25T01:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T16:00:00Z',
  '2026-02-15T02:00:00Z',
].map((text) => Date.parse(text));
const HOUR = 3_600_000;

test('whatever the zone, the time that is told is the one at which it was written, or an hour is told in which it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ZONES),
      fc.constantFrom('database', 'declared'),
      fc.array(fc.tuple(fc.constantFrom(...EDGES), fc.integer({ min: -180, max: 180 })), { minLength: 5, maxLength: 40 }),
      async (zone, how, moments) => {
        const instants = moments.map(([edge, minutes]) => new Date(edge + minutes * 60_000).toISOString());
        await written(zone, instants);
        if (how === 'declared') await sql(`ALTER DATABASE "${database}" SET timezone = 'Pacific/Auckland'`);
        const declared = how === 'declared' ? { zone } : {};
        const keys = instants.map((_, i) => String(i + 1));
        const byAudit = await historiesOf({ audit: { ...AUDIT, ...declared } }, keys);
        const byColumn = await historiesOf({ modified: { by: 'by_whom', at: 'at_when', ...declared } }, keys);
        for (const [i, instant] of instants.entries())
          for (const told of [byAudit, byColumn]) {
            const entry = told.get(String(i + 1))?.fields['name']?.[0];
            const [at, until, truth] = [Date.parse(entry?.at ?? ''), Date.parse(entry?.until ?? entry?.at ?? ''), Date.parse(instant)];
            expect([zone, instant, at <= truth && truth <= until]).toEqual([zone, instant, true]);
            if (entry?.until === undefined) expect([zone, at]).toEqual([zone, truth]);
            // Where clocks are not set back within two hours, nothing is unsure.
            else expect([zone, until - at <= 2 * HOUR && EDGES.some((edge) => Math.abs(edge - truth) <= 2.1 * HOUR)]).toEqual([zone, true]);
          }
      },
    ),
    { seed: 111, numRuns: tries(80) },
  );
}, 600_000);

test('what was written since an instant is listed, in every zone, with what the hour that comes twice leaves open', async () => {
  const instants = ['2026-10-24T22:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T03:30:00Z'];
  for (const zone of ZONES) {
    await written(zone, instants);
    for (const changes of [{ audit: AUDIT }, { modified: { at: 'at_when' } }]) {
      const { connector } = await open(changes);
      const schema = await schemaOf(connector, 'public.people');
      for (const [i, instant] of instants.entries()) {
        const keys = new Set<string>();
        for await (const { records } of connector.read({ schema, changedSince: new Date(instant) })) for (const { key } of records) keys.add(key);
        for (let n = i; n < instants.length; n += 1) expect([zone, instant, keys.has(String(n + 1))]).toEqual([zone, instant, true]);
      }
    }
  }
});

test('of two entries in the hour that comes twice, the order of the entries tells which is the second one', async () => {
  await written('Europe/Berlin', []);
  await sql(`INSERT INTO people VALUES (1, 'c')`);
  const entry = (was: string, became: string, at: string): string =>
    `('U', '{"id": 1, "name": "${was}"}', '{"id": 1, "name": "${became}"}', '${at}', 'ann')`;
  await sql(`INSERT INTO log (did, was, became, at, who) VALUES ${entry('a', 'b', '2026-10-25 02:50')}, ${entry('b', 'c', '2026-10-25 02:10')}`);
  const [second, first] = (await historiesOf({ audit: AUDIT }, ['1'])).get('1')?.fields['name'] ?? [];
  expect(first).toMatchObject({ value: 'b', at: '2026-10-25T00:50:00Z', until: '2026-10-25T01:50:00Z' });
  expect(second).toEqual({ value: 'c', at: '2026-10-25T01:10:00Z', writer: 'ann' });
});

test('a zone that nobody declared is said, and one that cannot be right; a default in UTC and a library of UTC are taken as that', async () => {
  await written('America/New_York', ['2026-11-20T12:00:00Z']);
  const advice = async (changes: Partial<PlatformConfig>): Promise<string> => ((await (await open(changes)).connector.advice?.()) ?? []).join('\n');
  expect(await advice({ audit: AUDIT })).toMatch(/at of public\.log has no time zone, and is taken as America\/New_York, in which sessions/u);
  // Written in UTC, so that it lies hours ahead.
  await sql(`INSERT INTO log (did, was, became, at, who) VALUES ('U', '{"id": 1}', '{"id": 1}', timezone('UTC', now()), 'ann')`);
  expect(await advice({ audit: AUDIT })).toMatch(/1 entry of public\.log bears a time that is still to come, taken as America\/New_York/u);
  expect(await advice({ audit: { ...AUDIT, zone: 'UTC' } })).not.toMatch(/zone|to come/u);
  await sql(`DELETE FROM log; INSERT INTO log (did, was, became, at, who) VALUES ('U', '{"id": 1}', '{"id": 1}', '2026-03-08 02:30', 'ann')`);
  expect(await advice({ audit: AUDIT })).toMatch(/1 entry of public\.log bears a time that its clocks skip/u);
  await sql(`ALTER TABLE log ALTER at SET DEFAULT (now() AT TIME ZONE 'UTC')`);
  expect(await advice({ audit: AUDIT })).not.toMatch(/zone|clocks/u);
  await expect(historiesOf({ audit: { ...AUDIT, zone: 'Europe/Berlinn' } }, ['1'])).rejects.toMatchObject({
    code: 'file-invalid',
    message: expect.stringMatching(/no time zone "Europe\/Berlinn".*Europe\/Berlin/u),
  });
});

test('a record that is created again bears the local time of the zone', async () => {
  await written('Asia/Tokyo', []);
  const { connector } = await open({ modified: { by: 'by_whom', at: 'at_when' } });
  const schema = await schemaOf(connector, 'public.people');
  await connector.write([{ action: 'create', schema, key: '7', set: { name: 'again' } }]);
  const [row] = await sql(`SELECT abs(extract(epoch FROM timezone('Asia/Tokyo', at_when) - now())) < 60 AS right FROM people WHERE id = 7`);
  expect(row).toEqual({ right: 't' });
});
