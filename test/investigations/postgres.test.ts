import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { AUDIT_CONFIG, auditSql, watchSql } from '../support/audit-triggers.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: knowing which values of a real database are wrong, and a plan that puts back these and no other. */

const PEOPLE = 400;
const HARMED = 120;

let server: TestPostgres;
let database: string;
let dir: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.createDatabase(
    `CREATE TABLE people (id int PRIMARY KEY, name text, phone text, title text, updated_by text NOT NULL DEFAULT 'loader', updated_at timestamptz NOT NULL DEFAULT now());
     INSERT INTO people (id, name, phone, title) SELECT i, 'Person ' || i, '+49 30 ' || (1000000 + i * 37), 'Title ' || i % 41 FROM generate_series(1, ${PEOPLE}) i`,
  );
  return async () => await rm(dir, { recursive: true, force: true });
});

/** A workspace on the database; `more`: further lines of the platform. */
async function open(more = ''): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'runback-investigate-'));
  await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
  const platform = `platforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: file:database-url\n    objects: [public.people]\n${more}`;
  await writeFile(join(dir, 'runback.yml'), `version: 1\n${platform}restores: { limits: { percent: 100 } }\n`);
  await server.sql(database, `ALTER DATABASE "${database}" SET runback.environment = 'sandbox'`);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await runHere([...args, '--no-input', '--json'], { cwd: dir });
  const last = jsonLines(stdout).at(-1) as { data?: Record<string, unknown> } | undefined;
  if (last?.data === undefined) throw new Error(stderr + stdout);
  return last.data;
}

const take = async (): Promise<string> => String((await json('snapshot', 'create', '--platform', 'db'))['id']);
const sql = async (text: string): Promise<Record<string, string | null>[]> => await server.sql(database, text);
const groupsOf = (found: Record<string, unknown>): readonly Record<string, unknown>[] => found['groups'] as readonly Record<string, unknown>[];
const ofPhone = (found: Record<string, unknown>): Record<string, unknown> | undefined =>
  groupsOf(found).find(({ fields }) => (fields as readonly string[]).includes('phone'));

/** The bad sync, and somebody who corrects titles of others. */
const damage = async (): Promise<void> => {
  await sql(`UPDATE people SET phone = '', updated_by = 'sync', updated_at = now() WHERE id <= ${HARMED}`);
};
const correct = async (day: number): Promise<void> => {
  await sql(
    `UPDATE people SET title = 'Head of ' || id || ' ${day}', updated_by = 'ann', updated_at = now() WHERE id BETWEEN ${300 + day * 7} AND ${306 + day * 7}`,
  );
};

test('two snapshots: the emptied phones are one question, and their plan puts back these and nothing else', async () => {
  await open();
  const base = await take();
  await damage();
  await correct(0);
  const found = await json('investigate', '--base', base, '--damaged', await take());
  expect(ofPhone(found)).toMatchObject({ verdict: 'ask', label: 'emptied', cells: HARMED, exact: false });
  expect(ofPhone(found)).not.toHaveProperty('writer');
  const plan = await json('restore', 'plan', '--investigation', 'latest', '--group', String(ofPhone(found)?.['n']));
  expect(plan['counts']).toMatchObject({ records: HARMED, cells: HARMED, conflicts: {} });
  await sql("UPDATE people SET phone = '+1 by hand' WHERE id = 1");
  await json('restore', 'apply', String(plan['id']), '--confirm', `sandbox:${HARMED}`);
  const [state] = await sql(
    `SELECT count(*) FILTER (WHERE phone = '+49 30 ' || (1000000 + id * 37)) AS right, min(phone) FILTER (WHERE id = 1) AS edited,
       count(*) FILTER (WHERE title LIKE 'Head of%') AS corrected FROM people`,
  );
  expect(state).toEqual({ right: String(PEOPLE - 1), edited: '+1 by hand', corrected: '7' });
});

test('six snapshots: the day of the damage is told, and what is done every day is no question', async () => {
  await open();
  const ids = [await take()];
  const times: number[] = [Date.now()];
  for (let day = 0; day < 5; day += 1) {
    await correct(day);
    if (day === 2) await damage();
    ids.push(await take());
    times.push(Date.now());
  }
  const found = await json('investigate', '--base', ids[0] ?? '', '--damaged', ids.at(-1) ?? '');
  const phone = ofPhone(found);
  expect(phone).toMatchObject({ verdict: 'ask', label: 'emptied', cells: HARMED, exact: false });
  // Between the third and the fourth snapshot, by the clock of the server.
  expect(Date.parse(String(phone?.['from']))).toBeGreaterThan((times[1] ?? 0) - 1000);
  expect(Date.parse(String(phone?.['to']))).toBeLessThan((times[3] ?? 0) + 1000);
  const titles = groupsOf(found).filter(({ fields }) => (fields as readonly string[]).includes('title'));
  expect(titles.length).toBeGreaterThan(0);
  expect(titles.filter(({ verdict }) => verdict === 'damage' || verdict === 'ask')).toEqual([]);
});

test('a column that names the last writer says who did it, for each record that one writer wrote last', async () => {
  await open('    modified: { by: updated_by, at: updated_at }\n');
  const base = await take();
  await damage();
  await correct(0);
  const found = await json('investigate', '--base', base, '--damaged', await take());
  expect(ofPhone(found)).toMatchObject({ label: 'emptied', cells: HARMED, writer: 'sync', exact: false });
  expect(groupsOf(found).flatMap(({ fields }) => fields as readonly string[])).not.toContain('updated_by');
});

test('an audit table says who wrote each value and when, and what stood there before', async () => {
  await sql(`${auditSql('record_version')}; ${watchSql('record_version', 'people')}`);
  // A month of ordinary work, as the audit table has it.
  await sql(
    `UPDATE people SET title = 'Head of ' || id WHERE id > 380; UPDATE audit.record_version SET ts = now() - interval '20 days' + (record ->> 'id')::int * interval '1 hour', written_by = 'ann'`,
  );
  await open(`    audit: ${JSON.stringify(AUDIT_CONFIG.record_version)}\n`);
  const base = await take();
  const before = new Date();
  await sql(`SET app.writer = 'ann'; UPDATE people SET title = 'Chief' WHERE id IN (3, 4); SET app.writer = 'sync'`);
  await damage();
  await sql(`RESET app.writer`);
  const found = await json('investigate', '--base', base, '--damaged', await take());
  const phone = ofPhone(found);
  expect(phone).toMatchObject({ verdict: 'ask', label: 'emptied', cells: HARMED, writer: 'sync', exact: true });
  expect(Date.parse(String(phone?.['from']))).toBeGreaterThanOrEqual(before.getTime() - 1000);
  const plan = await json('restore', 'plan', '--investigation', 'latest', '--group', String(phone?.['n']));
  expect(plan['counts']).toMatchObject({ cells: HARMED, conflicts: {} });
  await json('restore', 'apply', String(plan['id']), '--confirm', `sandbox:${HARMED}`);
  const [state] = await sql(
    `SELECT count(*) FILTER (WHERE phone = '+49 30 ' || (1000000 + id * 37)) AS right, count(*) FILTER (WHERE title = 'Chief') AS chiefs FROM people`,
  );
  expect(state).toEqual({ right: String(PEOPLE), chiefs: '2' });
});
