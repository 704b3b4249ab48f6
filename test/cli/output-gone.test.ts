import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { temporaryFolder } from '../support/store.js';
import { cleanEnv, program, runback } from './support/child.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** A workspace whose runbook does three things, the first one when `go` is there. */
async function workspace(): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'runback.yml'), 'version: 1\n');
  const step = (id: string, script: string): string =>
    `  - { id: ${id}, title: Step ${id}, command: [sh, -c, ${JSON.stringify(script)}], undo: { none: test } }\n`;
  const steps =
    step('one', 'touch begun; while [ ! -e go ]; do sleep 0.05; done') + step('two', 'echo two >> did.log') + step('three', 'echo three >> did.log');
  await writeFile(join(cwd, 'long.yml'), `version: 1\nid: long\ntitle: Three programs\nsteps:\n${steps}`);
  return cwd;
}

function start(cwd: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function logged(cwd: string): Promise<string> {
  const dir = join(cwd, '.runback', 'logs');
  return (await Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name), 'utf8')))).join('');
}

describe('whoever reads the output goes away', () => {
  test.each([
    ['standard output', ['--json'], 'stdout'],
    ['standard error', [], 'stderr'],
  ] as const)('%s of a run: the run goes on to its end, and its exit status says how that went', async (_, flags, name) => {
    const cwd = await workspace();
    const child = start(cwd, ['runbook', 'run', './long.yml', '--no-input', ...flags]);
    const ended = once(child, 'exit');
    await until(() => existsSync(join(cwd, 'begun')));
    child[name]?.destroy();
    child[name === 'stdout' ? 'stderr' : 'stdout']?.resume();
    await writeFile(join(cwd, 'go'), '');
    expect((await ended)[0]).toBe(0);
    expect(await readFile(join(cwd, 'did.log'), 'utf8')).toBe('two\nthree\n');
    expect(await logged(cwd)).toContain(`${name} can no longer be written to (EPIPE)`);
  });

  test('both of a daemon: it lives, and does what is due', async () => {
    const cwd = await workspace();
    const policy = `version: 1
people: { a: { name: Ann, contact: [] } }
channels: { ops: { type: command, run: [touch, paged] } }
severities: { sev1: { means: bad, policy: p } }
policies: { p: { levels: [{ notify: ["channel:ops"], ack_within: 5m }] } }
`;
    await writeFile(join(cwd, 'escalation.yml'), policy);
    const child = start(cwd, ['daemon', '--port', '0']);
    await once(child.stderr ?? child, 'data');
    child.stdout?.destroy();
    child.stderr?.destroy();
    // It has something to say now, twice.
    await writeFile(join(cwd, 'escalation.yml'), `${policy}broken: [`);
    while (!(await logged(cwd)).includes('stderr can no longer be written to')) await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(join(cwd, 'escalation.yml'), policy);
    await runback(['incident', 'open', 'Late', '--severity', 'sev1', '--no-input'], { cwd });
    await until(() => existsSync(join(cwd, 'paged')));
    expect(child.exitCode).toBe(null);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });

  test('help is no error either', async () => {
    for (const args of [['--help'], ['runbook', '--help'], ['completion', 'bash']]) {
      const child = start(await temporaryFolder(), args);
      child.stdout?.destroy();
      expect([args, await once(child, 'exit')]).toEqual([args, [0, null]]);
    }
  });
});

test.skipIf(!existsSync('/dev/full'))('what was printed onto a full disk is lost, and the exit status says so', async () => {
  const full = openSync('/dev/full', 'w');
  try {
    const child = spawn(process.execPath, [program, 'completion', 'bash'], { env: cleanEnv(), stdio: ['ignore', full, 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(3);
    expect(said).toContain('No room left while writing the standard output');
  } finally {
    closeSync(full);
  }
});
