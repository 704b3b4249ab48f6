import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type Finished, jsonLines, runback } from './support/child.js';

/** A user would look for what to free, and be told a file of the program; or wait for 76 drills that all end for the same reason. */

let dir: string;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), 'runback-full-'))));
afterEach(async () => await rm(dir, { recursive: true, force: true }));

/** Runs the program on a machine whose disk takes nothing. */
async function onFullDisk(...args: string[]): Promise<Finished> {
  const flag = join(dir, 'full');
  await writeFile(flag, '');
  await mkdir(join(dir, 'tmp'), { recursive: true });
  const conditions = fileURLToPath(new URL('../../dist/chunks/conditions.cjs', import.meta.url));
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(conditions)}`, RUNBACK_STAGE_FULL: flag, TMPDIR: join(dir, 'tmp') };
  return await runback([...args, '--json', '--no-input'], { cwd: dir, env });
}
const errorOf = ({ stdout }: Finished): unknown => jsonLines(stdout).at(-1)?.['error'];

test('init names the file that could not be written, and leaves no half of one; once there is room, it makes the rest', async () => {
  const full = await onFullDisk('init', 'w');
  expect(errorOf(full)).toMatchObject({
    code: 'disk-full',
    message: `No room left while writing ${join(dir, 'w', 'runbooks', 'accidental-delete.yml')}`,
  });
  expect((await readdir(join(dir, 'w'), { recursive: true })).sort()).toEqual(['backups', 'runbooks']);
  expect((await runback(['init', 'w', '--no-input'], { cwd: dir })).code).toBe(0);
});

test('a runback.yml that could not be written is named, and not half there', async () => {
  expect((await runback(['init', 'w', '--no-input'], { cwd: dir })).code).toBe(0);
  const [file, escalation] = [join(dir, 'w', 'runback.yml'), join(dir, 'w', 'escalation.yml')];
  for (const lost of [file, escalation]) {
    await rm(file, { force: true });
    await rm(lost, { force: true });
    await rm(join(dir, 'w', 'runbooks', 'bad-import.yml'), { force: true });
    const full = await onFullDisk('init', 'w');
    expect(errorOf(full)).toMatchObject({ code: 'disk-full' });
    const names = await readdir(join(dir, 'w'), { recursive: true });
    expect(names).not.toContain('runback.yml');
    expect(names.filter((name) => name.endsWith('.new'))).toEqual([]);
  }
});

test('drills end at the first that finds no room, with the file', async () => {
  const full = await onFullDisk('drill', 'run', '--all');
  expect(full.code).toBe(3);
  expect(errorOf(full)).toMatchObject({ code: 'disk-full', message: expect.stringContaining(join(dir, 'tmp')) as string });
  expect(jsonLines(full.stdout).filter(({ type }) => type === 'drill')).toEqual([]);
  expect(await readdir(join(dir, 'tmp'))).toEqual([]);
});
