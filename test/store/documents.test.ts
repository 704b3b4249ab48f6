import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { temporaryStore } from '../support/store.js';

test('a document that somebody changed, or that lost bytes, is refused and not taken for state', async () => {
  const { store, dir } = await temporaryStore();
  const document = store.document<{ state: string }>('sync-pauses', 'p1');
  await document.update(() => ({ state: 'running' }));
  const path = join(dir, 'documents', 'sync-pauses', 'p1.json');
  const whole = await readFile(path, 'utf8');
  for (const changed of [whole.replace('running', 'paused!'), whole.slice(0, -10), '', '{}', 'null', '\u0000'.repeat(100)]) {
    await writeFile(path, changed);
    for (const attempt of [async () => await document.read(), async () => await document.update((current) => current ?? { state: 'new' })])
      await expect(attempt()).rejects.toMatchObject({ code: 'document-damaged' });
    expect(await readFile(path, 'utf8')).toBe(changed);
  }
});

test('nobody else can read the state (G24)', async () => {
  const { store, dir } = await temporaryStore();
  const earlier = process.umask(0);
  try {
    const owner = { by: 'maya', holder: 'run-1', purpose: 'a run' };
    const lock = await store.lock('platform-crm', owner);
    await store.document('notes', 'a').update(() => ({ n: 1 }));
    const writer = await store.journal('runs', 'run-1').open(owner);
    await writer.append({ by: 'maya', type: 'x' });
    await store.ledger('plans', 'plan-1').write(['{}']);
    const names = ['.', ...(await readdir(dir, { recursive: true }))];
    expect(names.length).toBeGreaterThan(9);
    for (const name of names) {
      const { mode } = await stat(join(dir, name));
      expect(`${name} ${(mode & 0o777).toString(8)}`).toMatch(/ (700|600)$/);
    }
    await writer.close();
    await lock.release();
  } finally {
    process.umask(earlier);
  }
});

test('what dead processes left behind is cleared away, what living ones are writing is not', async () => {
  const { store, dir } = await temporaryStore();
  const folder = join(dir, 'documents', 'notes');
  await mkdir(folder, { recursive: true });
  const old = ['a.json.partial-0123456789ab', 'a.json.lock.0123456789abcdef01234567'];
  const fresh = ['b.json.partial-0123456789ab', 'keep-me.txt'];
  for (const name of [...old, ...fresh]) await writeFile(join(folder, name), 'x');
  for (const name of [...old, 'keep-me.txt']) await utimes(join(folder, name), new Date(0), new Date(0));
  await store.document('notes', 'a').update(() => ({ n: 1 }));
  expect((await readdir(folder)).sort()).toEqual(['a.json', ...fresh].sort());
});

// A user would lose: a change, to a colleague whose laptop is hours ahead of the server that the workspace lies on.
test('a clock of this machine that is ahead of that of the disk makes no file old', async () => {
  const { store, dir } = await temporaryStore();
  const folder = join(dir, 'documents', 'notes');
  await mkdir(folder, { recursive: true });
  const [old, fresh] = ['a.json.partial-0123456789ab', 'b.json.partial-0123456789ab'];
  for (const name of [old, fresh]) await writeFile(join(folder, name), 'x');
  await utimes(join(folder, old), new Date(0), new Date(0));
  const tomorrow = Date.now() + 86_400_000;
  const ahead = vi.spyOn(Date, 'now').mockImplementation(() => tomorrow);
  onTestFinished(() => ahead.mockRestore());
  await store.document('notes', 'a').update(() => ({ n: 1 }));
  expect((await readdir(folder)).sort()).toEqual(['a.json', fresh]);
});
