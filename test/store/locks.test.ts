import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { builtModule, supportScript } from '../support/crash.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

const maya = { by: 'maya', holder: 'run-20261122-1', purpose: 'restore of crm' };
const lee = { by: 'lee', holder: 'run-20261122-2', purpose: 'restore of crm' };

/** A child that holds the lock `platform-crm` and the journal `run-1`, and is inside an update of a document, until it is ended. */
async function holder(dir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [supportScript('store-holder.mjs'), builtModule('store/index.js'), builtModule('lib/index.js'), dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  expect(text.toString()).toBe('holding\n');
  return child;
}

test('a second run is told who holds the platform, since when, and what to do (G5)', async () => {
  let now = Date.parse('2026-11-22T16:47:33Z');
  const clock: Clock = { ...systemClock, now: () => new Date(now) };
  const { store } = await temporaryStore(clock);
  const lock = await store.lock('platform-crm', maya);
  now += 252_000;
  const refused = await store.lock('platform-crm', lee, { breakDead: true }).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'locked',
    exitCode: 11,
    message: 'platform-crm is held by maya for restore of crm (run-20261122-1) since 2026-11-22 16:47:33 UTC (4m 12s ago)',
    data: { holder: 'run-20261122-1', by: 'maya', since: '2026-11-22T16:47:33.000Z', pid: process.pid, purpose: 'restore of crm', alive: true },
  });
  expect(await store.lockHolder('platform-crm')).toMatchObject({ ...maya, alive: true });
  await lock.release();
  expect(await store.lockHolder('platform-crm')).toBeUndefined();
  const next = await store.lock('platform-crm', lee);
  expect(next.broke).toBeUndefined();
  await next.release();
});

test('a lock of a killed process is broken only when asked for, and the caller learns whose it was (G5)', async () => {
  const { store, dir } = await temporaryStore();
  const child = await holder(dir);
  await expect(store.lock('platform-crm', lee, { breakDead: true })).rejects.toMatchObject({ code: 'locked', data: { alive: true } });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(store.lock('platform-crm', lee)).rejects.toMatchObject({
    code: 'locked',
    data: { alive: false, pid: child.pid },
    // Which command goes on with that work is not for the store to know.
    next: undefined,
  });
  await expect(store.lock('platform-crm', lee, { breakDead: (dead) => Promise.resolve(dead.holder === 'run-2') })).rejects.toMatchObject({
    code: 'locked',
  });
  expect(await store.locks()).toMatchObject([{ name: 'platform-crm', holder: 'run-1', alive: false }]);
  const lock = await store.lock('platform-crm', lee, { breakDead: true });
  expect(lock.broke).toMatchObject({ by: 'maya', holder: 'run-1', pid: child.pid, alive: false });
  await expect(store.lock('platform-crm', maya, { breakDead: true })).rejects.toMatchObject({ data: { by: 'lee', alive: true } });
  await lock.release();
});

// A user would lose: the platform, for as long as the clock was put back, where the process was killed while it took over a dead lock.
test('a guard that a killed process left holds nobody up, also where the clock was put back since', async () => {
  const dir = join(await temporaryFolder(), '.runback');
  const child = await holder(dir);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const guard = join(dir, 'locks', 'platform-crm.lock.breaking');
  await mkdir(guard);
  const tomorrow = new Date(Date.now() + 86_400_000);
  await utimes(guard, tomorrow, tomorrow);
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor(), leaseMs: 200 });
  const lock = await store.lock('platform-crm', lee, { breakDead: true });
  expect(lock.broke).toMatchObject({ by: 'maya', alive: false });
  await lock.release();
});

test('a journal whose writer was killed can be opened at once, one whose writer lives cannot', async () => {
  const { store, dir } = await temporaryStore();
  const child = await holder(dir);
  await expect(store.journal('runs', 'run-1').open(lee)).rejects.toMatchObject({ code: 'locked', exitCode: 11 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const writer = await store.journal('runs', 'run-1').open(lee);
  expect(writer.broke).toMatchObject({ by: 'maya', alive: false });
  await writer.close();
  const again = await store.journal('runs', 'run-1').open(lee);
  expect(again.broke).toBeUndefined();
  await again.close();
});

test('an update interrupted by kill -9 does not hold up the next one', async () => {
  const { store, dir } = await temporaryStore();
  const child = await holder(dir);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const started = performance.now();
  expect(await store.document<{ n: number }>('notes', 'a').update((current) => ({ n: (current?.n ?? 0) + 1 }))).toEqual({ n: 2 });
  expect(performance.now() - started).toBeLessThan(5000);
});

test('a number that was given to another process does not keep a dead lock alive', async () => {
  const { store, dir } = await temporaryStore();
  const lock = await store.lock('platform-crm', maya);
  const path = join(dir, 'locks', 'platform-crm.lock');
  const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await lock.release();
  const write = (change: Record<string, unknown>): Promise<void> => writeFile(path, JSON.stringify({ ...record, ...change }));
  const alive = async (): Promise<boolean | undefined> => (await store.lockHolder('platform-crm'))?.alive;

  await write({});
  expect(await alive()).toBe(true);
  await write({ host: 'another-machine', pid: 999_999_999 });
  expect(await alive(), 'nobody here can know').toBe(true);
  const refused = await store.lock('platform-crm', lee, { breakDead: true }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'locked', why: expect.stringContaining('cannot be seen from here') as string });
  expect((refused as { next?: string }).next, 'what to do once it is known to be gone').toContain(`remove ${path}`);
  expect((refused as { why?: string }).why, 'which file it is').toContain(path);
  await write({ boot: 'before the machine was started again, or on its clone' });
  expect(await alive(), 'nobody here can know').toBe(true);
  await write({ started: '1' });
  expect(await alive()).toBe(record['started'] === undefined);
  await write({ pid: 999_999_999 });
  expect(await alive()).toBe(false);
  await writeFile(path, '\u0000\u0000');
  expect(await alive(), 'only a power cut leaves that').toBe(false);
});

test('of many processes that find one dead lock, exactly one gets it', { timeout: 120_000 }, async () => {
  const { store, dir } = await temporaryStore();
  for (let round = 0; round < 20; round += 1) {
    const name = `platform-${round}`;
    await mkdir(join(dir, 'locks'), { recursive: true });
    await writeFile(
      join(dir, 'locks', `${name}.lock`),
      JSON.stringify({ ...maya, since: new Date().toISOString(), pid: 999_999_999, host: (await import('node:os')).hostname(), token: 'x' }),
    );
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => store.lock(name, lee, { breakDead: true })));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(attempts.filter((attempt) => attempt.status === 'rejected' && (attempt.reason as { code?: string }).code === 'locked')).toHaveLength(7);
  }
});
