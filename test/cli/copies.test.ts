import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { copyStateOf } from '../../src/backups/index.js';
import { storeIn } from '../backups/support/policy.js';
import { startS3 } from '../support/s3-server.js';
import { temporaryFolder } from '../support/store.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace } from './support/workspace.js';

const JOBS = `  jobs: { nightly: { platforms: [hubspot], incremental: true, target: 26h, keep: { last: 1 }, watch: "off" } }
`;

interface World {
  readonly dir: string;
  readonly folder: string;
  go(...args: string[]): Promise<Finished>;
  json(...args: string[]): Promise<{ code: number | null; data: Record<string, unknown> }>;
  damage(count: number): unknown;
}

/** A workspace with an incremental job and a copy. */
async function worldWith(copy: (folder: string) => string, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const workspace = await openWorkspace(20);
  onTestFinished(() => workspace.close());
  const folder = join(await temporaryFolder(), 'offsite');
  const file = join(workspace.dir, 'runback.yml');
  const backups = `backups:\n  storage: backups\n  copies: { offsite: ${copy(folder)} }\n${JOBS}`;
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^backups: .*\n/mu, backups));
  const go = async (...args: string[]): Promise<Finished> => await runHere([...args, '--no-input', '--as', 'ann'], { cwd: workspace.dir, env });
  return {
    dir: workspace.dir,
    folder,
    go,
    json: async (...args) => {
      const { code, stdout } = await go(...args, '--json');
      return { code, data: (jsonLines(stdout).at(-1) as { data: Record<string, unknown> }).data };
    },
    damage: (count) => workspace.damage(count, 'Changed'),
  };
}

/** A user would lose: every snapshot, with the machine that holds them. */
test('G37: a job copies its snapshots, prune keeps them there by other rules, and with runback.yml alone they come back', async () => {
  const { dir, folder, go, json, damage } = await worldWith((place) => `{ storage: ${place}, keep: { last: 5 } }`);
  expect((await go('doctor')).stdout).toContain(`Copy offsite: ${folder}`);
  const first = await json('backup', 'run', 'nightly');
  expect([first.code, first.data['copies']]).toMatchObject([0, [{ copy: 'offsite', copied: [{}], leftOut: [] }]]);
  damage(3);
  expect((await go('backup', 'run', 'nightly')).stdout).toContain('Copy offsite: 1 snapshot copied');
  damage(5);
  await json('backup', 'run', 'nightly');
  expect((await json('backup', 'copy', 'offsite', '--dry-run')).data).toMatchObject({ dryRun: true, copies: [{ copy: 'offsite', wanted: [] }] });
  const here = (await readdir(join(dir, 'backups'))).sort();
  expect((await readdir(folder)).sort()).toEqual(here);
  for (const name of here) expect(await readFile(join(folder, name))).toEqual(await readFile(join(dir, 'backups', name)));

  const jobs = await json('backup', 'jobs');
  expect(jobs.data['jobs']).toMatchObject([{ copies: [{ copy: 'offsite', late: false, newest: { snapshot: here.at(-1)?.replace('.zip', '') } }] }]);
  expect((await go('backup', 'jobs')).stdout).toContain('Copy offsite');

  // A new machine: runback.yml, and nothing else.
  const machine = await temporaryFolder();
  for (const name of ['runback.yml', 'token']) await cp(join(dir, name), join(machine, name));
  const there = async (...args: string[]): Promise<Finished> => await runHere([...args, '--no-input', '--as', 'ann'], { cwd: machine });
  const id = here.at(-1)?.replace('.zip', '') ?? '';
  expect((await there('snapshot', 'list', '--copy', 'offsite')).stdout).toContain(id);
  const fetched = await there('snapshot', 'fetch', id, '--from', 'offsite');
  expect(fetched).toMatchObject({ code: 0, stdout: expect.stringContaining('With 2 snapshots that it builds on') as string });
  expect((await readdir(join(machine, 'backups'))).sort()).toEqual(here);
  expect((await there('snapshot', 'fetch', id, '--from', 'offsite')).stdout).toContain('is here already');
  expect((await there('snapshot', 'adopt', id)).code).toBe(0);
  expect((await there('snapshot', 'verify', id)).code).toBe(0);
  expect((await there('snapshot', 'fetch', id, '--from', 'ofsite')).stderr).toContain('offsite');
});

test('a snapshot in a bucket comes back after it was deleted here; what is not reachable fails no snapshot and is told', async () => {
  const server = await startS3();
  onTestFinished(async () => await server.close().catch(() => undefined));
  const bucket = `{ storage: s3://${server.bucket}/copy, endpoint: "${server.endpoint}", credentials: { key: env:S3_KEY, secret: env:S3_SECRET }, keep: { last: 2 } }`;
  const { dir, go, json } = await worldWith(() => bucket, { S3_KEY: server.accessKey, S3_SECRET: server.secretKey });
  await go('backup', 'run', 'nightly');
  const [name = ''] = await readdir(join(dir, 'backups'));
  const bytes = await readFile(join(dir, 'backups', name));
  const objects = [...server.objects()].filter(([key]) => key.endsWith('.zip'));
  expect(objects).toHaveLength(1);
  const id = name.replace('.zip', '');
  await go('snapshot', 'verify', id);
  await go('snapshot', 'delete', id, '--confirm', 'sandbox:20');
  expect((await json('snapshot', 'list')).data['snapshots']).toEqual([]);
  expect((await go('snapshot', 'fetch', id, '--from', 'offsite')).code).toBe(0);
  expect(await readFile(join(dir, 'backups', name))).toEqual(bytes);
  const back = (await json('snapshot', 'show', id)).data;
  expect(back).toMatchObject({ id, job: 'nightly', pinned: true, record: { how: 'made' }, verifiedAt: expect.any(String) as string });

  await server.close();
  const failed = await json('backup', 'run', 'nightly');
  expect([failed.code, failed.data['jobs'], failed.data['copies']]).toMatchObject([
    3,
    [{ state: 'taken' }],
    [{ error: { code: 'storage-unreachable' } }],
  ]);
  expect((await json('backup', 'jobs')).data['jobs']).toMatchObject([
    { last: { end: 'done' }, copies: [{ failing: { code: 'storage-unreachable' }, newest: { snapshot: id } }] },
  ]);
  // Nothing is asked: what was noted is told.
  expect((await go('status')).stdout).toContain('Snapshots are not copied to offsite');
  expect((await go('backup', 'copy')).code).toBe(3);
  const pruned = await json('backup', 'prune', '--dry-run');
  expect(pruned.data['copies']).toMatchObject([{ copy: 'offsite', error: { code: 'storage-unreachable' } }]);
  await rm(join(dir, 'backups', name));
});

test('prune waits for a copy that is required, and says so; one that failed is tried again by --due once its pause is over', async () => {
  const { dir, folder, go, json, damage } = await worldWith((place) => `{ storage: ${place}, keep: { last: 5 } }`);
  await json('backup', 'run', 'nightly');
  await rm(folder, { recursive: true });
  damage(3);
  const failed = await json('backup', 'run', 'nightly');
  expect([failed.code, failed.data['copies']]).toMatchObject([3, [{ error: { code: 'file-unreadable' } }]]);
  expect((await json('backup', 'jobs')).data['jobs']).toMatchObject([{ copies: [{ failing: { tries: 1, next: expect.any(String) as string } }] }]);
  expect((await go('backup', 'jobs')).stdout.replaceAll(/\s+/gu, ' ')).toContain('tried again');
  damage(6);
  const third = await json('backup', 'run', 'nightly');
  expect(third.code).toBe(3);
  const dry = await go('backup', 'prune', '--dry-run');
  expect(dry.stdout).toContain('the copy offsite does not have it yet: runback backup copy offsite');
  expect(await readdir(join(dir, 'backups'))).toHaveLength(3);
  await go('backup', 'prune');
  expect(await readdir(join(dir, 'backups'))).toHaveLength(3);

  await mkdir(folder);
  expect((await json('backup', 'copy', '--due')).data).toMatchObject({ copies: [] });
  expect((await json('backup', 'run', '--due')).data).not.toHaveProperty('copies');
  const { failing } = (await copyStateOf(storeIn(dir), 'offsite').read()) ?? {};
  if (failing === undefined) throw new Error('nothing failed');
  await copyStateOf(storeIn(dir), 'offsite').update((state) => ({
    ...(state as NonNullable<typeof state>),
    failing: { ...failing, next: '2026-01-01T00:00:00.000Z' },
  }));
  expect((await json('backup', 'run', '--due')).data).toMatchObject({ copies: [{ copy: 'offsite', copied: [{}, {}, {}] }] });
  expect((await json('backup', 'copy', '--due')).data).toMatchObject({ copies: [] });
});

test('the round of verification reads copies too that say so, and damage there is told with the copy', async () => {
  const { dir, folder, go, json } = await worldWith((place) => `{ storage: ${place}, verify: 10m }`);
  const file = join(dir, 'runback.yml');
  const text = await readFile(file, 'utf8');
  expect((await go('backup', 'jobs')).stderr).toContain('has no schedule');
  await writeFile(file, text.replace('  copies:', '  verify: { schedule: "* * * * *" }\n  copies:'));
  await json('backup', 'run', 'nightly');
  const [name = ''] = await readdir(folder);
  const id = name.replace('.zip', '');
  const path = join(folder, name);
  const good = await readFile(path);
  const bad = Buffer.from(good);
  bad[400] = (bad[400] ?? 0) ^ 0xff;
  await writeFile(path, bad);
  // Seen for the first time, it is due with the next minute.
  await json('snapshot', 'verify', '--due');
  const before = '2026-01-01T00:00:00.000Z';
  const task = storeIn(dir).document<object>('backup-verifications', 'snapshots');
  await task.update((state) => ({ ...state, firstSeen: before, handled: before }));
  const round = await json('snapshot', 'verify', '--due');
  expect(round.data).toMatchObject({
    state: 'ended',
    end: { result: { verified: [id], damaged: [], copies: { offsite: { damaged: [{ snapshot: id }] } } } },
  });
  expect(Object.keys(round.data['alarms'] as object)).toEqual([`offsite/${id}`]);
  const again = await go('snapshot', 'verify', '--due');
  expect([again.code, again.stdout]).toEqual([1, expect.stringContaining(`The snapshot ${id} in the copy offsite is not what was written`)]);
  expect((await json('snapshot', 'show', 'latest-verified')).data).toMatchObject({ id });
  await writeFile(path, good);
  expect((await json('snapshot', 'verify', '--copy', 'offsite', '--budget', '1m')).data).toMatchObject({
    copy: 'offsite',
    verified: [id],
    damaged: [],
  });
  expect((await go('snapshot', 'verify', '--due')).code).toBe(0);
  // One that cannot be read is said, and is no damage.
  await rm(folder, { recursive: true });
  await writeFile(folder, 'no folder');
  await task.update((state) => ({ ...state, firstSeen: before, handled: before }));
  const away = await json('snapshot', 'verify', '--due');
  expect([away.code, away.data]).toMatchObject([3, { end: { end: 'done', result: { copies: { offsite: { failed: {} } } } }, alarms: {} }]);
});
