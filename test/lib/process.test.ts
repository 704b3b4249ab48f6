import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { membersOf, type ProgramOptions, runProgram } from '../../src/lib/index.js';

let dir = '';
/** Names what a test started, so that it can ask what is still there. */
let mark = '';
let count = 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'runback-process-'));
  mark = `RUNBACK_TEST_MARK=${String(process.pid)}-${String((count += 1))}`;
});
afterEach(async () => {
  for (const pid of alive()) process.kill(pid, 'SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const alive = (): number[] => membersOf({ mark });
const run = (argv: readonly string[], more: Partial<ProgramOptions> = {}) => {
  const [name = '', value = ''] = mark.split('=');
  return runProgram(argv, { cwd: dir, env: { PATH: process.env['PATH'] ?? '', [name]: value }, ...more });
};
const sh = (script: string, more: Partial<ProgramOptions> = {}) => run(['sh', '-c', script], more);
const node = (script: string, more: Partial<ProgramOptions> = {}) => run([process.execPath, '-e', script], more);

// Only there can a test find what is left.
describe.skipIf(process.platform !== 'linux')('what a program started is ended with it', () => {
  // Each would go on for minutes: longer than any machine is slow.
  it.each([
    ['a child in a pipe', 'sleep 300 | cat'],
    ['a program in the background', 'sleep 300 & wait'],
    ['one that does not listen to SIGTERM', "trap '' TERM; sleep 300 & wait; sleep 300"],
    ['a group of its own', 'set -m; sleep 300 & wait'],
    ['a session of its own', 'setsid sleep 300 & wait'],
  ])('when its time is over: %s', async (_, script) => {
    const end = await sh(script, { timeoutMs: 300 });
    expect(end).toMatchObject({ state: 'timed-out', running: 0 });
    expect(membersOf({ mark })).toEqual([]);
  });

  it('also what has become a daemon, where the program carries a mark', async () => {
    const end = await sh('(setsid sh -c "sleep 300" >/dev/null 2>&1 &) ; sleep 300', { timeoutMs: 500, mark });
    expect(end).toMatchObject({ state: 'timed-out', running: 0 });
    expect(alive()).toEqual([]);
  });

  it('when somebody aborts', async () => {
    const controller = new AbortController();
    const going = sh('echo begun >&2; sleep 300 | cat', { signal: controller.signal });
    while (alive().length < 3) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    expect(await going).toMatchObject({ state: 'aborted', running: 0 });
    expect(alive()).toEqual([]);
  });

  it('when it fails itself', async () => {
    const end = await sh('sleep 300 & exit 3');
    expect(end).toMatchObject({ state: 'exited', status: 3 });
    expect(alive()).toEqual([]);
  });

  it('when this process ends first', async () => {
    const lib = new URL('../../dist/lib/index.js', import.meta.url).href;
    const [name = '', value = ''] = mark.split('=');
    const script = `import(${JSON.stringify(lib)}).then(({ runProgram, membersOf }) => {
      void runProgram(['sh', '-c', "trap '' TERM; sleep 300 & sleep 300"], { cwd: '.', env: { PATH: process.env.PATH, ${name}: '${value}' } });
      const look = () => (membersOf({ mark: '${mark}' }).length < 3 ? setTimeout(look, 5) : process.exit(7));
      look();
    })`;
    expect(await runProgram([process.execPath, '-e', script], { cwd: dir, env: { PATH: process.env['PATH'] ?? '' } })).toMatchObject({ status: 7 });
    expect(alive()).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('it is over when the program itself has ended', () => {
  it('not when what it left at work ends; that is left alone after status 0, and counted', async () => {
    const end = await sh('echo done; sleep 300 & exit 0');
    expect(end).toMatchObject({ state: 'exited', status: 0, stdout: 'done\n', running: 1 });
    expect(alive()).toHaveLength(1);
  });

  it('unless nothing may be left', async () => {
    expect(await sh('sleep 300 & exit 0', { endLeftovers: true })).toMatchObject({ status: 0, running: 0 });
    expect(alive()).toEqual([]);
  });

  it('and everything it printed was read, also beside a child that holds its output', async () => {
    const end = await node(
      "process.stdout.write('x'.repeat(700_000)); require('child_process').spawn('sleep', ['300'], { stdio: 'inherit' }).unref()",
    );
    expect(end).toMatchObject({ state: 'exited', status: 0, outputCut: false });
    expect('stdout' in end && end.stdout.length).toBe(700_000);
  });

  it('an end that is already there goes before a time limit that this process notices late', async () => {
    const began = performance.now();
    const going = sh('touch ended', { timeoutMs: 150 });
    // A busy machine: nothing of ours runs until both have come.
    while (performance.now() < began + 200 || !existsSync(join(dir, 'ended')) || alive().length > 0);
    expect(await going).toMatchObject({ state: 'exited', status: 0 });
  });
});

describe('output', () => {
  it('beyond the limit is dropped and told, and the program is not held up', async () => {
    const end = await node("for (let i = 0; i < 3000; i++) console.log(String(i).padStart(9, '0'))", { maxOutputBytes: 15_005 });
    expect(end).toMatchObject({ state: 'exited', status: 0, outputCut: true });
    // Whole lines: half a line may end in half a secret.
    expect('stdout' in end && end.stdout.endsWith('000001499\n')).toBe(true);
  });

  it('exactly at the limit is whole', async () => {
    expect(await sh('printf 12345', { maxOutputBytes: 5 })).toMatchObject({ stdout: '12345', outputCut: false });
  });

  it('of errors is kept to its end, from a whole line on', async () => {
    const end = await node("for (let i = 0; i < 30_000; i++) console.error('token-' + String(i).padStart(9, '0'))");
    const lines = 'stderr' in end ? end.stderr.trim().split('\n') : [];
    expect(lines.at(-1)).toBe('token-000029999');
    expect(lines[0]).toMatch(/^token-\d{9}$/);
    expect(lines.length).toBeGreaterThan(1000);
  });
});

describe('other ends', () => {
  it('a program that is not there, not allowed, or has arguments that no system takes never starts', async () => {
    await writeFile(join(dir, 'plain.txt'), 'no program', { mode: 0o600 });
    for (const argv of [['no-such-program-here'], [join(dir, 'plain.txt')], ['true', 'a\0b'], ['true', 'x'.repeat(4 << 20)]])
      expect(await run(argv)).toMatchObject({ state: 'not-started' });
  });

  it('a signal of somebody else is named', async () => {
    expect(await sh('kill -9 $$')).toMatchObject({ state: 'signalled', signal: 'SIGKILL' });
  });

  it('nothing starts where the work was called off before', async () => {
    expect(await sh('touch started', { signal: AbortSignal.abort(new Error('no')) })).toMatchObject({ state: 'aborted' });
    await expect(readFile(join(dir, 'started'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('input that nobody reads is no trouble', async () => {
    expect(await sh('exit 0', { input: 'x'.repeat(1 << 20) })).toMatchObject({ state: 'exited', status: 0 });
    expect(await run(['cat'], { input: 'hello' })).toMatchObject({ stdout: 'hello' });
  });
});
