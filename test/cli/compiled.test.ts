import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { cleanEnv } from './support/child.js';

/** What a run of a command compiled is kept for the next: never anybody else's, never of another build, never damaged, and nothing hangs on it. */

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
let folder: string;
let caches: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-compiled-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const START = `const { join } = require('node:path');
require(${JSON.stringify(join(dist, 'chunks', 'start.cjs'))}).start(join(__dirname, 'chunks', 'main.cjs'), process.env.BUILD ?? '0123456789abcdef', Number(process.env.KEEP_AFTER ?? 10_000));`;

/** A small program whose answer stands in a function that is compiled when it is called. */
const answering = (answer: string): string => `const other = require("./other.cjs");
exports.answer = function () { return ${JSON.stringify(answer)}; };
process.stdout.write(exports.answer() + other.sum(require('node:os').EOL.length));`;

beforeEach(async () => {
  caches = await mkdtemp(join(folder, 'caches-'));
  await mkdir(join(folder, 'chunks'), { recursive: true });
  await writeFile(join(folder, 'start.cjs'), START);
  await writeFile(join(folder, 'chunks', 'main.cjs'), answering('first'));
  await writeFile(join(folder, 'chunks', 'other.cjs'), 'exports.sum = (n) => n + 1;');
});

function run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync(process.execPath, [join(folder, 'start.cjs'), ...args], {
    encoding: 'utf8',
    env: cleanEnv({ XDG_CACHE_HOME: caches, ...env }),
  });
}

/** The one file of the build. */
async function kept(build = '0123456789abcdef'): Promise<string> {
  const names = await readdir(join(caches, 'runback', 'compiled', build));
  expect(names).toHaveLength(1);
  return join(caches, 'runback', 'compiled', build, names[0] ?? '');
}

/** V8 looks at the length of a source only: another answer of the same length tells whose code was run. */
async function changeSource(): Promise<void> {
  await writeFile(join(folder, 'chunks', 'main.cjs'), answering('later'));
}

test('the second run takes what the first compiled, and leaves the file as it is', async () => {
  expect(run()).toBe('first2');
  const file = await kept();
  const before = await stat(file);
  expect(before.mode & 0o777).toBe(0o600);
  expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
  await changeSource();
  expect(run()).toBe('first2');
  expect((await stat(file)).ino).toBe(before.ino);
});

test('another build takes nothing of it, and clears it away', async () => {
  run();
  await changeSource();
  expect(run([], { BUILD: 'fedcba9876543210' })).toBe('later2');
  expect(await readdir(join(caches, 'runback', 'compiled'))).toEqual(['fedcba9876543210']);
});

test('what is not code of a build is never removed, whatever lies there: a workspace may have that name', async () => {
  const kept = ['runback.yml', 'backups/snap.zip', 'compiled/mine.txt', 'compiled/build/notes'];
  for (const path of kept) {
    await mkdir(dirname(join(caches, 'runback', path)), { recursive: true, mode: 0o755 });
    await writeFile(join(caches, 'runback', path), 'mine');
  }
  run();
  run([], { BUILD: 'fedcba9876543210' });
  for (const path of kept) expect(await readFile(join(caches, 'runback', path), 'utf8')).toBe('mine');
  expect((await readdir(join(caches, 'runback', 'compiled'))).sort()).toEqual(['build', 'fedcba9876543210', 'mine.txt']);
});

test('every command has a file of its own, named by its words alone', async () => {
  run(['restore', 'plan', 'person']);
  run(['forget', 'someone@example.com']);
  run(['--workspace', 'place']);
  const names = (await readdir(join(caches, 'runback', 'compiled', '0123456789abcdef'))).map((name) => name.replace(/\.?[0-9a-f]+$/u, ''));
  expect(names.sort()).toEqual(['', 'forget', 'restore.plan']);
});

test('options of every command before its words make no other file of it', async () => {
  for (const before of [[], ['--json'], ['--workspace', 'elsewhere', '--no-input', '--as', 'maya']])
    run([...before, 'restore', 'plan', '--platform', 'db']);
  const names = await readdir(join(caches, 'runback', 'compiled', '0123456789abcdef'));
  expect(names.map((name) => name.split('.').slice(0, -1))).toEqual([['restore', 'plan']]);
});

test('whatever words commands begin with, the files stay few; a relative folder for caches does not count', async () => {
  run();
  const kept = await mkdtemp(join(folder, 'many-'));
  for (let n = 0; n < 60; n += 1) await writeFile(join(caches, 'runback', 'compiled', '0123456789abcdef', `word-${n}`), '');
  run(['init', 'a-folder']);
  expect(await readdir(join(caches, 'runback', 'compiled', '0123456789abcdef'))).toHaveLength(40);
  expect((await readdir(join(caches, 'runback', 'compiled', '0123456789abcdef'))).filter((name) => name.startsWith('init.a-folder.'))).toHaveLength(
    1,
  );
  expect(run([], { XDG_CACHE_HOME: 'here', HOME: kept })).toBe('first2');
  expect(await readdir(kept), 'its place is the home').toEqual(['.cache']);
});

test.each(['the file', 'its folder', 'the folder around'])('where others can write to %s, nothing of it is run', async (what) => {
  run();
  const file = await kept();
  const path = { 'the file': file, 'its folder': dirname(file), 'the folder around': dirname(dirname(file)) }[what] ?? '';
  await chmod(path, 0o777);
  await changeSource();
  expect(run()).toBe('later2');
});

test.each([0, 5, 40, -1])('a changed byte at %i is found, and the file made again', async (at) => {
  run();
  const file = await kept();
  const bytes = await readFile(file);
  const damaged = Buffer.from(bytes);
  const place = at < 0 ? bytes.length + at : at;
  damaged[place] = (damaged[place] ?? 0) ^ 1;
  await writeFile(file, damaged);
  await changeSource();
  expect(run()).toBe('later2');
  expect((await readFile(file)).equals(damaged)).toBe(false);
  await writeFile(join(folder, 'chunks', 'main.cjs'), answering('third'));
  expect(run()).toBe('later2');
});

test('a file that was cut off, or holds something else, does not count', async () => {
  run();
  const file = await kept();
  const bytes = await readFile(file);
  await changeSource();
  for (const other of [bytes.subarray(0, bytes.length / 2), Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(64)]) {
    await writeFile(file, other);
    expect(run()).toBe('later2');
    await rm(file);
  }
});

test('where nothing can be kept, everything works the same', async () => {
  expect(run([], { XDG_CACHE_HOME: join(folder, 'nowhere', 'at', 'all') })).toBe('first2');
  await writeFile(join(folder, 'a-file'), '');
  expect(run([], { XDG_CACHE_HOME: join(folder, 'a-file') })).toBe('first2');
  expect(run([], { NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('first2');
  expect(await readdir(caches)).toEqual([]);
});

test('nothing is put where a link leads to what others can write', async () => {
  const open = join(folder, 'open');
  await mkdir(open, { mode: 0o777, recursive: true });
  await chmod(open, 0o777);
  await symlink(open, join(caches, 'runback'));
  expect(run()).toBe('first2');
  expect(await readdir(open)).toEqual([]);
});

test.each(['', 'relative'])('an empty or relative HOME (%j) keeps nothing, and makes no folder where the command runs', async (home) => {
  const here = await mkdtemp(join(folder, 'here-'));
  const ran = execFileSync(process.execPath, [join(folder, 'start.cjs')], {
    cwd: here,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
  });
  expect(ran).toBe('first2');
  expect(await readdir(here)).toEqual([]);
});

/** Why nothing can be started as a user that the system does not know; undefined where it can. */
function whyNoStranger(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become someone else';
  for (let at = dist; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o005) !== 0o005) return `others cannot enter ${at}`;
  return undefined;
}
const whyNot = whyNoStranger();
if (whyNot !== undefined) console.log(`skipped: a user that the system does not know (${whyNot})`);

// A container that is given a bare number as its user.
test.skipIf(whyNot !== undefined)('a user that the system does not know runs it without HOME', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'runback.js'), '--help'], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
    uid: 54_321,
    gid: 54_321,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('Usage: runback');
});

/** Prints a sign for each line that it is sent, and for `later` what a script says that it has not needed before. */
const LASTING = `process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const line of text.trim().split('\\n')) process.stdout.write(line === 'later' ? require("./late.cjs").said : '.');
});
process.stdout.write('.');`;

test.each([
  [100, true],
  [3_600_000, false],
])('what works for longer than %i ms goes on when an update has put other scripts in place: %s', async (keepAfter, goesOn) => {
  await writeFile(join(folder, 'chunks', 'main.cjs'), LASTING);
  await writeFile(join(folder, 'chunks', 'late.cjs'), "exports.said = 'as it was';");
  const child = spawn(process.execPath, [join(folder, 'start.cjs')], { env: cleanEnv({ XDG_CACHE_HOME: caches, KEEP_AFTER: String(keepAfter) }) });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit');
  await expect.poll(() => said).toBe('.');
  await setTimeout(300);
  // Reading them takes some turns: answers to lines that come one by one are such turns.
  for (let n = 2; n < 40; n += 1) {
    child.stdin.write('line\n');
    await expect.poll(() => said).toHaveLength(n);
  }
  await rm(join(folder, 'chunks', 'late.cjs'));
  child.stdin.end('later\n');
  expect(await ended).toEqual([goesOn ? 0 : 1, null]);
  expect(said.endsWith('as it was')).toBe(goesOn);
});

test('an error says where in the script it happened', async () => {
  await writeFile(join(folder, 'chunks', 'main.cjs'), "exports.fails = () => { throw new Error('no'); }; exports.fails();");
  for (let times = 0; times < 2; times += 1) {
    const { stderr } = spawnSync(process.execPath, [join(folder, 'start.cjs')], { encoding: 'utf8', env: cleanEnv({ XDG_CACHE_HOME: caches }) });
    expect(stderr).toContain(`at exports.fails (${join(folder, 'chunks', 'main.cjs')}:1:31)`);
  }
});

test('the program itself: what is kept of one command is taken by its next run', async () => {
  const runback = (): void => {
    execFileSync(process.execPath, [join(dist, 'runback.js'), 'status'], { cwd: folder, stdio: 'ignore', env: cleanEnv({ XDG_CACHE_HOME: caches }) });
  };
  try {
    runback();
  } catch {
    // No workspace is here: it says so.
  }
  const builds = await readdir(join(caches, 'runback', 'compiled'));
  expect(builds).toHaveLength(1);
  const file = await kept(builds[0]);
  expect((await stat(file)).size).toBeGreaterThan(50_000);
});
