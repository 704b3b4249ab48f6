import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { leaveStandIns, startRun, undoRun } from '../../src/runbooks/index.js';
import { bench, rejection, runOf } from './support.js';

// A user would lose: what the programs of a runbook do to real systems, because somebody practised.

const touch = (file: string): string => `command: [sh, -c, 'touch "$1"', touch, ${JSON.stringify(file)}]`;

/** A server on this machine that counts what it is asked. */
async function counting(): Promise<{ readonly url: string; readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"from":"the server"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, seen };
}

test('in a workspace of a drill no step starts a program or sends a request, and the error says what allows it', async () => {
  const { deps, store, root, runbook, entries } = await bench();
  const { url, seen } = await counting();
  const file = join(root, 'touched');
  for (const [step, what, example] of [
    [touch(file), 'runs a program', 'stand_ins: { reach: { exit_code: 0, stdout: "" } }'],
    [`http: { method: POST, url: "${url}" }`, 'sends a request', 'stand_ins: { reach: { status: 200, body: {} } }'],
  ] as const) {
    const book = await runbook(`  - { id: reach, title: Reach, ${step}, effect: idempotent, undo: { none: x } }`);
    await leaveStandIns(store, book.id, {});
    const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
    expect(error.code).toBe('step-failed');
    const journal = JSON.stringify((await entries(runOf(error))).map(({ data }) => data));
    expect(journal).toContain(`Step reach ${what}, and this is a drill: it was not done`);
    expect(journal).toContain(JSON.stringify(example).slice(1, -1));
  }
  expect(existsSync(file)).toBe(false);
  expect(seen).toEqual([]);
});

test('what stands for a step is its answer for later steps, and the log says that it was not done', async () => {
  const { deps, store, root, runbook, entries } = await bench();
  const { url, seen } = await counting();
  const file = join(root, 'touched');
  const book = await runbook(`
  - { id: fill, title: Fill, ${touch(file)}, verify: steps.fill.json.filled == 12, undo: { none: x } }
  - { id: tell, title: Tell, http: { method: POST, url: "${url}" }, verify: steps.tell.body.ok && steps.tell.status == 202, undo: { none: x } }
  - { id: quiet, title: Quiet, http: { method: POST, url: "${url}" }, verify: steps.quiet.status == 200, undo: { none: x } }`);
  await leaveStandIns(store, book.id, { fill: { stdout: '{"filled":12}' }, tell: { status: 202, body: { ok: true } }, quiet: {} });
  const run = await startRun({ runbook: book, inputs: {}, by: 'maya' }, deps);
  expect(run.state).toBe('succeeded');
  expect([existsSync(file), seen]).toEqual([false, []]);
  const notes = (await entries(run.id)).filter(({ type }) => type === 'note').map(({ data }) => data['text']);
  expect(notes).toEqual(['Fill', 'Tell', 'Quiet'].map((title) => `a drill: "${title}" was not done, its answer is that of the drill`));
});

test.each([
  ['a program', '{ exit_code: 3 }', 'ended with status 3', { exit_code: 3 }],
  ['a server', '{ status: 503 }', 'answered 503', { status: 503 }],
])('%s that fails is rehearsed, too: %s', async (what, _, message, standIn) => {
  const { deps, store, runbook, entries } = await bench();
  const step = what === 'a program' ? 'command: [make]' : 'http: { method: POST, url: "http://crm.example.com/" }';
  const book = await runbook(`  - { id: reach, title: Reach, ${step}, undo: { none: x } }`);
  await leaveStandIns(store, book.id, { reach: standIn });
  const error = await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
  expect(JSON.stringify((await entries(runOf(error))).map(({ data }) => data))).toContain(message);
});

test('only what is real is done, and only for the runbook that the drill is for', async () => {
  const { deps, store, root, runbook } = await bench();
  const { url, seen } = await counting();
  const [one, two] = [join(root, 'one'), join(root, 'two')];
  const book = await runbook(`
  - { id: fill, title: Fill, ${touch(one)}, undo: { none: x } }
  - { id: tell, title: Tell, http: { method: POST, url: "${url}" }, verify: steps.tell.body.from == "the server", undo: { none: x } }
  - { id: other, title: Other, ${touch(two)}, undo: { none: x } }`);
  await leaveStandIns(store, book.id, { fill: 'real', tell: 'real', other: {} });
  expect((await startRun({ runbook: book, inputs: {}, by: 'maya' }, deps)).state).toBe('succeeded');
  expect([existsSync(one), existsSync(two), seen]).toEqual([true, false, ['/x']]);
  await leaveStandIns(store, 'another-runbook', { fill: 'real', tell: 'real', other: 'real' });
  await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps));
  expect([existsSync(two), seen]).toEqual([false, ['/x']]);
});

test('an undo reaches no further than its step', async () => {
  const { deps, store, root, runbook } = await bench();
  const [refused, stood] = [join(root, 'refused'), join(root, 'stood')];
  const book = await runbook(`
  - { id: stood, title: Stood, action: world.put, with: { name: a }, undo: { ${touch(stood)} } }
  - { id: stop, title: Stop, manual: x }`);
  await leaveStandIns(store, book.id, { stood: {} });
  const id = runOf(await rejection(startRun({ runbook: book, inputs: {}, by: 'maya' }, deps)));
  expect((await undoRun(id, { by: 'maya' }, deps)).state).toBe('undone');
  await leaveStandIns(store, book.id, {});
  const again = await runbook(`
  - { id: bare, title: Bare, action: world.put, with: { name: b }, undo: { ${touch(refused)} } }
  - { id: stop, title: Stop, manual: x }`);
  const other = runOf(await rejection(startRun({ runbook: again, inputs: {}, by: 'maya' }, deps)));
  const ended = await undoRun(other, { by: 'maya' }, deps).then(
    ({ state }) => state,
    () => 'stopped',
  );
  expect(ended).not.toBe('undone');
  expect([existsSync(refused), existsSync(stood)]).toEqual([false, false]);
});

test('a workspace that is none of a drill does what its runbooks say', async () => {
  const { deps, root, runbook } = await bench();
  const file = join(root, 'touched');
  await startRun({ runbook: await runbook(`  - { id: fill, title: Fill, ${touch(file)}, undo: { none: x } }`), inputs: {}, by: 'maya' }, deps);
  expect(existsSync(file)).toBe(true);
});
