import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RestoreTest } from '../../src/snapshots/index.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';

/**
 * What a user would lose: the certainty that a backup can be restored, which a test that cannot fail does not give.
 * Through real processes, into places that hold nothing.
 */

const preload = fileURLToPath(new URL('restore-test-preload.cjs', import.meta.url));

interface Tested extends Finished {
  readonly data: { readonly passed: boolean; readonly tests: Readonly<Record<string, RestoreTest>>; readonly snapshot: string };
  readonly error: Readonly<Record<string, unknown>> | undefined;
}

/** Runs a restore test. `env`: what is planted in its process. */
async function test(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Tested> {
  const planted = 'PLANT' in env || 'KILL_AT' in env ? { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` } : {};
  const finished = await runback(['backup', 'test-restore', ...args, '--json'], { cwd: dir, env: { ...env, ...planted } });
  const last =
    finished.stdout === '' ? {} : (jsonLines(finished.stdout).at(-1) as { readonly data?: Tested['data']; readonly error?: Tested['error'] });
  return { ...finished, data: last.data ?? { passed: false, tests: {}, snapshot: '' }, error: last.error };
}

/** The snapshots as `snapshot list` has them. */
async function listed(dir: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { stdout } = await runback(['snapshot', 'list', '--json'], { cwd: dir });
  return (jsonLines(stdout).at(-1) as { readonly data: { readonly snapshots: readonly Readonly<Record<string, unknown>>[] } }).data.snapshots;
}

/** Damages the records of an object type in the newest snapshot of a workspace. */
async function damage(dir: string, entry: string): Promise<void> {
  const [name = ''] = (await readdir(join(dir, 'backups'))).sort().slice(-1);
  const path = join(dir, 'backups', name);
  const bytes = await readFile(path);
  const begin = bytes.indexOf(entry);
  expect(begin).toBeGreaterThan(0);
  const at = begin + entry.length + 40;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}

const stageFolders = async (parent: string): Promise<readonly string[]> =>
  (await readdir(parent)).filter((name) => name.startsWith('runback-drill-'));

const NONE = { missing: 0, extra: 0, wrong: 0, 'missing-link': 0, 'extra-link': 0, unreadable: 0 };

/** A snapshot of a job of a HubSpot account. `job`: more of it. */
async function account(job = '', objects = 'contacts'): Promise<TestWorkspace> {
  const workspace = await openWorkspace(40);
  afterAll(workspace.close);
  const path = join(workspace.dir, 'runback.yml');
  const text = await readFile(path, 'utf8');
  const jobs = `backups:\n  storage: backups\n  jobs:\n    nightly: { platforms: [hubspot]${job} }\n`;
  await writeFile(path, text.replace('objects: [contacts]', `objects: [${objects}]`).replace(/^backups:.*/msu, jobs));
  workspace.sandbox.writeAs({ kind: 'person', id: '7' }).update('contacts', workspace.contacts[0] ?? '', { jobtitle: 'PLANTED-OK' });
  expect((await runback(['backup', 'run', 'nightly'], { cwd: workspace.dir })).code).toBe(0);
  return workspace;
}

describe('the restore test of HubSpot', () => {
  it('proves a snapshot with its links, shows it wherever one is chosen, and asks the account nothing', async () => {
    const { dir, sandbox } = await account(', restore_within: 10m', 'contacts, companies, deals');
    const before = sandbox.counts();
    const tested = await test(dir, ['nightly']);
    expect(sandbox.counts()).toEqual(before);
    expect([tested.code, tested.data]).toMatchObject([
      0,
      { passed: true, tests: { hubspot: { passed: true, differences: NONE, withinMs: 600_000 } } },
    ]);
    const result = tested.data.tests['hubspot'];
    expect(result?.records).toBe(48);
    expect(result?.links).toBeGreaterThan(20);
    expect(result?.cells).toBeGreaterThan(1000);
    // What no restore brings back is named.
    expect(result?.apart).toContainEqual({ object: 'contacts', why: 'keys, which the platform chooses itself', count: 40 });
    expect(result?.apart).toContainEqual({ object: 'contacts', field: 'createdate', why: 'only the platform writes it', count: 40 });
    expect(await listed(dir)).toMatchObject([{ proof: { state: 'proven', restoreMs: result?.restoreMs } }]);
    const words = /restore proven \d{4}-\d\d-\d\d in [\d.]+ s/u;
    expect((await runback(['snapshot', 'list'], { cwd: dir })).stdout).toMatch(words);
    expect((await runback(['snapshot', 'show', 'latest'], { cwd: dir })).stdout).toMatch(/Restore +proven/u);
    expect((await runback(['backup', 'jobs'], { cwd: dir })).stdout).toMatch(/Restore +proven .*of snap-/u);
    const planned = await runback(['restore', 'plan', '--platform', 'hubspot', '--base', 'latest'], { cwd: dir });
    expect(planned.stdout.replaceAll(/\s+/gu, ' ')).toMatch(words);
    // The snapshot of the damage, taken by the plan, was never tested.
    expect((await runback(['snapshot', 'list'], { cwd: dir })).stdout).toContain('restore never proven');
  });

  it('fails on a part that cannot be read, and says which keys lie there', async () => {
    const { dir } = await account();
    await damage(dir, 'data/hubspot/contacts/00001.ndjson');
    const tested = await test(dir, ['nightly']);
    expect([tested.code, tested.error?.['code']]).toEqual([2, 'restore-not-proven']);
    expect(tested.data.tests['hubspot']).toMatchObject({
      passed: false,
      differences: { ...NONE, unreadable: 40 },
    });
    expect(tested.data.tests['hubspot']?.examples[0]).toMatchObject({ kind: 'unreadable', object: 'contacts' });
    expect(await listed(dir)).toMatchObject([{ proof: { state: 'failed' } }]);
    expect((await runback(['snapshot', 'list'], { cwd: dir })).stdout).toContain('last restore test failed');
  });

  it('fails on one wrong cell, and names it', async () => {
    const { dir, contacts } = await account();
    const tested = await test(dir, ['nightly'], { PLANT: 'PLANTED-OK=PLANTED-NO' });
    expect([tested.code, tested.data.tests['hubspot']?.differences]).toEqual([2, { ...NONE, wrong: 1 }]);
    expect(tested.data.tests['hubspot']?.examples).toEqual([{ kind: 'wrong', object: 'contacts', key: contacts[0], field: 'jobtitle' }]);
    // No value of a record is kept with the result.
    expect(tested.stdout).not.toContain('PLANTED');
  });

  it('fails where the restore takes longer than the job allows; --within says otherwise', async () => {
    const { dir } = await account(', restore_within: 1ms');
    const slow = await test(dir, ['nightly']);
    expect([slow.code, slow.data.tests['hubspot']]).toMatchObject([2, { passed: false, differences: NONE, withinMs: 1 }]);
    const { stdout } = await runback(['backup', 'test-restore', 'nightly'], { cwd: dir });
    expect(stdout).toMatch(/may take 0 s: missed/u);
    expect(await test(dir, ['nightly', '--within', '5m'])).toMatchObject({ code: 0 });
    expect(await listed(dir)).toMatchObject([{ proof: { state: 'proven' } }]);
  });

  it('killed in the middle it leaves a folder that the next one removes, and no result', async () => {
    const { dir } = await account();
    const TMPDIR = await temporaryFolder();
    const killed = await test(dir, ['nightly'], { KILL_AT: 'batch/create', TMPDIR });
    expect([killed.code, await stageFolders(TMPDIR)]).toMatchObject([null, [expect.stringContaining('restore-test')]]);
    expect((await listed(dir))[0]).not.toHaveProperty('proof');
    expect(await test(dir, ['nightly'], { TMPDIR })).toMatchObject({ code: 0 });
    expect(await stageFolders(TMPDIR)).toEqual([]);
  });

  it('proves a snapshot that holds only what changed since another', async () => {
    const { dir, damage: overwrite } = await account(', incremental: true');
    overwrite(1, 'Changed since');
    expect((await runback(['backup', 'run', 'nightly'], { cwd: dir })).code).toBe(0);
    const tested = await test(dir, ['nightly']);
    const [newest, base] = await listed(dir);
    expect([tested.code, tested.data.snapshot, newest?.['bases']]).toEqual([0, newest?.['id'], [base?.['id']]]);
    expect(tested.data.tests['hubspot']).toMatchObject({ differences: NONE, records: 40 });
    expect(base).not.toHaveProperty('proof');
    // Another test of the same snapshot that fails is what is told from then on.
    expect(await test(dir, [String(newest?.['id']), '--within', '1ms'])).toMatchObject({ code: 2 });
    expect(await listed(dir)).toMatchObject([{ proof: { state: 'failed' } }, {}]);
  });

  it('Ctrl-C ends it, and leaves nothing', async () => {
    const { dir } = await account();
    const TMPDIR = await temporaryFolder();
    const stopped = await test(dir, ['nightly'], { KILL_AT: 'batch/create', KILL_WITH: 'SIGINT', TMPDIR });
    expect([stopped.code, stopped.error?.['code'], await stageFolders(TMPDIR)]).toEqual([130, 'interrupted', []]);
    expect((await listed(dir))[0]).not.toHaveProperty('proof');
  });

  it('says what it cannot do: a job without a snapshot, a name that is none, a URL in the command line', async () => {
    const { dir } = await account();
    expect(await test(dir, ['nigthly'])).toMatchObject({ code: 10 });
    expect(await test(dir, ['nightly', '--platform', 'warehouse'])).toMatchObject({ code: 10 });
    expect(await test(dir, ['nightly', '--within', 'soon'])).toMatchObject({ code: 64 });
    const told = await test(dir, ['nightly', '--into', 'postgres://u:secret@127.0.0.1/x']);
    expect([told.code, `${told.stdout}${told.stderr}`.includes('secret@')]).toEqual([64, false]);
    expect((await test(dir, ['nightly', '--into', 'env:TEST_URL'])).error).toMatchObject({ code: 'usage', next: 'Leave out --into.' });
    await rm(join(dir, 'backups'), { recursive: true });
    expect((await test(dir, ['nightly'])).error).toMatchObject({ code: 'not-found', next: 'runback backup run nightly' });
  });
});

const TABLES = `
  CREATE SCHEMA crm; CREATE TYPE crm.mood AS ENUM ('glad', 'it''s so-so');
  CREATE TABLE crm.companies (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, parent bigint REFERENCES crm.companies);
  CREATE TABLE leads (id int PRIMARY KEY, email varchar(80), company bigint REFERENCES crm.companies, mood crm.mood, score numeric(12,2), tags text[],
    seen timestamptz, raw jsonb, photo bytea, nr int GENERATED ALWAYS AS IDENTITY, upper_mail text GENERATED ALWAYS AS (upper(email)) STORED, UNIQUE (email, company));
  CREATE TABLE "odd ""name" (a text, b date, "Value %" char(5), PRIMARY KEY (a, b));
  INSERT INTO crm.companies (name, parent) SELECT 'Company ' || n, CASE WHEN n > 1 THEN 1 END FROM generate_series(1, 5) n;
  INSERT INTO leads (id, email, company, mood, score, tags, seen, raw, photo)
    SELECT n, CASE WHEN n = 7 THEN 'PLANTED-OK' ELSE 'lead' || n || '@example.com' END, 1 + n % 5, (ARRAY['glad', 'it''s so-so'])[1 + n % 2]::crm.mood, n * 1.5,
      ARRAY['a', NULL, 'b "c"'], '2026-01-01T00:00:00.123456Z', '{"a": [1, "é"]}', '\\x00ff' FROM generate_series(1, 300) n;
  INSERT INTO "odd ""name" VALUES ('it''s', '2026-02-28', 'x'), ('', '1999-12-31', NULL)`;

describe('the restore test of PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  interface Warehouse {
    readonly dir: string;
    readonly production: string;
    /** Runs a test into a database. */
    into(database: string, env?: Readonly<Record<string, string>>): Promise<Tested>;
  }

  /** A workspace with a production database and a snapshot of it. */
  async function warehouse(job = ''): Promise<Warehouse> {
    const dir = await temporaryFolder();
    const production = await server.createDatabase(TABLES);
    await server.sql(production, `ALTER DATABASE ${production} SET runback.environment = 'production'`);
    const [system] = await server.sql(production, 'SELECT system_identifier FROM pg_control_system()');
    const entry = `{ connector: postgres, environment: production, account: "${system?.['system_identifier'] ?? ''}/${production}", url: env:PRODUCTION_URL }`;
    await writeFile(
      join(dir, 'runback.yml'),
      `version: 1\nplatforms: { warehouse: ${entry} }\nbackups: { jobs: { nightly: { platforms: [warehouse]${job} } } }\n`,
    );
    const PRODUCTION_URL = server.url(production);
    const taken = await runback(['backup', 'run', 'nightly', '--json'], { cwd: dir, env: { PRODUCTION_URL } });
    expect(taken.code, taken.stdout).toBe(0);
    const into = async (database: string, env: Readonly<Record<string, string>> = {}): Promise<Tested> =>
      await test(dir, ['nightly', '--into', 'env:TEST_URL'], { PRODUCTION_URL, TEST_URL: server.url(database), ...env });
    return { dir, production, into };
  }

  const relations = async (database: string): Promise<number> =>
    Number(
      (
        await server.sql(
          database,
          `SELECT count(*) AS n FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'crm')`,
        )
      )[0]?.['n'],
    );

  it('proves every type of column, keys, references and identities, and leaves both databases as they were', async () => {
    const { into, production, dir } = await warehouse();
    const empty = await server.createDatabase();
    // Every write of a row gives it another xmin.
    const rows = async () =>
      await server.sql(
        production,
        `SELECT string_agg(xmin || ' ' || l, ',' ORDER BY id) AS all, (SELECT count(*) FROM pg_class) AS relations FROM leads l`,
      );
    const before = await rows();
    const tested = await into(empty);
    expect([tested.code, tested.data.tests['warehouse']], tested.stdout).toMatchObject([
      0,
      { passed: true, differences: NONE, records: 307, notTested: [] },
    ]);
    expect(tested.data.tests['warehouse']?.apart).toEqual([
      { object: 'public.leads', field: 'upper_mail', why: 'only the platform writes it', count: 300 },
    ]);
    expect(await rows()).toEqual(before);
    expect(await relations(empty)).toBe(0);
    expect(await server.sql(empty, `SELECT nspname FROM pg_namespace WHERE nspname = 'crm'`)).toEqual([]);
    expect(await listed(dir)).toMatchObject([{ proof: { state: 'proven' } }]);
  });

  it('fails on a part that cannot be read, on one wrong cell, and on too long a restore', async () => {
    const { into, dir } = await warehouse(', restore_within: 10m');
    const empty = await server.createDatabase();
    const wrong = await into(empty, { PLANT: 'PLANTED-OK=PLANTED-NO' });
    expect([wrong.code, wrong.data.tests['warehouse']?.differences], wrong.stdout).toEqual([2, { ...NONE, wrong: 1 }]);
    expect(wrong.data.tests['warehouse']?.examples).toEqual([{ kind: 'wrong', object: 'public.leads', key: '7', field: 'email' }]);
    const path = join(dir, 'runback.yml');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('10m', '1ms'));
    const slow = await into(empty);
    expect([slow.code, slow.data.tests['warehouse']]).toMatchObject([2, { differences: NONE, withinMs: 1, passed: false }]);
    await writeFile(path, text);
    await damage(dir, 'data/warehouse/public.leads/00001.ndjson');
    const unreadable = await into(empty);
    expect([unreadable.code, unreadable.data.tests['warehouse']?.differences]).toEqual([2, { ...NONE, unreadable: 300 }]);
    expect(await relations(empty)).toBe(0);
  });

  it('is refused where something is: the production database, an account with its credentials, a place that holds a table', async () => {
    const { into, production } = await warehouse();
    const refused = await into(production);
    expect([refused.code, refused.error?.['code']]).toEqual([6, 'stage-refused']);
    const other = await server.createDatabase('CREATE TABLE mine (id int)');
    const full = await into(other);
    expect([full.code, full.error]).toMatchObject([6, { code: 'stage-refused', why: expect.stringContaining('public.mine') as string }]);
    expect(await server.sql(other, 'SELECT count(*) AS n FROM mine')).toEqual([{ n: '0' }]);
    // By another role of the production database too.
    await server.sql(
      production,
      `DO $$ BEGIN CREATE ROLE other_way LOGIN SUPERUSER PASSWORD 'other-way'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    const around = await into(production, { TEST_URL: server.url(production, 'other_way', 'other-way') });
    expect([around.code, around.error?.['code']]).toEqual([6, 'stage-refused']);
    expect(await relations(production)).toBeGreaterThan(5);
  });

  it('killed in the middle it leaves tables that the next one takes away; nobody else may work there, and it needs a place', async () => {
    const { into, dir } = await warehouse();
    const empty = await server.createDatabase();
    const TMPDIR = await temporaryFolder();
    const killed = await into(empty, { KILL_AT: 'INSERT INTO "public"', TMPDIR });
    expect([killed.code, (await relations(empty)) > 0, (await stageFolders(TMPDIR)).length]).toEqual([null, true, 1]);
    const stopped = await into(await server.createDatabase(), { KILL_AT: 'INSERT INTO "public"', KILL_WITH: 'SIGINT', TMPDIR });
    expect([stopped.code, stopped.error?.['code']]).toEqual([130, 'interrupted']);
    const holder = await server.connect(empty);
    await holder.query('SELECT pg_advisory_lock(7305019441)');
    expect((await into(empty)).error).toMatchObject({ code: 'locked' });
    await holder.end();
    expect(await into(empty, { TMPDIR })).toMatchObject({ code: 0 });
    expect([await relations(empty), await stageFolders(TMPDIR)]).toEqual([0, []]);
    const nowhere = await test(dir, ['nightly']);
    expect([nowhere.code, nowhere.error?.['next']]).toMatchObject([64, expect.stringContaining('--into') as string]);
  });
});
