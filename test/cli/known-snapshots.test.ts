import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openSnapshot } from '../../src/snapshots/index.js';
import { forge } from '../snapshots/forge.js';
import { cleanEnv, type Finished, jsonLines, program } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: the good values, to a file that somebody put in the place of the good snapshot. */

let workspace: TestWorkspace;
let base: string;
let path: string;
beforeEach(async () => {
  workspace = await openWorkspace(6);
  base = await workspace.base();
  path = join(workspace.dir, 'backups', `${base}.zip`);
});
afterEach(() => workspace.close());

const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
const json = async (
  ...args: string[]
): Promise<{ readonly code: number | null; readonly data: Record<string, unknown>; readonly error?: unknown }> => {
  const { code, stdout } = await go(...args, '--json');
  const last = jsonLines(stdout).at(-1) as { data?: Record<string, unknown>; error?: unknown };
  return { code, data: last.data ?? {}, error: last.error };
};
/** Some value that stands in the snapshot, and another of the same length. */
async function values(): Promise<readonly [string, string]> {
  const { data } = await json('snapshot', 'cat', base, 'contacts', String(workspace.sandbox.records('contacts')[0]?.id));
  const email = String((data['fields'] as Record<string, unknown>)['email']);
  return [email, `${email[0] === 'x' ? 'y' : 'x'}${email.slice(1)}`];
}
const plan = (...args: string[]): ReturnType<typeof json> => json('restore', 'plan', '--platform', 'hubspot', '--unattributed', 'include', ...args);
/** What a version that recorded nothing leaves: the notes without the record. */
const forget = (): Promise<void> => rm(join(workspace.dir, '.runback', 'documents', 'snapshot-notes', `${base}.json`));

test('a snapshot that was swapped, with every digest made anew, is refused by its name everywhere, and never blessed again', async () => {
  expect((await go('snapshot', 'verify', base)).code).toBe(0);
  const [from, to] = await values();
  const good = `${path}.copy`;
  await copyFile(path, good);
  await forge(path, from, to);
  const reader = await openSnapshot(path);
  expect((await reader.verify()).damage, 'the forged file fits its own digests').toEqual([]);
  await reader.close();

  for (const args of [
    ['snapshot', 'verify', base],
    ['snapshot', 'adopt', base],
    ['snapshot', 'show', base],
    ['snapshot', 'cat', base, 'contacts', '1'],
    ['diff', base, 'live'],
    ['restore', 'plan', '--platform', 'hubspot', '--base', base],
    // Verifying first, as a person would who wants it to be fine, changes nothing.
    ['snapshot', 'verify', base],
  ]) {
    const { code, error } = await json(...args);
    expect([args, code, error]).toMatchObject([args, 6, { code: 'snapshot-replaced', data: { id: base } }]);
  }
  for (const word of ['latest', 'latest-verified']) expect((await plan('--base', word)).error, word).toMatchObject({ code: 'not-found' });
  const listed = await go('snapshot', 'list');
  expect(listed.stdout).toContain(path);
  expect(listed.stdout.replaceAll(/\s+/gu, ' ')).toContain(`is not the snapshot ${base} that was recorded`);

  await copyFile(good, path);
  expect((await json('snapshot', 'verify', base)).code).toBe(0);
  expect((await json('snapshot', 'show', 'latest-verified')).data).toMatchObject({ id: base });
});

test('a snapshot of which nothing was recorded counts as unverified until a person adopts it; from then on another file is refused', async () => {
  await forget();
  const { code, error, data } = await json('snapshot', 'verify', base);
  expect([code, error, data]).toMatchObject([5, { code: 'snapshot-unrecorded' }, { recorded: false, damage: [] }]);
  const refused = await plan('--base', 'latest-verified');
  expect(refused.error).toMatchObject({ code: 'not-found', next: expect.stringContaining(`runback snapshot adopt ${base}`) as string });
  expect((await json('snapshot', 'show', base)).data).not.toHaveProperty('verifiedAt');
  expect((await go('restore', 'plan', '--platform', 'hubspot', '--base', base)).stderr.replaceAll(/\s+/gu, ' ')).toContain(
    `runback snapshot adopt ${base}`,
  );

  expect((await json('snapshot', 'adopt', base, '--as', 'maya')).data).toMatchObject({
    id: base,
    record: { how: 'adopted', by: 'maya' },
    verifiedAt: expect.any(String) as string,
  });
  expect((await go('snapshot', 'verify', base)).code).toBe(0);
  expect((await json('snapshot', 'show', 'latest-verified')).data).toMatchObject({ id: base });
  await forge(path, ...(await values()));
  expect((await json('snapshot', 'adopt', base)).error).toMatchObject({ code: 'snapshot-replaced' });
});

test('a damaged snapshot is not adopted', async () => {
  await forget();
  const bytes = await readFile(path);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 4;
  await writeFile(path, bytes);
  expect((await json('snapshot', 'adopt', base)).error).toMatchObject({ code: 'snapshot-damaged' });
  expect((await json('snapshot', 'verify', base)).error).toMatchObject({ code: 'snapshot-damaged' });
});

test('a run does not take what nobody vouches for as verified', async () => {
  await forget();
  await mkdir(join(workspace.dir, 'runbooks'), { recursive: true });
  const step = ['  - id: look', '    title: Check the snapshot', '    action: snapshot.verify', '    with: { snapshot: "${{ inputs.base }}" }'];
  await writeFile(
    join(workspace.dir, 'runbooks', 'check.yml'),
    [
      'version: 1',
      'id: check',
      'title: Check',
      'symptoms: [Doubt]',
      'inputs:',
      '  base: { type: snapshot, prompt: Which? }',
      'steps:',
      ...step,
      '',
    ].join('\n'),
  );
  const { code, stdout, stderr } = await go('runbook', 'run', 'check', '--input', `base=${base}`);
  expect(code, stdout + stderr).not.toBe(0);
  expect(stdout + stderr).toContain('Nothing confirms that');
});

test('folders and files that others could change are warned of', async () => {
  expect((await json('snapshot', 'list')).data['exposures']).toEqual([]);
  const backups = join(workspace.dir, 'backups');
  await chmod(backups, 0o777);
  for (const args of [['snapshot', 'list'], ['snapshot', 'verify', base], ['doctor']]) {
    const { code, stdout } = await go(...args);
    expect([args, code]).toEqual([args, 0]);
    expect(stdout.replaceAll(/\s+/gu, ' ')).toContain(`The folder ${backups} can be written by others (mode 777)`);
  }
  expect((await go('restore', 'plan', '--platform', 'hubspot', '--base', base)).stderr).toContain('can be written by others');
  await chmod(backups, 0o700);
});

test.skipIf(process.getuid?.() !== 0)('a file of somebody else is warned of (only root can give one away)', async () => {
  await chown(path, 4321, 4321);
  expect((await json('snapshot', 'list')).data['exposures']).toEqual([expect.stringContaining(`${path} belongs to another user (4321)`)]);
});

test('a snapshot is verified where nothing can be written, and it is said that the result was not noted', async () => {
  // As another user, where we are one for whom modes do not count.
  const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const paths = [
    workspace.dir,
    join(workspace.dir, '.runback'),
    join(workspace.dir, '.runback/documents'),
    join(workspace.dir, '.runback/documents/snapshot-notes'),
  ];
  const files = [join(workspace.dir, 'runback.yml'), path, join(workspace.dir, '.runback/documents/snapshot-notes', `${base}.json`)];
  for (const folder of [...paths, join(workspace.dir, 'backups')]) await chmod(folder, 0o555);
  for (const file of files) await chmod(file, 0o444);
  const child = spawn(process.execPath, [program, 'snapshot', 'verify', base, '--no-input'], {
    cwd: workspace.dir,
    env: { ...cleanEnv(), HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...other,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  for (const folder of [...paths, join(workspace.dir, 'backups')]) await chmod(folder, 0o755);
  expect(code, said).toBe(0);
  expect(said).toContain('Every byte is what was written');
  expect(said).toContain('could not be noted');
});
