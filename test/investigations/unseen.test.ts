import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { AUDIT_CONFIG, auditSql, watchSql } from '../support/audit-triggers.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: damage that an incomplete history does not show, called ordinary work or put down to the wrong person. */

const PEOPLE = 300;
let server: TestPostgres;
let database: string;
let dir: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.createDatabase(
    `CREATE TABLE people (id int PRIMARY KEY, name text, phone text, title text);
     ${auditSql('record_version')}; ${watchSql('record_version', 'people')};
     INSERT INTO people (id, name, phone, title) SELECT i, 'Person ' || i, '+49 30 ' || (1000000 + i * 37), 'Title ' || i % 41 FROM generate_series(1, ${PEOPLE}) i;
     UPDATE people SET title = 'Head of ' || id WHERE id > 200;
     UPDATE audit.record_version SET ts = now() - interval '20 days' + (record ->> 'id')::int * interval '1 hour', written_by = 'ann'`,
  );
  await server.sql(database, `ALTER DATABASE "${database}" SET runback.environment = 'sandbox'`);
  dir = await mkdtemp(join(tmpdir(), 'runback-unseen-'));
  await writeFile(join(dir, 'database-url'), server.url(database), { mode: 0o600 });
  const audit = JSON.stringify(AUDIT_CONFIG.record_version);
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: sandbox\n    url: file:database-url\n    objects: [public.people]\n    audit: ${audit}\n`,
  );
  return async () => await rm(dir, { recursive: true, force: true });
});

const sql = async (text: string): Promise<unknown> => await server.sql(database, text);
const as = async (writer: string, text: string): Promise<unknown> => await sql(`SET app.writer = '${writer}'; ${text}; RESET app.writer`);
const unseen = async (text: string): Promise<unknown> =>
  await sql(`ALTER TABLE people DISABLE TRIGGER note_people; ${text}; ALTER TABLE people ENABLE TRIGGER note_people`);

interface Told {
  readonly code: number | null;
  readonly groups: readonly {
    readonly verdict: string;
    readonly label: string;
    readonly fields: readonly string[];
    readonly cells: number;
    readonly writer?: string;
    readonly exact: boolean;
    readonly why: readonly { readonly words: string }[];
  }[];
  readonly reading: { readonly untold?: number };
}

async function told(...args: string[]): Promise<Told> {
  const { stdout, stderr, code } = await runHere([...args, '--no-input', '--json'], { cwd: dir });
  const last = jsonLines(stdout).at(-1) as { data?: Omit<Told, 'code'> } | undefined;
  if (last?.data === undefined) throw new Error(stderr + stdout);
  return { code, ...last.data };
}
const take = async (): Promise<string> => ((await told('snapshot', 'create', '--platform', 'db')) as unknown as { id: string }).id;

test('a trigger that was off: a few harmless-looking values that nobody is known to have written are a question', async () => {
  const base = await take();
  await unseen(`UPDATE people SET title = 'Assistant ' || id WHERE id BETWEEN 10 AND 12`);
  const found = await told('investigate', '--base', base, '--damaged', await take());
  expect(found.groups).toEqual([expect.objectContaining({ verdict: 'ask', fields: ['title'], cells: 3, exact: false })]);
  expect(found.groups[0]).not.toHaveProperty('writer');
  expect(found.groups[0]?.why.map(({ words }) => words)).toContain('its history does not show this write, though it shows others of this field');
  expect(found).toMatchObject({ code: 2, reading: { untold: 3 } });
});

test('what stands there is not put down to the last writer that the history knows, where that one wrote something else', async () => {
  const base = await take();
  await as('ann', `UPDATE people SET title = 'Chief ' || id WHERE id IN (20, 21)`);
  await unseen(`UPDATE people SET title = 'Wrong ' || id WHERE id IN (20, 21)`);
  const found = await told('investigate', '--base', base, '--damaged', await take());
  const now = found.groups.filter(({ cells }) => cells > 0);
  expect(now).toEqual([expect.objectContaining({ verdict: 'ask', cells: 2 })]);
  expect(now[0]).not.toHaveProperty('writer');
});

test('what was written after the evidence was taken does not take its place', async () => {
  const base = await take();
  await as('sync', `UPDATE people SET phone = '' WHERE id <= 60`);
  const damaged = await take();
  await as('ann', `UPDATE people SET phone = '+1 by hand ' || id WHERE id <= 60`);
  const found = await told('investigate', '--base', base, '--damaged', damaged);
  expect(found.groups).toEqual([expect.objectContaining({ label: 'emptied', cells: 60, writer: 'sync', exact: true })]);
  expect(found.reading).not.toHaveProperty('untold');
});

test('who deleted records is told, with when; what went while the trigger was off has no writer', async () => {
  const base = await take();
  const before = Date.now();
  await as('sync', `DELETE FROM people WHERE id BETWEEN 100 AND 119`);
  await unseen(`DELETE FROM people WHERE id BETWEEN 120 AND 131`);
  const found = await told('investigate', '--base', base, '--damaged', await take());
  const deleted = found.groups.filter(({ label }) => label === 'deleted');
  expect(deleted.map(({ cells, writer, exact, verdict }) => ({ cells, writer, exact, verdict }))).toEqual([
    { cells: 20, writer: 'sync', exact: true, verdict: 'ask' },
    { cells: 12, writer: undefined, exact: false, verdict: 'ask' },
  ]);
  const [first] = deleted as unknown as readonly { readonly from: string }[];
  expect(Date.parse(first?.from ?? '')).toBeGreaterThan(before - 1000);
  const plan = await told('restore', 'plan', '--investigation', 'latest', '--group', '1', '--group', '2');
  expect(plan).toMatchObject({ counts: { actions: { create: 32 }, conflicts: {} } });
});
