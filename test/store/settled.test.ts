import { copyFile, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isRunbackError, Redactor, systemClock } from '../../src/lib/index.js';
import { type Journal, openFileStore, type Store } from '../../src/store/index.js';
import { describeSweep, supportScript, sweep } from '../support/crash.js';
import { seedOf } from '../support/seeds.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, withoutFlushes } from '../support/sweeps.js';

const owner = { by: 'lee', holder: 'run-1', purpose: 'a test' };
const YOUNG_MS = 30;

const storeIn = (dir: string): Store => openFileStore({ dir, clock: systemClock, redactor: new Redactor(), settledAfterMs: YOUNG_MS });
const pathOf = (dir: string, id: string): string => join(dir, 'runs', id, 'journal.ndjson');

/** What a journal says: it is closed where its last line says so. */
async function stateOf(journal: Journal): Promise<'open' | 'closed' | 'damaged'> {
  let last = 'nothing';
  try {
    for await (const { type } of journal.read({ whole: true })) last = type;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return 'damaged';
  }
  return last === 'run.closed' ? 'closed' : 'open';
}

interface Found {
  /** Ids that are not closed, with what they are. */
  readonly open: readonly string[];
  /** How many were read for that. */
  readonly read: number;
}

/** What the store finds that is not settled. */
async function throughIndex(store: Store, meaning = 'closed 1'): Promise<Found> {
  const open: string[] = [];
  let read = 0;
  await store.unsettled({ what: 'journals', kind: 'runs', meaning }, async (id) => {
    read += 1;
    const state = await stateOf(store.journal('runs', id));
    if (state !== 'closed') open.push(`${id} ${state}`);
    return state === 'closed';
  });
  return { open: open.sort(), read };
}

/** The same without it: every journal read. */
async function throughAll(store: Store): Promise<readonly string[]> {
  const open: string[] = [];
  for (const id of await store.journals('runs')) {
    const state = await stateOf(store.journal('runs', id));
    if (state !== 'closed') open.push(`${id} ${state}`);
  }
  return open.sort();
}

async function write(store: Store, id: string, ...types: string[]): Promise<void> {
  const writer = await store.journal('runs', id).open(owner);
  for (const type of types) await writer.append({ by: 'lee', type });
  await writer.close();
}

/** Asks until what is closed is remembered: a file has to have some age for that. */
async function settle(store: Store, reads: number): Promise<Found> {
  for (;;) {
    const found = await throughIndex(store);
    if (found.read <= reads) return found;
    await pause(YOUNG_MS);
  }
}

test('what has come to its end is read no more, however much of it there is; what is open is read each time', async () => {
  const dir = await temporaryFolder();
  const store = storeIn(dir);
  for (const n of [1, 2, 3, 4, 5]) await write(store, `run-${n}`, 'run.created', 'run.closed');
  await write(store, 'run-6', 'run.created');
  expect((await throughIndex(store)).open).toEqual(['run-6 open']);
  await settle(store, 1);
  expect(await throughIndex(storeIn(dir))).toEqual({ open: ['run-6 open'], read: 1 });
});

test('another meaning of settled counts for nothing, nor does an index that is not whole', async () => {
  const dir = await temporaryFolder();
  const store = storeIn(dir);
  await write(store, 'run-1', 'run.created', 'run.closed');
  await settle(store, 0);
  expect((await throughIndex(store, 'closed 2')).read).toBe(1);
  await settle(store, 0);
  const index = join(dir, 'settled/journals-runs');
  const text = await readFile(index, 'utf8');
  await writeFile(index, text.replace('run-1', 'run-2'));
  await write(store, 'run-2', 'run.created');
  expect((await throughIndex(store)).open).toEqual(['run-2 open']);
});

// A user would lose: the restore that somebody began to undo with another version, and that no screen shows any more.
test('what another version went on with, what was put back from a copy and what was edited by hand is read again', async () => {
  const dir = await temporaryFolder();
  const store = storeIn(dir);
  await write(store, 'run-1', 'run.created');
  await copyFile(pathOf(dir, 'run-1'), join(dir, 'copy'));
  await write(store, 'run-1', 'run.closed');
  await settle(store, 0);

  // Another version knows nothing of the index; the store that writes here does not either.
  await write(store, 'run-1', 'undo.created');
  expect((await throughIndex(store)).open).toEqual(['run-1 open']);
  await write(store, 'run-1', 'run.closed');
  await settle(store, 0);

  // A copy with all its times, put back over it, also where somebody takes its head away.
  const { atime, mtime } = await stat(pathOf(dir, 'run-1'));
  await copyFile(join(dir, 'copy'), pathOf(dir, 'run-1'));
  await utimes(pathOf(dir, 'run-1'), atime, mtime);
  expect((await throughIndex(store)).open).toEqual(['run-1 damaged']);
  await rm(join(dir, 'runs/run-1/journal.head'));
  expect((await throughIndex(store)).open).toEqual(['run-1 open']);
});

test('two processes that ask and write at once hide nothing from each other', async () => {
  const dir = await temporaryFolder();
  const [one, other] = [storeIn(dir), storeIn(dir)];
  const ids = Array.from({ length: 20 }, (_, n) => `run-${n + 10}`);
  for (const id of ids) await write(one, id, 'run.created', 'run.closed');
  await settle(one, 0);
  await Promise.all([
    ...ids.map(async (id, n) => await write(n % 2 === 0 ? one : other, id, 'undo.created')),
    ...ids.map(async (_, n) => await throughIndex(n % 3 === 0 ? one : other)),
  ]);
  expect((await throughIndex(one)).open).toEqual(ids.map((id) => `${id} open`));
});

type Act =
  | { readonly do: 'write' | 'close' | 'copy' | 'put back' | 'edit' | 'cut' | 'take away' | 'lose the head'; readonly id: number }
  | { readonly do: 'ask' | 'wait' | 'old index' | 'keep index' };

const id = fc.nat(3);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'close' as const), id }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('copy' as const, 'put back' as const, 'edit' as const, 'cut' as const, 'take away' as const, 'lose the head' as const),
      id,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('ask' as const, 'wait' as const, 'old index' as const, 'keep index' as const) }) },
);

/** Does one thing that happens to a state folder. What cannot be done at the moment is passed over. */
async function play(dir: string, store: Store, one: Act): Promise<void> {
  const index = join(dir, 'settled/journals-runs');
  const ignore = (): undefined => undefined;
  switch (one.do) {
    case 'ask':
      await throughIndex(store);
      return;
    case 'wait':
      await pause(YOUNG_MS + 10);
      return;
    case 'keep index':
      await copyFile(index, join(dir, 'kept-index')).catch(ignore);
      return;
    case 'old index':
      await copyFile(join(dir, 'kept-index'), index).catch(ignore);
      return;
    default:
      await playOn(dir, store, one.do, `run-${one.id}`).catch((error: unknown) => {
        if (!isRunbackError(error) && !(error instanceof Error && 'code' in error)) throw error;
      });
  }
}

async function playOn(dir: string, store: Store, what: Extract<Act, { readonly id: number }>['do'], run: string): Promise<void> {
  const path = pathOf(dir, run);
  const copy = join(dir, `copy-of-${run}`);
  const withTimes = async (change: () => Promise<void>): Promise<void> => {
    const { atime, mtime } = await stat(path);
    await change();
    await utimes(path, atime, mtime);
  };
  switch (what) {
    case 'write':
      return await write(store, run, 'step.intent');
    case 'close':
      return await write(store, run, 'run.closed');
    case 'copy':
      return await copyFile(path, copy);
    case 'put back':
      return await withTimes(async () => await copyFile(copy, path));
    case 'edit':
      // As many bytes as before.
      return await withTimes(
        async () => await writeFile(path, (await readFile(path, 'utf8')).replace(/run\.closed(?!.*run\.closed)/su, 'run.opened')),
      );
    case 'cut':
      return await withTimes(async () => {
        const bytes = await readFile(path);
        await writeFile(path, bytes.subarray(0, bytes.length - 20));
      });
    case 'take away':
      return await rm(join(dir, 'runs', run), { recursive: true, force: true });
    case 'lose the head':
      return await rm(join(dir, 'runs', run, 'journal.head'), { force: true });
  }
}

test('whatever happens to the files, the index hides nothing that a reading of all of them finds', async () => {
  const folder = await temporaryFolder();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
      const dir = join(folder, String((n += 1)));
      await mkdir(dir);
      const store = storeIn(dir);
      for (const one of acts) {
        await play(dir, store, one);
        // What is closed by mistake of nobody: the same ids, in the same state.
        if (one.do === 'ask') expect((await throughIndex(store)).open).toEqual(await throughAll(store));
      }
      expect((await throughIndex(store)).open).toEqual(await throughAll(store));
    }),
    { numRuns: 40, seed: seedOf() },
  );
});

test('kill -9 at any operation of those who write and those who ask: the next who asks finds all that is open', async () => {
  const folder = await temporaryFolder();
  const dirOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`, '.runback');
  const report = await sweep({
    moments: ['half', 'after'],
    // What journals and locks do is swept elsewhere: a third of that, and all that the index does.
    pick: everyNth(1, (operations) => withoutFlushes(operations).filter(({ target }, n) => fullSweeps || n % 3 === 0 || target.includes('/settled'))),
    before: (point) => ({ args: [supportScript('settled-workload.cjs'), dirOf(point)], which: ['fs'], within: [folder] }),
    after: async (point) => {
      const store = storeIn(dirOf(point));
      const all = await throughAll(store);
      expect((await throughIndex(store)).open).toEqual(all);
      expect((await throughIndex(store)).open).toEqual(all);
    },
  });
  console.log(describeSweep('settled index', report));
  expect(report.points).toBeGreaterThan(10);
});
