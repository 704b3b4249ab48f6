import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it, onTestFinished, vi } from 'vitest';

import { RunbackError } from '../../src/lib/index.js';
import { HeldLease } from '../../src/store/held-lease.js';
import { openJourneyWorkspace } from '../checks/journeys/workspace.js';
import { openCanaryWorld, apiWrites } from '../monitors/canary/world.js';
import { httpSync, startIntegration } from '../syncs/harness.js';
import { type Finished, jsonLines } from './support/child.js';
import { inThisProcess } from './support/here.js';
import { openIntakeWorld } from './support/intake-world.js';
import { openStepsWorkspace } from './support/steps-workspace.js';
import { openWorkspace } from './support/workspace.js';

/** A user would lose: records, to a laptop that was asleep and writes on under a lock that a colleague has by now. */

/** From now on no lock of this process is held for certain, as after a lid that was closed: nothing may be sent. */
function loseAllLocks(): void {
  vi.spyOn(HeldLease.prototype, 'assertHeld').mockImplementation(() => {
    throw new RunbackError('fenced', 'its lock is lost', { state: 'Nothing more is done.' });
  });
}
afterEach(() => void vi.restoreAllMocks());

const run = async (dir: string, ...words: readonly string[]): Promise<Finished> => await inThisProcess([...words, '--no-input'], { cwd: dir });

/** Does a command with all locks lost. What it says is for who reads a failure. */
async function withoutLocks(dir: string, ...words: readonly string[]): Promise<string> {
  loseAllLocks();
  const { code, stdout, stderr } = await run(dir, ...words);
  vi.restoreAllMocks();
  expect(code, `${words.join(' ')}: ${stdout}${stderr}`).not.toBe(0);
  expect(stdout + stderr, 'it came as far as to a write').toContain('its lock is lost');
  return stdout + stderr;
}

it.each(['lifecycle', 'import', 'copies', 'trigger'])('test run %s: nothing is written without its lock', async (test) => {
  const workspace = await openStepsWorkspace();
  onTestFinished(async () => await workspace.close());
  const before = workspace.census();
  const said = await withoutLocks(workspace.dir, 'test', 'run', test);
  expect(workspace.census(), said).toEqual(before);
});

it('test cleanup: nothing is deleted without its lock, and all of it with it', async () => {
  const workspace = await openStepsWorkspace();
  onTestFinished(async () => await workspace.close());
  const before = workspace.census();
  const made = await run(workspace.dir, 'test', 'run', 'import');
  expect([0, 2], made.stdout + made.stderr).toContain(made.code);
  const there = workspace.census();
  expect(there).not.toEqual(before);
  const said = await withoutLocks(workspace.dir, 'test', 'cleanup');
  expect(workspace.census(), said).toEqual(there);
  const cleaned = await run(workspace.dir, 'test', 'cleanup', '--wait');
  expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
  expect(workspace.census()).toEqual(before);
});

it('a journey: nobody is made anywhere without its locks', async () => {
  const { dir, world, close } = await openJourneyWorkspace();
  onTestFinished(async () => await close());
  const before = world.census();
  const said = await withoutLocks(dir, 'test', 'run', 'b2b-webinar');
  expect(world.census(), said).toEqual(before);
});

it('a load test: not one byte of a submission is sent without its locks, and all are with them', async () => {
  const world = await openIntakeWorld();
  onTestFinished(async () => await world.close());
  await world.test({ load: '  count: 8\n  at_once: true', expect: '{ within: 10s }', settle: '10ms' });
  const before = world.addresses();
  let taken = 0;
  const { take } = world;
  world.take = (n, sent, response) => {
    taken += 1;
    take(n, sent, response);
  };
  const said = await withoutLocks(world.dir, 'test', 'run', 'signups');
  expect([taken, world.addresses()], said).toEqual([0, before]);
  const done = await run(world.dir, 'test', 'run', 'signups');
  expect([done.code, taken], done.stdout + done.stderr).toEqual([0, 8]);
});

it('sandbox data: no record is invented without the lock', async () => {
  const { dir, world, close } = await openStepsWorkspace();
  onTestFinished(async () => await close());
  const records = (): number => [...world.map.truth().records('contacts')].length;
  const before = records();
  const said = await withoutLocks(dir, 'sandbox', 'data', '--platform', 'hubspot', '--records', '3', '--taken');
  expect(records(), said).toBe(before);
});

it('sync pause and sync resume: no sync is changed without the lock of all syncs', async () => {
  const integration = await startIntegration();
  const dir = await mkdtemp(join(tmpdir(), 'runback-guarded-'));
  onTestFinished(async () => {
    await integration.close();
    await rm(dir, { recursive: true, force: true });
  });
  const { name, title: _title, options, controller } = httpSync('feed', integration.url);
  await writeFile(
    join(dir, 'runback.yml'),
    JSON.stringify({
      version: 1,
      platforms: { crm: { connector: 'hubspot', environment: 'sandbox', credentials: { token: 'env:T' } } },
      syncs: { [name]: { controller, writes_to: ['crm'], ...options } },
    }),
  );
  const said = await withoutLocks(dir, 'sync', 'pause', 'feed');
  expect([integration.state.paused, integration.state.pauses], said).toEqual([false, 0]);
  const paused = await run(dir, 'sync', 'pause', 'feed', '--json');
  const id = (jsonLines(paused.stdout).at(-1)?.['data'] as { readonly id?: string } | undefined)?.id;
  expect([paused.code, integration.state.paused], paused.stdout + paused.stderr).toEqual([0, true]);
  const kept = await withoutLocks(dir, 'sync', 'resume', String(id));
  expect([integration.state.paused, integration.state.resumes], kept).toEqual([true, 0]);
});

it('a canary: its text is not written without the lock', async () => {
  const world = await openCanaryWorld();
  onTestFinished(async () => await world.close());
  loseAllLocks();
  await world.run().catch(() => undefined);
  expect(apiWrites(world)).toEqual([]);
});

it('restore apply: nothing is written without the lock', async () => {
  const workspace = await openWorkspace(20);
  onTestFinished(async () => await workspace.close());
  const { dir } = workspace;
  for (const words of [['snapshot', 'create', '--platform', 'hubspot']]) expect((await run(dir, ...words)).code).toBe(0);
  workspace.damage(5);
  const planned = await run(dir, 'restore', 'plan', '--platform', 'hubspot', '--base', 'latest', '--json');
  const last = jsonLines(planned.stdout).at(-1) as { readonly data: { readonly id: string; readonly counts: { readonly records: number } } };
  const { id, counts } = last.data;
  const before = workspace.sandbox.writes().length;
  const said = await withoutLocks(dir, 'restore', 'apply', id, '--confirm', `sandbox:${String(counts.records)}`);
  expect(workspace.sandbox.writes().length, said).toBe(before);
});

const RUNBOOK = (url: string): string => `version: 1
id: tell-it
title: Tell the tool
severities: [sev3]
symptoms: [A value looks wrong]
inputs: {}
steps:
  - id: tell
    title: Tell the tool
    http: { method: POST, url: "${url}/told" }
    effect: idempotent
  - id: program
    title: Run a program
    command: [touch, made]
    effect: idempotent
`;

it('runbook run: a step that sends a request or starts a program does neither without the lease of its run', async () => {
  let told = 0;
  const server = createServer((_, response) => {
    told += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const dir = await mkdtemp(join(tmpdir(), 'runback-guarded-'));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true, force: true });
  });
  await mkdir(join(dir, 'runbooks'));
  await writeFile(join(dir, 'runback.yml'), 'version: 1\nplatforms: {}\n');
  await writeFile(join(dir, 'runbooks', 'tell-it.yml'), RUNBOOK(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`));
  const said = await withoutLocks(dir, 'runbook', 'run', 'tell-it', '--incident', 'none');
  expect(told, said).toBe(0);
  const done = await run(dir, 'runbook', 'run', 'tell-it', '--incident', 'none');
  expect([done.code, told], done.stdout + done.stderr).toEqual([0, 1]);
});
