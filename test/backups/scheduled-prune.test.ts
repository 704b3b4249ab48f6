import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { pruneTask } from '../../src/backups/index.js';
import { taskStateOf } from '../../src/backups/schedule/task.js';
import { runback } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { POLICY, storeIn } from './support/policy.js';
import { call, workspaceWith } from './support/workspace.js';

/** A user would lose: the disk, which old snapshots fill; or a snapshot that was needed, to a rule that ran at the wrong time. */

const PRUNE = 'prune: { schedule: "0 6 * * *" }';

/** With three snapshots, of which the rules of their job keep one. */
async function workspace(prune = PRUNE): Promise<string> {
  const { dir } = await workspaceWith('nightly: { platforms: [hubspot], keep: { last: 1 } }');
  const path = join(dir, 'runback.yml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('backups:', `backups:\n  ${prune}`));
  for (let n = 0; n < 3; n += 1) expect((await call(dir, 'backup', 'run', 'nightly')).code).toBe(0);
  return dir;
}

/** As if it was last looked after three days ago. */
async function missed(dir: string): Promise<void> {
  const task = pruneTask({ platforms: {}, backups: { storage: 'backups', jobs: {}, prune: { schedule: '0 6 * * *', timezone: 'UTC' } } });
  if (task === undefined) throw new Error('it has a schedule');
  const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
  await taskStateOf(storeIn(dir), task).update((state) => ({ ...(state ?? { version: 1 }), firstSeen: at, handled: at, schedule: '0 6 * * * UTC' }));
}

const stored = async (dir: string): Promise<number> => (await readdir(join(dir, 'backups'))).filter((name) => name.endsWith('.zip')).length;
const flat = (text: string): string => text.replaceAll(/\s+/gu, ' ');

it('is done once when it is due, deletes what no rule keeps, and is shown with what comes next', async () => {
  const dir = await workspace();
  expect((await call(dir, 'backup', 'prune', '--due')).json.data).toMatchObject({ state: 'not-due' });
  expect(flat((await runHere(['backup', 'jobs'], { cwd: dir })).stdout)).toMatch(/Pruning never by schedule; next: \S/u);
  await missed(dir);
  expect(flat((await runHere(['backup', 'jobs'], { cwd: dir })).stdout)).toContain('next: due now');
  const { code, json } = await call(dir, 'backup', 'prune', '--due');
  expect([code, json.data]).toMatchObject([0, { state: 'ended', end: { end: 'done', result: { deleted: 2, failed: 0, stay: 1 } } }]);
  expect(await stored(dir)).toBe(1);
  expect((await call(dir, 'backup', 'prune', '--due')).json.data).toMatchObject({ state: 'not-due' });
  const { json: shown } = await call(dir, 'backup', 'jobs');
  expect(shown.data['pruning']).toMatchObject({ due: false, last: { result: { deleted: 2 } }, schedule: '0 6 * * *' });
  expect(flat((await runHere(['backup', 'jobs'], { cwd: dir })).stdout)).toMatch(/Pruning \S.*, 2 snapshots deleted; next: \S/u);
  expect((await runHere(['backup', 'jobs', '--systemd'], { cwd: dir })).stdout).toContain('backup prune --due');
});

it('is done by the daemon, and waits while an incident is open on any platform', async () => {
  const dir = await workspace();
  await writeFile(join(dir, 'escalation.yml'), POLICY);
  await missed(dir);
  const opened = await call(dir, 'incident', 'open', '--title', 'Titles are wrong', '--severity', 'sev3', '--platform', 'hubspot');
  const id = String((opened.json.data as { readonly id?: string }).id);
  expect((await call(dir, 'backup', 'prune', '--due')).json.data).toMatchObject({ state: 'waits', incident: id });
  expect(await stored(dir)).toBe(3);
  expect((await call(dir, 'incident', 'resolve', id, '--what', 'done')).code).toBe(0);
  const daemon = await runback(['daemon', '--once', '--json'], { cwd: dir });
  expect([daemon.code, daemon.stdout]).toEqual([0, expect.stringContaining('Pruning of snapshots: ended (status 0).')]);
  expect(await stored(dir)).toBe(1);
});

it('is tried again later where someone prunes by hand at that moment, and nothing is deleted then', async () => {
  const dir = await workspace();
  await missed(dir);
  const lock = await storeIn(dir).lock('backup-prune', { by: 'lee', holder: 'prune-1', purpose: 'deleting old snapshots' });
  const { code, json } = await call(dir, 'backup', 'prune', '--due');
  expect([code, json.data]).toMatchObject([0, { state: 'later', why: expect.stringContaining('held by lee') as string }]);
  expect(await stored(dir)).toBe(3);
  await lock.release();
  expect((await call(dir, 'backup', 'prune', '--due')).json.data).toMatchObject({ state: 'ended' });
  expect(await stored(dir)).toBe(1);
});

it('is refused without a schedule, with one that is none, and for one job alone', async () => {
  const dir = await workspace();
  for (const wrong of [['--job', 'nightly'], ['--dry-run']]) expect((await call(dir, 'backup', 'prune', '--due', ...wrong)).code).toBe(64);
  const path = join(dir, 'runback.yml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(`  ${PRUNE}\n`, ''));
  expect(await call(dir, 'backup', 'prune', '--due')).toMatchObject({
    code: 64,
    json: { error: { next: expect.stringContaining('prune:') as string } },
  });
  for (const bad of ['prune: { schedule: "0 25 * * *" }', 'prune: { schedule: "0 6 * * *", timezone: Mars/Base }', 'prune: { at: "6" }']) {
    await writeFile(path, text.replace(PRUNE, bad));
    expect((await call(dir, 'backup', 'jobs')).json.error, bad).toMatchObject({ code: 'file-invalid' });
  }
  expect(await stored(dir)).toBe(3);
});
