import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { leftFolders, ownFolder, removeLeftFolders } from '../../src/stages/index.js';
import { openFileStore, type ProcessIdentity, thisProcess } from '../../src/store/index.js';
import { cleanEnv, program, runback } from '../cli/support/child.js';

// A user would lose: disk space, and copies of data that lie about, drill after drill; or the folder of a drill at work.

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'left-folders-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that has ended. */
async function endedProcess(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return { ...thisProcess(), pid: child.pid ?? 0, started: '1' };
}

/** A folder as a drill has it, that says whose it is. */
async function drillFolder(parent: string, name: string, owner: object | string | undefined): Promise<string> {
  const folder = join(parent, `runback-drill-${name}`);
  await mkdir(join(folder, 'backups'), { recursive: true });
  await writeFile(join(folder, 'backups', 'some.zip'), 'x');
  if (owner !== undefined)
    await writeFile(join(folder, '.runback-drill.json'), typeof owner === 'string' ? owner : JSON.stringify({ version: 1, ...owner }));
  return folder;
}

const whyOf = ({ left }: Awaited<ReturnType<typeof removeLeftFolders>>): unknown => left.map(({ folder, why }) => [folder.split('-').at(-1), why]);

test('only folders whose process has surely ended are removed, and those that nobody can tell of are named', async () => {
  const parent = await emptyFolder();
  const ended = await endedProcess();
  await drillFolder(parent, 'ended', ended);
  await drillFolder(parent, 'reused', { ...thisProcess(), started: '1' });
  await drillFolder(parent, 'kept', { ...ended, kept: true });
  await drillFolder(parent, 'elsewhere', { ...ended, host: 'another' });
  await drillFolder(parent, 'rebooted', { ...ended, boot: 'an earlier one' });
  await drillFolder(parent, 'new', undefined);
  const old = new Date(Date.now() - 7_200_000);
  for (const [name, owner] of [
    ['old', undefined],
    ['broken', '{"pid":'],
    ['nobody', { pid: 0, host: thisProcess().host }],
  ] as const) {
    const folder = await drillFolder(parent, name, owner);
    await utimes(folder, old, old);
  }
  await ownFolder(await drillFolder(parent, 'mine', undefined));
  await writeFile(join(parent, 'runback-drill-file'), 'x');
  // What a link leads to is nobody's business here.
  const theirs = await emptyFolder();
  await drillFolder(theirs, 'linked', ended);
  await symlink(join(theirs, 'runback-drill-linked'), join(parent, 'runback-drill-linked'));
  await drillFolder(join(parent, 'deeper'), 'ended', ended);

  const before = await readdir(parent);
  const { stale } = await leftFolders(systemClock, parent);
  expect(stale.map((folder) => folder.split('-').at(-1)).sort()).toEqual(['ended', 'reused']);
  expect(await readdir(parent)).toEqual(before);
  const result = await removeLeftFolders(systemClock, parent);
  expect(result.removed.map((folder) => folder.split('-').at(-1)).sort()).toEqual(['ended', 'reused']);
  const untold = (host: string): string => `whether process ${ended.pid} on ${host} has ended cannot be told from here`;
  expect((whyOf(result) as string[][]).sort()).toEqual([
    ['broken', 'it does not say which process works in it'],
    ['elsewhere', untold('another')],
    ['nobody', 'it does not say which process works in it'],
    ['old', 'it does not say which process works in it'],
    ['rebooted', untold(ended.host)],
  ]);
  expect((await readdir(parent)).map((name) => name.split('-').at(-1)).sort()).toEqual(
    ['broken', 'deeper', 'elsewhere', 'file', 'kept', 'linked', 'mine', 'new', 'nobody', 'old', 'rebooted'].sort(),
  );
  expect(await readFile(join(theirs, 'runback-drill-linked', 'backups', 'some.zip'), 'utf8')).toBe('x');
  expect(await readdir(join(parent, 'deeper'))).toEqual(['runback-drill-ended']);
});

test('a folder in which something that the drill had started is still at work stays until it has ended', async () => {
  const parent = await emptyFolder();
  const folder = await drillFolder(parent, 'ended', await endedProcess());
  const store = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
  const lock = await store.lock('run', { by: 'maya', holder: 'run-1', purpose: 'a run' });
  expect(await removeLeftFolders(systemClock, parent)).toEqual({ removed: [], left: [] });
  await lock.release();
  expect(await removeLeftFolders(systemClock, parent)).toEqual({ removed: [folder], left: [] });
});

test('several that clean up at the same time do not stand in the way of each other', async () => {
  const parent = await emptyFolder();
  const ended = await endedProcess();
  for (let n = 0; n < 10; n += 1) {
    const folder = await drillFolder(parent, String(n), ended);
    for (let m = 0; m < 20; m += 1) await writeFile(join(folder, 'backups', String(m)), 'x');
  }
  const all = await Promise.all(Array.from({ length: 6 }, async () => await removeLeftFolders(systemClock, parent)));
  expect(all.flatMap(({ left }) => left)).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
  expect(new Set(all.flatMap(({ removed }) => removed)).size).toBe(10);
});

test('where there is no folder for temporary files there is nothing to remove', async () => {
  expect(await removeLeftFolders(systemClock, join(await emptyFolder(), 'none'))).toEqual({ removed: [], left: [] });
});

test('the folder of a drill that was killed is removed by the next drill, which says so', async () => {
  const [parent, workspace] = [await emptyFolder(), await emptyFolder()];
  const env = { TMPDIR: parent };
  const args = ['--json', 'drill', 'run', 'overwritten-names'];
  const killed = spawn(process.execPath, [program, ...args], { cwd: workspace, env: cleanEnv(env), stdio: 'ignore' });
  const workspaces = async (): Promise<readonly string[]> =>
    (await readdir(parent, { recursive: true })).filter((name) => name.endsWith('runback.yml'));
  await expect.poll(workspaces).toHaveLength(1);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const [left = ''] = (await readdir(parent)).filter((name) => name.startsWith('runback-drill-'));
  expect(left).toMatch(/^runback-drill-overwritten-names-/u);
  // A program that the drill had started ends with it, and may need a moment for that.
  let said = '';
  await expect
    .poll(
      async () => {
        said += (await runback(args, { cwd: workspace, env })).stderr;
        return await readdir(parent);
      },
      { timeout: 150_000 },
    )
    .toEqual([]);
  expect(said).toContain(`Removed ${join(parent, left)}: the drill, restore test or rehearsal that worked in it was killed`);
});
