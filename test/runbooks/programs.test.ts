import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { isRunbackError, membersOf } from '../../src/lib/index.js';
import { resumeRun, startRun } from '../../src/runbooks/index.js';
import { cleanEnv, program, runback } from '../cli/support/child.js';
import { temporaryFolder } from '../support/store.js';
import { bench, type Bench, rejection, runOf, Watcher } from './support.js';

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};
const shell = (script: string, more = ''): string =>
  `  - { id: a, title: A, command: [sh, -c, ${JSON.stringify(script)}], undo: { none: test }${more === '' ? '' : `, ${more}`} }`;
const lines = async (world: Bench, name: string): Promise<string[]> =>
  (await readFile(join(world.root, name), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const pidIn = (folder: string): string => readFileSync(join(folder, 'pids'), 'utf8').trim();

/** Whether a process works; one that has ended and waits for init to notice does not. */
const works = (pid: string): boolean => {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Every try says whether an earlier one is still running. */
const LOOK = 'for pid in $(cat pids 2>/dev/null); do grep -q "^State:.*[RSD] " /proc/$pid/status 2>/dev/null && echo $pid >> beside; done';
/** And then works for longer than any test waits. */
const ONE_AT_A_TIME = `${LOOK}; sleep 300 & echo $! >> pids; wait`;

describe.skipIf(process.platform !== 'linux')('a step that runs a program', () => {
  test('over its time it is ended with all it started, before it is tried again', async () => {
    const world = await bench();
    const book = await world.runbook(shell(ONE_AT_A_TIME, 'effect: idempotent, timeout: 1m, retry: { attempts: 2, backoff: 1s, on: [any] }'));
    const run = rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps));
    for (let tries = 1; tries <= 2; tries += 1) {
      while ((await lines(world, 'pids')).length < tries) {
        await world.clock.someoneSleeps();
        // The wait before the second try.
        if (tries === 2) world.clock.advance(1000);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      world.clock.advance(60_000);
    }
    const error = await run;
    expect(error.code).toBe('step-timeout');
    expect(await lines(world, 'pids')).toHaveLength(2);
    expect(await lines(world, 'beside')).toEqual([]);
    await until(() => membersOf({ mark: `RUNBACK_IDEMPOTENCY_KEY=${runOf(error)}/a/1` }).length === 0);
  });

  test('what a killed run left at work is ended before the run goes on, so that no two tries work at once', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'runback.yml'), 'version: 1\n');
    await writeFile(
      join(cwd, 'slow.yml'),
      `version: 1\nid: slow\ntitle: Slow\nsteps:\n${shell(`if [ -e pids ]; then ${LOOK}; exit 0; fi; ${ONE_AT_A_TIME}`, 'effect: idempotent')}\n`,
    );
    const first = spawn(process.execPath, [program, 'runbook', 'run', './slow.yml', '--no-input'], { cwd, env: cleanEnv(), stdio: 'ignore' });
    await until(() => existsSync(join(cwd, 'pids')));
    first.kill('SIGKILL');
    await once(first, 'exit');
    const resumed = await runback(['runbook', 'resume', '--no-input'], { cwd });
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain('was ended first');
    expect(existsSync(join(cwd, 'beside'))).toBe(false);
    expect(works(pidIn(cwd))).toBe(false);
  });

  test('stopped by a person it is ended, stays open and is done when the run goes on', async () => {
    const world = await bench();
    const stop = new AbortController();
    const book = await world.runbook(shell('if [ -e pids ]; then exit 0; fi; sleep 300 & echo $! >> pids; wait', 'effect: idempotent'));
    const run = rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps, { stop: stop.signal }));
    await until(() => existsSync(join(world.root, 'pids')));
    stop.abort();
    const error = await run;
    expect(error.code).toBe('interrupted');
    expect(works(pidIn(world.root))).toBe(false);
    expect((await resumeRun(runOf(error), { by: 'maya' }, world.deps)).state).toBe('succeeded');
  });

  test('it is done when the program itself has ended; what it leaves at work is told, in the journal too', async () => {
    const world = await bench();
    const notes: string[] = [];
    const watcher = new Watcher();
    const observer = Object.assign(watcher, { reporter: { ...watcher.reporter, note: (text: string) => notes.push(text) } });
    const book = await world.runbook(shell('sleep 300 & echo $! > pids; echo done'));
    const run = await startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps, { observer });
    process.kill(Number(pidIn(world.root)), 'SIGKILL');
    expect(run).toMatchObject({ state: 'succeeded', steps: [{ outputs: { stdout: 'done' } }] });
    expect(notes.join()).toContain('left a process still running');
    expect(JSON.stringify(await world.entries(run.id))).toContain('left a process still running');
  });
});

describe('the output of a program', () => {
  test('up to a mebibyte is handed on whole, and more is an error and never a part of it', async () => {
    const world = await bench();
    const print = (kib: number): string =>
      `  - { id: a, title: A, command: [${process.execPath}, -e, "console.log(JSON.stringify('x'.repeat(${kib} * 1024)))"], effect: read }`;
    const run = await startRun({ runbook: await world.runbook(print(1000)), inputs: {}, by: 'maya' }, world.deps);
    expect(String(run.steps[0]?.outputs['json'])).toHaveLength(1000 * 1024);
    const failed = await rejection(startRun({ runbook: await world.runbook(print(1100)), inputs: {}, by: 'maya' }, world.deps));
    expect(JSON.stringify((await world.entries(runOf(failed))).at(-2)?.data)).toMatch(/printed more than 1 MiB.*what it does is done/);
  });

  test('is JSON also where a secret in it had to be hidden', async () => {
    const world = await bench({ environment: { TOKEN: '4711471147' } });
    const script = 'console.log(JSON.stringify({ token: Number(process.env.TOKEN), text: "of " + process.env.TOKEN }))';
    const book = await world.runbook(
      `  - { id: a, title: A, command: [${process.execPath}, -e, ${JSON.stringify(script)}], env: { TOKEN: "env:TOKEN" }, effect: read }`,
    );
    const run = await startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps);
    expect(run.steps[0]?.outputs['json']).toEqual({ token: '[redacted]', text: 'of [redacted]' });
  });

  test('that is shown after a failure is redacted before it is shortened: no half of a token stays', async () => {
    const token = `tok_${'abcdefghij'.repeat(6)}`;
    const world = await bench({ environment: { TOKEN: token } });
    // The shown part begins in the middle of the token, wherever the cut is made.
    const script = `process.stderr.write(process.env.TOKEN + 'x'.repeat(${2000 - 20})); process.exit(1)`;
    const book = await world.runbook(
      `  - { id: a, title: A, command: [${process.execPath}, -e, ${JSON.stringify(script)}], env: { TOKEN: "env:TOKEN" }, effect: read }`,
    );
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps));
    const journal = JSON.stringify(await world.entries(runOf(error)));
    expect(journal).toContain('xxxx');
    expect(journal).not.toContain(token.slice(-15));
  });
});

describe('a value that looks like a reference is a value (G25)', () => {
  const canary = 'canary-5d1e';
  const echo = 'console.log(JSON.stringify(process.env))';
  const step = (env: string): string =>
    `  - { id: a, title: A, command: [${process.execPath}, -e, ${JSON.stringify(echo)}], env: ${env}, effect: read }`;
  const inputs = 'inputs: { word: { type: string, prompt: W } }';

  test.each(['env:TOKEN', 'command:touch ran', 'file:secret.txt', 'keychain:token'])('%s in an input reaches a program as it is', async (word) => {
    const world = await bench({ environment: { TOKEN: canary } });
    await writeFile(join(world.root, 'secret.txt'), canary, { mode: 0o600 });
    const book = await world.runbook(step('{ OWNER: "${{ inputs.word }}", TOKEN: "env:TOKEN" }'), inputs);
    const run = await startRun({ runbook: book, inputs: { word }, by: 'maya' }, world.deps);
    expect(run.steps[0]?.outputs['json']).toMatchObject({ OWNER: word, TOKEN: '[redacted]' });
    expect(existsSync(join(world.root, 'ran'))).toBe(false);
  });

  test('a reference with an expression in it is none, and lint says so', async () => {
    const world = await bench({ environment: { TOKEN: canary } });
    const book = await world.runbook(step('{ OWNER: "env:${{ inputs.word }}" }'), inputs);
    const run = await startRun({ runbook: book, inputs: { word: 'TOKEN' }, by: 'maya' }, world.deps);
    expect(run.steps[0]?.outputs['json']).toMatchObject({ OWNER: 'env:TOKEN' });
    const { lintRunbook } = await import('../../src/runbooks/document/lint.js');
    expect(lintRunbook(book)).toContainEqual(expect.objectContaining({ rule: 'reference-built', severity: 'error', line: 6 }));
  });

  test('also in the undo of a step, from the journal, after another process took the run up', async () => {
    const world = await bench({ environment: { TOKEN: canary } });
    const undo = `sh -c 'echo "$OWNER $TOKEN" > undone'`;
    const book = await world.runbook(
      `  - id: a
    title: A
    command: [sh, -c, "echo command:touch ran"]
    undo: { command: [sh, -c, ${JSON.stringify(undo)}], env: { OWNER: "\${{ steps.a.stdout }}", TOKEN: "env:TOKEN" } }
  - { id: b, title: B, command: ["false"], undo: { none: x } }`,
    );
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, world.deps));
    expect(isRunbackError(error)).toBe(true);
    const { undoRun } = await import('../../src/runbooks/index.js');
    expect((await undoRun(runOf(error), { by: 'lee' }, world.deps)).state).toBe('undone');
    expect(await readFile(join(world.root, 'undone'), 'utf8')).toBe(`command:touch ran ${canary}\n`);
    expect(existsSync(join(world.root, 'ran'))).toBe(false);
  });

  test('and so does one in a header of an http step', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const world = await bench({ environment: { TOKEN: canary } });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
      const headers = '{ X-Owner: "${{ inputs.word }}", X-Token: "env:TOKEN" }';
      const book = await world.runbook(`  - { id: a, title: A, http: { method: GET, url: "${url}", headers: ${headers} }, effect: read }`, inputs);
      await startRun({ runbook: book, inputs: { word: 'env:TOKEN' }, by: 'maya' }, world.deps);
      expect(seen[0]).toMatchObject({ 'x-owner': 'env:TOKEN', 'x-token': canary });
    } finally {
      server.close();
    }
  });
});

test('an http step sends no secret to another machine without encryption', async () => {
  const world = await bench({ environment: { TOKEN: 'canary' } });
  for (const headers of ['{ X-Key: "env:TOKEN" }', '{ Authorization: "Bearer ${{ inputs.word }}" }']) {
    const step = `  - { id: a, title: A, http: { method: GET, url: "http://crm.example.com/", headers: ${headers} }, effect: read }`;
    const book = await world.runbook(step, 'inputs: { word: { type: string, prompt: W } }');
    const error = await rejection(startRun({ runbook: book, inputs: { word: 'x' }, by: 'maya' }, world.deps));
    expect(JSON.stringify((await world.entries(runOf(error))).map(({ data }) => data))).toContain('is not sent a secret without encryption');
  }
});

test('a header whose name only begins like one that holds a secret goes without encryption', async () => {
  const seen: unknown[] = [];
  // Requests to another machine go through this one.
  const proxy = createServer((request, response) => {
    seen.push([request.url, request.headers['cookie-policy']]);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    const world = await bench({ environment: { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } });
    const step = (name: string): string =>
      `  - { id: a, title: A, http: { method: GET, url: "http://crm.example.com/x", headers: { ${name}: strict } }, effect: read }`;
    await startRun({ runbook: await world.runbook(step('Cookie-Policy')), inputs: {}, by: 'maya' }, world.deps);
    await rejection(startRun({ runbook: await world.runbook(step('Cookie')), inputs: {}, by: 'maya' }, world.deps));
    expect(seen).toEqual([['http://crm.example.com/x', 'strict']]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test('what an http step is refused with is redacted before it is shortened', async () => {
  const token = `tok_${'abcdefghij'.repeat(5)}`;
  const server = createServer((_, response) => response.writeHead(400).end(JSON.stringify({ m: 'x'.repeat(460) + token }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const world = await bench({ environment: { TOKEN: token } });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const step = `  - { id: a, title: A, http: { method: GET, url: "${url}", headers: { X-Key: "env:TOKEN" } }, effect: read }`;
    const error = await rejection(startRun({ runbook: await world.runbook(step), inputs: {}, by: 'maya' }, world.deps));
    const journal = JSON.stringify((await world.entries(runOf(error))).map(({ data }) => data));
    expect(journal).toContain('xxxx');
    expect(journal).not.toContain(token.slice(0, 12));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
