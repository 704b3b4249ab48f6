import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { testStateOf } from '../../src/backups/restore-tests/by-schedule.js';
import { POLICY, storeIn } from '../backups/support/policy.js';
import { type Json, setJobs, workspaceWith } from '../backups/support/workspace.js';
import { jsonLines, runback } from '../cli/support/child.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';

/**
 * What a user would lose: that a backup which no longer restores is found before it is needed, and told to somebody.
 * Through real processes, by what a timer calls.
 */

const preload = fileURLToPath(new URL('restore-test-preload.cjs', import.meta.url));
const WEEKLY = 'test_restore: { schedule: "0 5 * * 0", prove_within: 35d }';
const NIGHTLY = `nightly: { platforms: [hubspot], ${WEEKLY} }`;
const STATE = { name: 'nightly', timezone: 'UTC', platforms: [], pause_syncs: false, incremental: false, test_restore: { schedule: '0 5 * * 0' } };

/** As if the restore of the job was last looked after three weeks ago. */
async function missed(dir: string): Promise<void> {
  const at = new Date(Date.now() - 21 * 86_400_000).toISOString();
  await testStateOf(storeIn(dir), STATE).update((state) => ({
    ...(state ?? { version: 1 }),
    firstSeen: at,
    handled: at,
    schedule: '0 5 * * 0 UTC',
  }));
}

interface Called {
  readonly code: number | null;
  readonly json: Json;
}

async function call(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Called> {
  const planted = 'KILL_AT' in env ? { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` } : {};
  const { code, stdout } = await runback([...args, '--json'], { cwd: dir, env: { ...env, ...planted } });
  return { code, json: (jsonLines(stdout).at(-1) ?? {}) as unknown as Json };
}

const due = async (dir: string, env?: Readonly<Record<string, string>>): Promise<Called> => await call(dir, ['backup', 'test-restore', '--due'], env);
const jobIn = ({ json }: Called): unknown => (json.data['jobs'] as readonly unknown[])[0];

/** Damages the records in the newest snapshot of a workspace; gives what puts it back. */
async function damage(dir: string): Promise<() => Promise<void>> {
  const name = (await readdir(join(dir, 'backups'))).sort().at(-1) ?? '';
  const path = join(dir, 'backups', name);
  const good = await readFile(path);
  const bytes = Buffer.from(good);
  const at = bytes.indexOf('data/hubspot/contacts/00001.ndjson') + 80;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
  return async () => await writeFile(path, good);
}

async function incidents(dir: string): Promise<readonly { readonly id: string; readonly title: string; readonly severity: string }[]> {
  return (await call(dir, ['incident', 'list'])).json.data['incidents'] as never;
}

describe('restore tests by schedule', () => {
  it('one that fails opens one incident; a later one that passes is noted there', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    await writeFile(join(dir, 'escalation.yml'), POLICY);
    await call(dir, ['backup', 'run', 'nightly']);
    expect(jobIn(await due(dir))).toMatchObject({ state: 'not-due' });
    await missed(dir);
    expect(jobIn(await due(dir))).toMatchObject({ state: 'ended', end: { end: 'done', result: { platforms: { hubspot: true } } } });
    const repair = await damage(dir);
    for (let n = 0; n < 2; n += 1) {
      await missed(dir);
      const failed = await due(dir);
      expect([failed.code, failed.json.error]).toMatchObject([
        2,
        { code: 'restore-not-proven', why: expect.stringContaining('cannot be read') as string },
      ]);
    }
    // It was told: a timer that finds nothing due has nothing to add.
    expect((await due(dir)).code).toBe(0);
    const [incident, ...others] = await incidents(dir);
    expect([incident, others]).toMatchObject([{ title: 'Restores of backup job nightly are not proven', severity: 'sev3' }, []]);
    const shown = await call(dir, ['backup', 'jobs']);
    expect(jobIn(shown)).toMatchObject({ test: { last: { end: 'failed' }, good: { end: 'done' }, incident: incident?.id, late: false } });
    expect((await runback(['backup', 'jobs'], { cwd: dir })).stdout).toMatch(/Restore test +failed [^;]*;\s+last\s+passed\s+\d{4}-\d\d-\d\d/u);
    await repair();
    await missed(dir);
    expect(jobIn(await due(dir))).toMatchObject({ state: 'ended', end: { end: 'done' } });
    const timeline = JSON.stringify((await call(dir, ['incident', 'show', incident?.id ?? ''])).json.data);
    expect(timeline.match(/A later restore test of the backup job nightly passed/gu)).toHaveLength(1);
    // Failing again while that incident is open is written there.
    await damage(dir);
    await missed(dir);
    await due(dir);
    expect(await incidents(dir)).toHaveLength(1);
  });

  it('no one to tell: each look fails, until a person has proven the newest snapshot', async () => {
    const { dir } = await workspaceWith(NIGHTLY.replace(WEEKLY, `${WEEKLY}, restore_within: 1ms`));
    await call(dir, ['backup', 'run', 'nightly']);
    await due(dir);
    await missed(dir);
    expect((await due(dir)).json.error).toMatchObject({
      code: 'restore-not-proven',
      why: expect.stringMatching(/it took .* and may take 0 s/u) as string,
    });
    expect(await due(dir)).toMatchObject({ code: 1, json: { error: { code: 'backup-failing' } } });
    expect((await call(dir, ['daemon', '--once'])).code).toBe(1);
    expect((await call(dir, ['backup', 'test-restore', 'nightly', '--within', '10m'])).code).toBe(0);
    expect((await due(dir)).code).toBe(0);
  });

  it('what cannot be tested at all has failed: no snapshot, a snapshot that cannot be opened', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    await due(dir);
    await missed(dir);
    expect((await due(dir)).json.error).toMatchObject({ code: 'not-found' });
    await call(dir, ['backup', 'run', 'nightly']);
    await call(dir, ['backup', 'run', 'nightly']);
    // The one before it would restore well.
    await writeFile(join(dir, 'backups', (await readdir(join(dir, 'backups'))).sort().at(-1) ?? ''), 'no zip');
    await missed(dir);
    expect((await due(dir)).json.error).toMatchObject({ code: 'snapshot-foreign' });
  });

  it('waits for an incident on its platform; killed with kill -9 it is run again and leaves nothing', async () => {
    const { dir } = await workspaceWith(NIGHTLY);
    const TMPDIR = await temporaryFolder();
    await call(dir, ['backup', 'run', 'nightly']);
    await due(dir);
    await call(dir, ['incident', 'open', 'Wrong names', '--severity', 'sev3', '--platform', 'hubspot']);
    await missed(dir);
    expect(jobIn(await due(dir))).toMatchObject({ state: 'waits' });
    const [incident] = await incidents(dir);
    await call(dir, ['incident', 'resolve', incident?.id ?? '', '--what', 'corrected']);
    expect((await due(dir, { KILL_AT: 'batch/create', TMPDIR })).code).toBeNull();
    expect(await readdir(TMPDIR)).toHaveLength(1);
    expect(jobIn(await call(dir, ['backup', 'jobs']))).toMatchObject({ test: { due: true, interrupted: {} } });
    const daemon = await runback(['daemon', '--once', '--json'], { cwd: dir, env: { TMPDIR } });
    expect([daemon.code, daemon.stdout]).toEqual([0, expect.stringContaining('Restore test of nightly: ended (status 0).')]);
    expect(await readdir(TMPDIR)).toEqual([]);
  });
});

describe('restore tests of PostgreSQL by schedule', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('use the database that the job names, stay due while another test works there, and fail where none is named', async () => {
    const dir = await temporaryFolder();
    const production = await server.createDatabase(
      'CREATE TABLE leads (id int PRIMARY KEY, email text); INSERT INTO leads VALUES (1, $$a@example.com$$)',
    );
    await server.sql(production, `ALTER DATABASE ${production} SET runback.environment = 'production'`);
    const [system] = await server.sql(production, 'SELECT system_identifier FROM pg_control_system()');
    const account = `${String(system?.['system_identifier'])}/${production}`;
    const platform = `{ connector: postgres, environment: production, account: "${account}", url: env:PRODUCTION_URL }`;
    await writeFile(join(dir, 'runback.yml'), `version: 1\nplatforms: { warehouse: ${platform} }\nbackups:\n  storage: backups\n`);
    const weekly = (into: string): string => `nightly: { platforms: [warehouse], test_restore: { schedule: "0 5 * * 0"${into} } }`;
    await setJobs(dir, weekly(', into: env:TEST_URL'));
    const empty = await server.createDatabase();
    const env = { PRODUCTION_URL: server.url(production), TEST_URL: server.url(empty) };
    await call(dir, ['backup', 'run', 'nightly'], env);
    await missed(dir);
    const holder = await server.connect(empty);
    await holder.query('SELECT pg_advisory_lock(7305019441)');
    const busy = await due(dir, env);
    expect([busy.code, jobIn(busy)]).toMatchObject([0, { state: 'later' }]);
    await holder.end();
    expect(jobIn(await due(dir, env))).toMatchObject({ state: 'ended', end: { end: 'done', result: { platforms: { warehouse: true } } } });
    // By hand, without --into, it goes there too.
    expect((await call(dir, ['backup', 'test-restore', 'nightly'], env)).code).toBe(0);
    await setJobs(dir, weekly(''));
    await missed(dir);
    expect((await due(dir, env)).json.error).toMatchObject({ message: 'Where is warehouse to be restored for the test?' });
  });
});
