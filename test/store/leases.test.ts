import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { lifeOf, startByPs, type ProcessIdentity } from '../../src/store/files/process-identity.js';
import { openFileStore } from '../../src/store/index.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';
import { holderIn } from './support.js';

/** A user would lose: the platform to two writers at once, or a lock for ever to a process that is gone. */

const lee = { by: 'lee', holder: 'run-2', purpose: 'a restore' };

describe('whether a process is there', () => {
  const here: ProcessIdentity = { pid: 7, host: 'ws', machine: 'm', boot: 'b', namespace: 'n', started: '10' };
  const look = (started: string | undefined, exists = true): Parameters<typeof lifeOf>[2] => ({ exists: () => exists, startOf: () => started });

  test.each([
    ['its number and its start are those of a process', {}, '10', true, 'alive'],
    ['no process has its number', {}, undefined, false, 'dead'],
    ['its number was given to another process', {}, '99', true, 'dead'],
    ['it is a zombie', {}, 'ended', true, 'dead'],
    ['another host', { host: 'other' }, '10', false, 'unknown'],
    ['the same host name, another boot: a clone, a container, or before a restart', { boot: 'other' }, '10', false, 'unknown'],
    ['the same host name and boot id, another machine', { machine: 'other' }, '10', false, 'unknown'],
    ['another container of this machine', { namespace: 'other' }, '10', true, 'unknown'],
    ['its number is in use, and nothing tells the start: macOS without ps', {}, undefined, true, 'unknown'],
    ['its number is in use, and nobody noted its start', { started: undefined }, '10', true, 'unknown'],
    [
      'nothing but number and host was noted, and no process has the number',
      { machine: undefined, boot: undefined, namespace: undefined },
      undefined,
      false,
      'dead',
    ],
    ['what a power cut leaves', { pid: 0, host: 'other' }, undefined, false, 'dead'],
  ] as const)('%s', (_why, change, started, exists, life) => {
    const holder = Object.fromEntries(
      Object.entries({ ...here, ...change }).filter(([, value]) => value !== undefined),
    ) as unknown as ProcessIdentity;
    expect(lifeOf(holder, here, look(started, exists))).toBe(life);
  });

  test('without /proc, ps tells one process from the next with its number', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const started = startByPs(child.pid ?? 0);
    expect(started).toMatch(/^\w{3} \w{3} \d+ \d\d:\d\d:\d\d \d{4}$/u);
    expect(startByPs(child.pid ?? 0)).toBe(started);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(() => startByPs(child.pid ?? 0)).toThrow(/Command failed/u);
  });
});

test('a lock of an earlier version, which has no lease, passes from this host as it did, and from another one only on the word of a person', async () => {
  const { store, dir } = await temporaryStore();
  await (await store.lock('platform-crm', lee)).release();
  const path = join(dir, 'locks', 'platform-crm.lock');
  const old = {
    by: 'maya',
    holder: 'run-1',
    purpose: 'a test',
    since: '2026-11-22T16:47:33.000Z',
    pid: 999_999_999,
    host: hostname(),
    boot: 'an earlier one',
    token: 'x',
  };
  await writeFile(path, JSON.stringify(old));
  const own = await store.lock('platform-crm', lee, { breakDead: true, lapse: true });
  expect(own.broke).toMatchObject({ holder: 'run-1' });
  await own.release();
  await writeFile(path, JSON.stringify({ ...old, host: 'another-machine' }));
  await expect(store.lock('platform-crm', lee, { breakDead: true, lapse: true })).rejects.toMatchObject({ code: 'locked' });
  await (await store.lock('platform-crm', lee, { breakDead: true, lapse: true, endedBySay: true })).release();
  await expect(readFile(path, 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a machine that is paused with all that is on it takes no lock from a holder that lives', async () => {
  const dir = join(await temporaryFolder(), '.runback');
  const leaseMs = 3000;
  const holder = await holderIn(dir, 'elsewhere', ['platform-crm'], leaseMs);
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  const taking = store.lock('platform-crm', lee, { breakDead: true, lapse: true }).then(
    () => 'taken',
    (error: unknown) => error,
  );
  // Its watch has begun.
  await pause(200);
  holder.stop();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs + 200);
  holder.goOn();
  expect(await taking).toMatchObject({ code: 'locked' });
  expect(await holder.ask('check')).toBe('ok');
  await holder.kill();
});
