import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { lee, maya } from '../contracts/store/harness.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';
import { holderIn } from './support.js';

// A user would lose: the platform, for as long as the clock was put back, where the process was killed while it took
// over a dead lock.
test('a guard that a killed process left holds nobody up, also where the clock was put back since', async () => {
  const dir = join(await temporaryFolder(), '.runback');
  await (await holderIn(dir, 'here')).kill();
  const guard = join(dir, 'locks', 'platform-crm.lock.breaking');
  await mkdir(guard);
  const tomorrow = new Date(Date.now() + 86_400_000);
  await utimes(guard, tomorrow, tomorrow);
  const store = openFileStore({ dir, clock: systemClock, redactor: new Redactor(), leaseMs: 200 });
  const lock = await store.lock('platform-crm', lee, { breakDead: true });
  expect(lock.broke).toMatchObject({ by: 'maya', alive: false });
  await lock.release();
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
