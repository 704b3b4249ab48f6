import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';

/** A user would lose: the dump that is all there is, or what was made since it, to a plan that takes what it lacks for deleted. */

const TABLES = `
  CREATE TABLE firms (id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE people (id bigint PRIMARY KEY, email text UNIQUE, city varchar(40), score numeric(12,2), mood mood, firm bigint REFERENCES firms (id),
    secret text, updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO firms SELECT i, 'Firm ' || i FROM generate_series(1, 3) i;
  INSERT INTO people SELECT i, 'p' || i || '@example.com', 'City ' || i, i / 4.0, 'glad', 1 + i % 3, 'never ' || i FROM generate_series(1, 12) i;`;
/** As a dump is restored beside the tables it is of: into a schema, or with the schema renamed. */
const COPY = `
  CREATE SCHEMA restored;
  CREATE TYPE restored.mood AS ENUM ('glad', 'sad');
  CREATE TABLE restored.firms (LIKE public.firms INCLUDING ALL);
  CREATE TABLE restored.people (id bigint PRIMARY KEY, email text UNIQUE, city text, score numeric(12,2), mood restored.mood, firm bigint, secret text, updated_at timestamptz);
  INSERT INTO restored.firms SELECT * FROM public.firms;
  INSERT INTO restored.people SELECT id, email, city, score, mood::text::restored.mood, firm, secret, updated_at FROM public.people;`;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server.stop());

interface Ended {
  readonly code: number | null;
  readonly data: Record<string, unknown>;
  readonly error: { readonly code?: string; readonly message?: string; readonly why?: string };
}

async function place() {
  const dir = await mkdtemp(join(tmpdir(), 'runback-tables-'));
  onTestFinished(async () => await rm(dir, { recursive: true, force: true }));
  const database = await server.createDatabase(TABLES);
  await server.sql(database, COPY);
  await writeFile(join(dir, 'url'), server.url(database), { mode: 0o600 });
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  db:
    connector: postgres
    environment: sandbox
    url: file:url
    objects: [public.firms, public.people]
    modified: { at: updated_at }
    never_store: { public.people: [secret] }
backups: { storage: backups }
`,
  );
  const text = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runHere([...args, '--no-input', '--as', 'maya'], { cwd: dir });
    return { code, flat: `${stderr}${stdout}`.replaceAll(/\s+/gu, ' ') };
  };
  const json = async (...args: readonly string[]): Promise<Ended> => {
    const { code, stdout } = await runHere([...args, '--json', '--no-input', '--as', 'maya'], { cwd: dir });
    return { data: {}, error: {}, ...jsonLines(stdout).at(-1), code };
  };
  const sql = async (statement: string) => await server.sql(database, statement);
  const imported = ['snapshot', 'import', '--platform', 'db', '--from-schema', 'restored'] as const;
  const snapshots = async (): Promise<readonly string[]> => await readdir(join(dir, 'backups')).catch(() => []);
  return { dir, database, text, json, sql, imported, snapshots };
}

test('a restored dump becomes a base: the plan puts back what was damaged, deletes nothing, and asks before it creates', async () => {
  const { text, json, sql, imported } = await place();
  const shown = await text(...imported, '--dry-run');
  expect(shown.flat).toContain('public.people from restored.people, 5 fields');
  expect(shown.flat).toContain('12 of 12 records that were looked up are there now');
  expect(shown.flat).toContain('secret (it is never stored)');
  expect(shown.flat).toContain('updated_at (it cannot be written)');
  expect((await json(...imported)).error.code).toBe('person-needed');

  const made = await json(...imported, '--taken-at', '2h');
  expect(made).toMatchObject({ code: 0, data: { snapshot: { rows: 15, imported: { objects: { 'public.people': { of: 7 } } } } } });
  const { id } = made.data['snapshot'] as { readonly id: string };
  expect((await json('snapshot', 'verify', id)).code).toBe(0);
  expect((await json('snapshot', 'show', 'latest-verified')).code).toBe(10);
  expect((await text('snapshot', 'list')).flat).toContain('imported from schema restored of database');
  const cat = await json('snapshot', 'cat', id, 'public.people', '3');
  expect(JSON.stringify(cat.data)).not.toContain('never 3');

  await sql(`UPDATE people SET city = 'Nowhere', mood = 'sad', firm = NULL WHERE id <= 4`);
  await sql(`DELETE FROM people WHERE id = 9`);
  await sql(`INSERT INTO people VALUES (50, 'new@example.com', 'Bonn', 1, 'glad', 2, NULL, now())`);
  const plan = ['restore', 'plan', '--platform', 'db', '--base', id, '--unattributed', 'include', '--delete-created'];
  const planned = await json(...plan);
  expect(planned).toMatchObject({ data: { counts: { actions: { update: 4 }, conflicts: { 'base-partial': 1 } } } });
  expect(planned.data['counts']).not.toHaveProperty('actions.delete');
  expect((await text(...plan)).flat).toContain('The base was imported from schema restored of database');
  const { id: planId, counts } = planned.data as { readonly id: string; readonly counts: { readonly records: number } };
  expect((await json('restore', 'apply', planId, '--confirm', `sandbox:${counts.records}`)).data).toMatchObject({ state: 'done' });
  expect(await sql(`SELECT city, mood, firm FROM people WHERE id = 4`)).toEqual([{ city: 'City 4', mood: 'glad', firm: '2' }]);
  expect(await sql(`SELECT string_agg(id::text, ',' ORDER BY id) AS ids FROM people`)).toEqual([{ ids: '1,2,3,4,5,6,7,8,10,11,12,50' }]);
});

test('a type, key or table that is another one than on the platform is named before anything is written', async () => {
  const { json, sql, imported, snapshots } = await place();
  await sql(`ALTER TABLE restored.people ALTER score TYPE double precision; ALTER TABLE restored.people ADD old text`);
  await sql(`ALTER TABLE restored.firms DROP CONSTRAINT firms_pkey; ALTER TABLE restored.firms ADD PRIMARY KEY (id, name)`);
  const refused = await json(...imported, '--taken-at', '2h');
  expect(refused).toMatchObject({ code: 64, error: { code: 'object-unsupported' } });
  expect(refused.error.why).toContain('restored.people: score is double precision, and numeric(12,2) on the platform');
  expect(refused.error.why).toContain('restored.firms: its key is id, name, and id on the platform');
  expect((await json(...imported, '--dry-run')).error.code).toBe('object-unsupported');
  expect(await snapshots()).toEqual([]);
  const some = [...imported, '--taken-at', '2h', '--object', 'public.people', '--map', 'public.people.score='];
  expect(await json(...some)).toMatchObject({ code: 0, data: { snapshot: { rows: 12 }, schema: { tables: [{ object: 'public.people' }] } } });

  await sql(`DROP TABLE restored.firms`);
  expect(await json(...imported, '--taken-at', '2h', '--object', 'public.firms')).toMatchObject({ error: { code: 'object-unsupported' } });
  await sql(`ALTER TABLE restored.people DROP score; DELETE FROM restored.people`);
  const empty = await json(...imported, '--dry-run');
  expect(empty.data['schema']).toMatchObject({ missing: ['public.firms'], tables: [{ looked: { keys: 0 } }] });
});

test('a platform that is set up for all its tables: the copy is taken, and is no table of its own', async () => {
  const { dir, json, imported } = await place();
  const path = join(dir, 'runback.yml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('    objects: [public.firms, public.people]\n', ''));
  const made = await json(...imported, '--taken-at', '2h');
  expect(made.data['schema']).toMatchObject({ tables: [{ object: 'public.firms' }, { object: 'public.people' }], missing: [] });
});

test('a dump in another database is read under the names it has there; what is no copy is refused', async () => {
  const { dir, json, imported } = await place();
  const other = await server.createDatabase(TABLES);
  await writeFile(join(dir, 'other'), server.url(other), { mode: 0o600 });
  const elsewhere = ['snapshot', 'import', '--platform', 'db', '--from-database', 'file:other', '--taken-at', '2h'];
  expect(await json(...elsewhere)).toMatchObject({ code: 0, data: { snapshot: { rows: 15 } } });
  expect(await json(...elsewhere, '--from-schema', 'nowhere')).toMatchObject({ error: { code: 'object-unsupported' } });
  for (const wrong of [
    ['snapshot', 'import', '--platform', 'db', '--from-schema', 'public'],
    ['snapshot', 'import', '--platform', 'db', '--from-database', 'file:url'],
    ['snapshot', 'import', '--platform', 'db', '--from-database', server.url(other)],
    ['snapshot', 'import', '--platform', 'db'],
    [...imported, 'file.csv'],
    [...imported, '--key', 'id'],
    [...imported, '--map', 'public.people.score=city'],
  ])
    expect((await json(...wrong)).error.code, wrong.join(' ')).toBe('usage');
});
