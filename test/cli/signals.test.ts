import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { asRunbackError } from '../../src/cli/views/error.js';
import { isAlive } from '../support/alive.js';
import { temporaryFolder } from '../support/store.js';
import { cleanEnv, program, runback } from './support/child.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** Begins a run whose first step waits for a file `go`, and tells of itself in files. */
async function begun(): Promise<{ readonly cwd: string; readonly child: ChildProcess; readonly said: () => string; readonly step: number }> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'runback.yml'), 'version: 1\n');
  const script = 'echo $$ > pid.new; mv pid.new pid; while [ ! -e go ]; do sleep 0.05; done; echo whole >> did.log';
  const steps = [script, 'echo next >> did.log'].map(
    (text, i) => `  - { id: s${i}, title: Step ${i}, command: [sh, -c, ${JSON.stringify(text)}], undo: { none: test } }\n`,
  );
  await writeFile(join(cwd, 'long.yml'), `version: 1\nid: long\ntitle: Two programs\nsteps:\n${steps.join('')}`);
  const child = spawn(process.execPath, [program, 'runbook', 'run', './long.yml', '--no-input'], {
    cwd,
    env: cleanEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => existsSync(join(cwd, 'pid')));
  return { cwd, child, said: () => said, step: Number(readFileSync(join(cwd, 'pid'), 'utf8')) };
}

describe.skipIf(process.platform === 'win32')('signals while a program of a runbook is at work', () => {
  test.skipIf(process.platform !== 'linux')('whoever comes second is told that the first was stopped, and how it is continued', async () => {
    const { cwd, child } = await begun();
    const run = (await runback(['status', '--json'], { cwd })).stdout;
    const id = /run-[\da-z-]+/u.exec(run)?.[0] ?? '';
    child.kill('SIGSTOP');
    await until(() => /\) T /u.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
    const second = await runback(['runbook', 'resume', id, '--no-input'], { cwd });
    expect(second.code).toBe(11);
    expect(second.stderr.replaceAll(/\s+/gu, ' ')).toMatch(
      new RegExp(`Process ${child.pid} .* was stopped \\(Ctrl-Z\\).*kill -CONT ${child.pid}`, 'u'),
    );
    child.kill('SIGCONT');
    const ended = once(child, 'close');
    await writeFile(join(cwd, 'go'), '');
    expect(await ended).toEqual([0, null]);
  });

  test('SIGQUIT (Ctrl-\\) ends at once, with the program', async () => {
    const { child, said, step } = await begun();
    const ended = once(child, 'close');
    child.kill('SIGQUIT');
    expect(await ended).toEqual([130, null]);
    expect(said()).toContain('Stopped at once. Everything that was started is journaled.');
    await until(() => !isAlive(step));
  });

  test.each(['SIGHUP', 'SIGTERM', 'SIGINT'] as const)(
    'a terminal that closes sends more than one SIGHUP, also after %s: the step ends whole',
    async (first) => {
      const { cwd, child, said } = await begun();
      const ended = once(child, 'close');
      child.kill(first);
      await until(() => said().includes('Stopping after this batch'));
      child.kill('SIGHUP');
      child.kill('SIGHUP');
      await writeFile(join(cwd, 'go'), '');
      expect(await ended).toEqual([130, null]);
      expect(said()).toContain('runback runbook resume');
      expect(said()).not.toContain('Stopped at once');
      expect(readFileSync(join(cwd, 'did.log'), 'utf8')).toBe('whole\n');
    },
  );
});

test.skipIf(process.platform === 'win32')('a current folder that was deleted is told, with what to do', async () => {
  const cwd = await temporaryFolder();
  const there = (...args: string[]): ReturnType<typeof spawnSync> & { readonly stderr: string } =>
    spawnSync('sh', ['-c', 'mkdir gone; cd gone; rmdir ../gone; exec "$0" "$@"', process.execPath, program, ...args], {
      cwd,
      encoding: 'utf8',
      env: cleanEnv(),
    });
  for (const args of [['status'], ['doctor', '--workspace', cwd], ['init']]) {
    const { status, stderr } = there(...args);
    expect([args, status, stderr]).toEqual([
      args,
      10,
      expect.stringMatching(/The current folder no longer exists[^]*Nothing was started[^]*workspace-missing/u),
    ]);
  }
  expect(there('status', '--help').status).toBe(0);
});

test.each(['EMFILE', 'ENFILE'])('too many open files (%s) are told as that, not as a bug', (code) => {
  const error = asRunbackError(Object.assign(new Error(`${code}: too many open files, open '/x/y'`), { code, path: '/x/y' }), undefined);
  expect(error).toMatchObject({ code: 'disk-denied', message: 'Cannot open /x/y: too many files are open already', exitCode: 3 });
  expect(error.next).toContain('ulimit -n');
});
