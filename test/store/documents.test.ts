import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { builtModule, supportScript } from '../support/crash.js';
import { temporaryStore } from '../support/store.js';

function child(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const process_ = spawn(process.execPath, [...args], { stdio: ['ignore', 'inherit', 'pipe'] });
    let stderr = '';
    process_.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    process_.on('close', (code) => resolve({ code, stderr }));
  });
}

test('two processes that update one document thousands of times lose no update', { timeout: 240_000 }, async () => {
  const { store, dir } = await temporaryStore();
  const each = 1500;
  const args = (name: string): string[] => [
    supportScript('store-counter.mjs'),
    builtModule('store/index.js'),
    builtModule('lib/index.js'),
    dir,
    name,
    String(each),
  ];
  const results = await Promise.all([child(args('a')), child(args('b'))]);
  expect(results).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  expect(await store.document('counters', 'shared').read()).toEqual({ total: 2 * each, by: { a: each, b: each } });
  expect(await store.list('counters')).toEqual(['shared']);
});

test('updates within one process wait for each other', async () => {
  const { store } = await temporaryStore();
  await Promise.all(
    Array.from({ length: 50 }, () => store.document<{ n: number }>('counters', 'one').update((current) => ({ n: (current?.n ?? 0) + 1 }))),
  );
  expect(await store.document('counters', 'one').read()).toEqual({ n: 50 });
});

test('a document that somebody changed, or that lost bytes, is refused and not taken for state', async () => {
  const { store, dir } = await temporaryStore();
  const document = store.document<{ state: string }>('sync-pauses', 'p1');
  await document.update(() => ({ state: 'running' }));
  const path = join(dir, 'documents', 'sync-pauses', 'p1.json');
  const whole = await readFile(path, 'utf8');
  for (const changed of [whole.replace('running', 'paused!'), whole.slice(0, -10), '', '{}', 'null', '\u0000'.repeat(100)]) {
    await writeFile(path, changed);
    for (const attempt of [document.read(), document.update((current) => current ?? { state: 'new' })])
      await expect(attempt).rejects.toMatchObject({ code: 'document-damaged' });
    expect(await readFile(path, 'utf8')).toBe(changed);
  }
});

test('documents come and go, and a change that throws leaves the old version', async () => {
  const { store } = await temporaryStore();
  const document = store.document<{ n: number }>('notes', 'a');
  expect(await document.read()).toBeUndefined();
  await document.delete();
  expect(await document.update(() => ({ n: 1 }))).toEqual({ n: 1 });
  await expect(
    document.update(() => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await document.read()).toEqual({ n: 1 });
  await document.delete();
  expect(await document.read()).toBeUndefined();
  expect(await store.list('notes')).toEqual([]);
});

test('a name cannot lead out of the state folder', async () => {
  const { store } = await temporaryStore();
  const bad = ['..', '../x', 'a/b', 'a\\b', '', '.hidden', 'a\u0000b', 'x'.repeat(200), 'a..b', 'ü'];
  for (const name of bad)
    for (const attempt of [
      () => store.document('notes', name),
      () => store.document(name, 'a'),
      () => store.journal('runs', name),
      () => store.journal(name, 'a'),
      () => store.ledger('plans', name),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'usage' }));
  await expect(store.lock('../x', { by: 'a', holder: 'b', purpose: 'c' })).rejects.toMatchObject({ code: 'usage' });
  await expect(store.list('../..')).rejects.toMatchObject({ code: 'usage' });
});

test('a clock that jumps back stops nothing: updates, journals and locks go on', async () => {
  let now = Date.parse('2026-11-22T12:00:00Z');
  const clock: Clock = { ...systemClock, now: () => new Date((now -= 3_600_000)) };
  const { store } = await temporaryStore(clock);
  const document = store.document<{ n: number }>('notes', 'a');
  for (const n of [1, 2, 3]) await document.update(() => ({ n }));
  const owner = { by: 'maya', holder: 'run-1', purpose: 'a run' };
  const writer = await store.journal('runs', 'run-1').open(owner);
  for (const _ of [1, 2, 3]) await writer.append({ by: 'maya', type: 'progress' });
  await writer.close();
  const seen: string[] = [];
  for await (const entry of store.journal('runs', 'run-1').read()) seen.push(`${entry.seq} ${entry.at}`);
  expect(seen.map((text) => text.slice(0, 1))).toEqual(['1', '2', '3']);
  expect(
    seen
      .map((text) => text.slice(2))
      .sort()
      .reverse(),
  ).toEqual(seen.map((text) => text.slice(2)));
  const lock = await store.lock('platform-crm', owner);
  await expect(store.lock('platform-crm', owner)).rejects.toThrow('the clock has gone back since');
  await lock.release();
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
