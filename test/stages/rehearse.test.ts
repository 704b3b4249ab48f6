import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Rehearsal } from '../../src/stages/index.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
import { openWorkspace } from '../cli/support/workspace.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';

/**
 * What a user would lose: that a rehearsal leaves nothing, however it ends, and that PostgreSQL has one too. Through real
 * processes.
 */

const preload = fileURLToPath(new URL('restore-test-preload.cjs', import.meta.url));

interface Told extends Finished {
  readonly data: Rehearsal;
  readonly error: Readonly<Record<string, unknown>> | undefined;
}

/** Calls the program with `--json`. `env`: what is planted in its process. */
async function json(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Told> {
  const planted = 'PLANT' in env || 'KILL_AT' in env ? { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` } : {};
  const finished = await runback([...args, '--json'], { cwd: dir, env: { ...env, ...planted } });
  const last = (finished.stdout === '' ? {} : jsonLines(finished.stdout).at(-1)) as Pick<Told, 'data' | 'error'>;
  return { ...finished, data: last.data, error: last.error };
}

/** Plans the way back to the newest snapshot; gives the id of the plan. */
async function planned(dir: string, platform: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { data, stdout } = await json(dir, ['restore', 'plan', '--platform', platform, '--base', 'latest', '--unattributed', 'include'], env);
  const { id } = data as unknown as { readonly id?: string };
  expect(id, stdout).toMatch(/^plan-/u);
  return id ?? '';
}

const stageFolders = async (parent: string): Promise<readonly string[]> =>
  (await readdir(parent)).filter((name) => name.startsWith('runback-drill-'));

describe('a rehearsal of HubSpot', () => {
  it('killed or stopped half-way leaves no restore, and what it leaves goes with the next one', async () => {
    const workspace = await openWorkspace(60);
    afterAll(workspace.close);
    const { dir, sandbox } = workspace;
    await workspace.base();
    workspace.damage(25);
    const plan = await planned(dir, 'hubspot');
    const [writes, TMPDIR] = [sandbox.writes().length, await temporaryFolder()];
    const killed = await json(dir, ['restore', 'rehearse', plan], { KILL_AT: 'batch/update', TMPDIR });
    expect([killed.code, await stageFolders(TMPDIR)]).toEqual([null, [expect.stringContaining('rehearsal') as string]]);
    const stopped = await json(dir, ['restore', 'rehearse', plan], { KILL_AT: 'batch/update', KILL_WITH: 'SIGINT', TMPDIR });
    expect([stopped.code, stopped.error?.['code'], await stageFolders(TMPDIR)]).toEqual([130, 'interrupted', []]);
    expect(await readdir(join(dir, '.runback'))).not.toContain('restores');
    expect(sandbox.writes()).toHaveLength(writes);
    expect(await json(dir, ['restore', 'rehearse', plan], { TMPDIR })).toMatchObject({ code: 0, data: { passed: true } });
    // What stands in nobody's way: the lock of the platform is free, and the plan is applied as ever.
    const applied = await json(dir, ['restore', 'apply', plan, '--confirm', `sandbox:${killed.code === null ? await recordsOf(dir, plan) : ''}`]);
    expect(applied.code, applied.stdout).toBe(0);
  });
});

it('opens an encrypted snapshot with the key only, knows nothing of whom was forgotten, and loads what is named for a plan from history', async () => {
  const workspace = await openWorkspace(60);
  afterAll(workspace.close);
  const { dir, contacts } = workspace;
  const [path, identity] = [join(dir, 'runback.yml'), await generateIdentity()];
  await writeFile(join(dir, 'key'), identity, { mode: 0o600 });
  const recipient = await identityToRecipient(identity);
  const plain = await readFile(path, 'utf8');
  const text = plain.replace('{ storage: backups }', `{ storage: backups, encrypt: { to: [${recipient}] }, identity: file:key }`);
  await writeFile(path, text);
  expect((await json(dir, ['snapshot', 'create', '--platform', 'hubspot'])).code).toBe(0);
  workspace.damage(25);
  const plan = await planned(dir, 'hubspot');
  const whole = await json(dir, ['restore', 'rehearse', plan]);
  expect([whole.code, whole.data.passed]).toEqual([0, true]);
  await writeFile(path, text.replace(', identity: file:key', ''));
  expect((await json(dir, ['restore', 'rehearse', plan])).error).toMatchObject({ code: 'snapshot-encrypted' });
  await writeFile(path, text);

  const history = ['restore', 'plan', '--platform', 'hubspot', '--from-history', '--since', '1h', '--suspect', 'INTEGRATION:4471120'];
  const { id } = (await json(dir, history)).data as unknown as { readonly id: string };
  expect((await json(dir, ['restore', 'rehearse', id])).error).toMatchObject({
    code: 'usage',
    next: expect.stringContaining('--snapshot') as string,
  });
  expect(await json(dir, ['restore', 'rehearse', id, '--snapshot', 'latest'])).toMatchObject({ code: 0, data: { passed: true } });

  const forget = ['forget', '--platform', 'hubspot', '--object', 'contacts', '--key', contacts[1] ?? '', '--confirm', 'forget:1'];
  expect((await json(dir, forget)).code).toBe(0);
  const without = await json(dir, ['restore', 'rehearse', plan]);
  const { checked } = whole.data.records;
  expect(without).toMatchObject({ code: 0, data: { passed: true, records: { checked: checked - 1, right: checked - 1 } } });
});

async function recordsOf(dir: string, plan: string): Promise<number> {
  const { data } = await json(dir, ['restore', 'show', plan]);
  return (data as unknown as { readonly counts: { readonly records: number } }).counts.records;
}

describe('a rehearsal of PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const TABLES = `
    CREATE TABLE companies (id bigint PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE leads (id int PRIMARY KEY, email varchar(80), company bigint REFERENCES companies, score numeric(12,2), tags text[]);
    INSERT INTO companies SELECT n, 'Company ' || n FROM generate_series(1, 9) n;
    INSERT INTO leads SELECT n, 'lead' || n || '@example.com', 1 + n % 9, n * 1.5, ARRAY['a', NULL] FROM generate_series(1, 400) n`;
  const DAMAGE = `UPDATE leads SET email = 'valued@example.com', score = NULL WHERE id <= 150; DELETE FROM leads WHERE id > 380;
    UPDATE companies SET name = 'Wrong ' || id WHERE id < 4`;

  it('says what is right in an empty database, leaves both as they were, and needs one that is no production', async () => {
    const dir = await temporaryFolder();
    const production = await server.createDatabase(TABLES);
    await server.sql(production, `ALTER DATABASE ${production} SET runback.environment = 'production'`);
    const [system] = await server.sql(production, 'SELECT system_identifier FROM pg_control_system()');
    const account = `"${String(system?.['system_identifier'])}/${production}"`;
    await writeFile(
      join(dir, 'runback.yml'),
      `version: 1\nplatforms: { warehouse: { connector: postgres, environment: production, account: ${account}, url: env:PRODUCTION_URL } }\n`,
    );
    const env = { PRODUCTION_URL: server.url(production) };
    expect((await json(dir, ['snapshot', 'create', '--platform', 'warehouse'], env)).code).toBe(0);
    await server.sql(production, DAMAGE);
    const plan = await planned(dir, 'warehouse', env);
    const rows = async (): Promise<unknown> => await server.sql(production, `SELECT string_agg(xmin || ' ' || l, ',' ORDER BY id) FROM leads l`);
    const before = await rows();
    const empty = await server.createDatabase();
    const into = async (database: string, more: Readonly<Record<string, string>> = {}): Promise<Told> =>
      await json(dir, ['restore', 'rehearse', plan, '--into', 'env:TEST_URL'], { ...env, TEST_URL: server.url(database), ...more });

    const told = await into(empty);
    expect([told.code, told.data], told.stdout).toMatchObject([
      0,
      {
        passed: true,
        records: { checked: 173, right: 173 },
        undo: { put_back: true },
        pace: { from: 'none', latency_from: 'measured' },
        verify: { remaining: 0 },
      },
    ]);
    expect(told.data.apply.calls).toBeGreaterThan(3);
    expect(told.data).not.toHaveProperty('quota');
    expect(await rows()).toEqual(before);

    const wrong = await into(empty, { PLANT: 'lead42@example.com=lead42@planted.com' });
    expect([wrong.code, wrong.error?.['code']], wrong.stdout).toEqual([2, 'rehearsal-failed']);

    const TMPDIR = await temporaryFolder();
    const killed = await into(empty, { KILL_AT: 'lead42@example.com', TMPDIR });
    expect([killed.code, (await stageFolders(TMPDIR)).length]).toEqual([null, 1]);
    expect(await into(empty, { TMPDIR })).toMatchObject({ code: 0 });
    expect(await stageFolders(TMPDIR)).toEqual([]);
    expect(await server.sql(empty, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).toEqual([]);

    expect((await into(production)).error).toMatchObject({ code: 'stage-refused' });
    const full = await server.createDatabase('CREATE TABLE mine (id int)');
    expect((await into(full)).error).toMatchObject({ code: 'stage-refused' });
    expect((await json(dir, ['restore', 'rehearse', plan], env)).error).toMatchObject({
      code: 'usage',
      next: expect.stringContaining('--into') as string,
    });
    expect(await rows()).toEqual(before);
  });
});
