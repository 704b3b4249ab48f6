import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { AUDIT_CONFIG, type AuditShape, auditSql, watchSql } from '../support/audit-triggers.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';

/** A user would lose: the rows that a sync deleted, although the audit table of the database holds every one of them. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

let dir: string;
let database: string;
let shape: AuditShape;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'runback-audit-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function set(up: AuditShape, tables: string, objects: readonly string[], ignored: readonly string[] = []): Promise<void> {
  shape = up;
  database = await server.createDatabase(`${tables}; ${auditSql(shape)}; ${objects.map((one) => watchSql(shape, one, ignored)).join(';')}`);
  await server.sql(database, `ALTER DATABASE "${database}" SET runback.environment = 'sandbox'`);
  await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: file:database-url\n    objects: [${objects.join(', ')}]\n    audit: ${JSON.stringify(AUDIT_CONFIG[shape])}\nrestores: { limits: { percent: 100 } }\n`,
  );
}

async function as(writer: string, sql: string): Promise<void> {
  const client = await server.connect(database);
  try {
    await client.query(`SET app.writer = '${writer}'; SET application_name = '${writer}'; ${sql}`);
  } finally {
    await client.end();
  }
}

const name = (writer: string): string => (shape === 'logged_actions' ? `postgres/${writer}` : writer);

async function restore(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await runHere(['restore', ...args, '--no-input', '--json'], { cwd: dir });
  return jsonLines(stdout).at(-1) ?? { stderr };
}

interface Planned {
  readonly id: string;
  readonly counts: {
    readonly records: number;
    readonly actions: Readonly<Record<string, number>>;
    readonly conflicts: Readonly<Record<string, number>>;
  };
  readonly notCovered?: readonly { readonly object: string; readonly extent: string; readonly records?: number; readonly why: string }[];
}

async function planned(since: string, ...more: readonly string[]): Promise<Planned> {
  const made = await restore('plan', '--platform', 'db', '--from-history', '--since', since, '--suspect', name('sync'), ...more);
  if (made['ok'] !== true) throw new Error(JSON.stringify(made));
  return made['data'] as Planned;
}

/** The database's own time, once what was written before is older. */
async function now(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [row] = await server.sql(database, `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`);
  return row?.['now'] ?? '';
}

const TABLES = `CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, firm int REFERENCES firms ON DELETE CASCADE, name text, score numeric(8,2), tags text[], since timestamptz,
    label text GENERATED ALWAYS AS (name || '!') STORED);
  INSERT INTO firms SELECT i, 'Firm ' || i FROM generate_series(1, 6) i;
  INSERT INTO people (firm, name, score, tags, since) SELECT 1 + i % 6, 'Person ' || i, i / 4.0, ARRAY['a', 'b,' || i], '2026-01-01 12:00:00.25+02'::timestamptz + i * interval '1 day' FROM generate_series(1, 60) i`;
const ALL = `SELECT id, firm, name, score, tags, since, label FROM people ORDER BY id`;

describe.each<AuditShape>(['logged_actions', 'record_version', 'rows'])('rows that one writer deleted, in an audit table of the shape %s', (of) => {
  test('come back as they were before it first touched them, with what went along with them; what others deleted stays deleted', async () => {
    await set(of, TABLES, ['public.firms', 'public.people']);
    // The history begins before the window.
    await as('ann', `UPDATE people SET score = 1 WHERE id = 51; UPDATE firms SET name = 'The sixth' WHERE id = 6`);
    const since = await now();
    const before = await server.sql(database, ALL);
    await as('ann', `DELETE FROM people WHERE id = 60`);
    await as('sync', `UPDATE people SET name = 'Broken', score = NULL WHERE id <= 20`);
    await as('ann', `UPDATE people SET score = 7 WHERE id = 12`);
    await as('sync', `DELETE FROM people WHERE id BETWEEN 10 AND 15; DELETE FROM firms WHERE id = 3`);
    await as('sync', `INSERT INTO people (name) VALUES ('Made and gone'); DELETE FROM people WHERE name = 'Made and gone'`);

    const plan = await planned(since);
    expect(plan.counts.actions).toMatchObject({ create: 1 + 10 + 5 });
    expect(plan.notCovered?.filter(({ extent }) => extent === 'deleted')).toEqual([
      expect.objectContaining({ object: 'public.people', records: 2, why: expect.stringContaining('not by the incident') as unknown }),
    ]);
    expect(await restore('apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`)).toMatchObject({ ok: true, data: { state: 'done' } });
    const after = await server.sql(database, ALL);
    expect(after).toEqual(before.filter(({ id }) => id !== '60').map((row) => (row['id'] === '12' ? { ...row, score: '7.00' } : row)));
    expect(await server.sql(database, 'SELECT * FROM firms WHERE id = 3')).toEqual([{ id: '3', name: 'Firm 3' }]);
    expect(await restore('verify', plan.id)).toMatchObject({ ok: true, data: { remaining: 0 } });

    expect(await restore('undo', 'latest')).toMatchObject({ ok: true, data: { state: 'undone' } });
    const [left] = await server.sql(database, `SELECT count(*) AS n, count(*) FILTER (WHERE name = 'Broken') AS broken FROM people`);
    expect(left).toEqual({ n: String(60 - 1 - 6 - 9), broken: String(20 - 6 - 3) });
  });
});

test('keys of several columns come back, of a record asked for by its key alone; one that somebody made again is left alone', async () => {
  await set(
    'record_version',
    `CREATE TABLE seats (hall text, n int, taken_by text, PRIMARY KEY (hall, n)); INSERT INTO seats SELECT 'a"b', i, 'Person ' || i FROM generate_series(1, 9) i`,
    ['public.seats'],
  );
  await as('ann', `UPDATE seats SET taken_by = 'Someone' WHERE n = 9`);
  const since = await now();
  await as('sync', 'DELETE FROM seats WHERE n <= 4');
  await as('ann', `INSERT INTO seats VALUES ('a"b', 4, 'Ann again')`);
  expect(await restore('plan', '--platform', 'db', '--from-history', '--since', since)).toMatchObject({
    error: {
      code: 'usage',
      why: expect.stringContaining('sync deleted 3 public.seats') as unknown,
      data: {
        writers: expect.arrayContaining([expect.objectContaining({ writer: 'sync', deleted: [{ object: 'public.seats', records: 3 }] })]) as unknown,
      },
    },
  });
  const one = await planned(since, '--key', '["a\\"b","2"]');
  expect(one.counts.actions).toMatchObject({ create: 1 });
  const plan = await planned(since);
  expect(plan.counts.actions).toMatchObject({ create: 3 });
  expect(await restore('apply', plan.id, '--confirm', 'sandbox:3')).toMatchObject({ ok: true, data: { state: 'done' } });
  expect(await server.sql(database, `SELECT n, taken_by FROM seats WHERE n <= 4 ORDER BY n`)).toEqual([
    { n: '1', taken_by: 'Person 1' },
    { n: '2', taken_by: 'Person 2' },
    { n: '3', taken_by: 'Person 3' },
    { n: '4', taken_by: 'Ann again' },
  ]);
});

test('a row of which the audit table leaves a column out is not made again with a hole in it unless a person wants that', async () => {
  await set(
    'logged_actions',
    `CREATE TABLE people (id int PRIMARY KEY, name text, secret text); INSERT INTO people SELECT i, 'Person ' || i, 's' || i FROM generate_series(1, 9) i`,
    ['public.people'],
    ['secret'],
  );
  await as('ann', `UPDATE people SET name = 'Someone' WHERE id = 9`);
  const since = await now();
  await as('sync', `UPDATE people SET name = 'Broken' WHERE id = 1; DELETE FROM people WHERE id <= 3; DELETE FROM people WHERE id = 4`);
  await as('ann', 'DELETE FROM people WHERE id = 5');
  await as('sync', `UPDATE people SET name = 'Broken' WHERE id = 6`);
  const plan = await planned(since);
  expect(plan.counts).toMatchObject({ actions: { update: 1 }, conflicts: { 'base-partial': 4 } });
  expect(plan.counts.actions['create'] ?? 0).toBe(0);
  expect(plan.notCovered?.filter(({ extent }) => extent === 'deleted')).toEqual([
    expect.objectContaining({ records: 1, why: expect.stringContaining('not by the incident') as unknown }),
  ]);
});

test('a value that was written over within the window before the history began is left out of the record that comes back, and told', async () => {
  await set(
    'rows',
    `CREATE TABLE people (id int PRIMARY KEY, name text, phone text); INSERT INTO people VALUES (1, 'Person 1', '1'), (2, 'Person 2', '2')`,
    ['public.people'],
  );
  const since = await now();
  await as('sync', `UPDATE people SET name = 'Broken' WHERE id = 1; DELETE FROM people WHERE id = 1`);
  const plan = await planned(since);
  expect(plan.counts).toMatchObject({ actions: { create: 1 }, conflicts: { 'base-unreadable': 1 } });
  expect(await restore('apply', plan.id, '--confirm', 'sandbox:1')).toMatchObject({ ok: true });
  expect(await server.sql(database, 'SELECT * FROM people ORDER BY id')).toEqual([
    { id: '1', name: null, phone: '1' },
    { id: '2', name: 'Person 2', phone: '2' },
  ]);
});
