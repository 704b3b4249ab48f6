import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import {
  copySnapshots,
  copyStateOf,
  copyWork,
  type CopyLacks,
  damagedNow,
  explainPrune,
  isRetryDue,
  type KeptCopy,
  lackingIn,
  prune,
  raiseDamageAlarms,
  verifyRound,
} from '../../src/backups/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { folderStorage, type SnapshotStorage } from '../../src/snapshots/index.js';
import { type CopiesScene, copiesScene } from './support/copies.js';

/** A user would lose: the only whole file of a snapshot, to a prune that did not wait for its copy; and a copy that nobody reads until it is needed. */

const MINUTE = 60_000;
const idsIn = async (dir: string): Promise<readonly string[]> => (await readdir(dir).catch(() => [])).sort().map((name) => name.replace('.zip', ''));

/** What prune would say of each snapshot of the job: stays or goes, and for which copies it waits. */
async function told(world: CopiesScene, copies: readonly KeptCopy[]) {
  const { from: _from, ...deps } = world.deps();
  const lacking = await lackingIn(world.deps(), copies, {});
  const { snapshots } = await explainPrune({ ...deps, lacking, signal: new AbortController().signal });
  return snapshots.map(({ verdict }) => [verdict.stays, verdict.stays ? verdict.because.filter((one): one is CopyLacks => one.kind === 'copy') : []]);
}

async function pruned(world: CopiesScene, copies: readonly KeptCopy[]): Promise<readonly string[]> {
  const { from: _from, ...deps } = world.deps();
  await prune({ ...deps, lacking: await lackingIn(world.deps(), copies, {}), signal: new AbortController().signal }, undefined, () => {});
  return await idsIn(world.dir);
}

async function spoil(dir: string, id: string, at: number): Promise<() => Promise<void>> {
  const path = join(dir, `${id}.zip`);
  const good = await readFile(path);
  const bad = Buffer.from(good);
  bad[at] = (bad[at] ?? 0) ^ 0xff;
  await writeFile(path, bad);
  return async () => await writeFile(path, good);
}

test('what a copy is still to get stays here, and goes once it is there; a copy that is not required holds nothing up', async () => {
  const world = await copiesScene();
  const made = [await world.make('nightly'), await world.make('nightly'), await world.make('nightly'), await world.make('nightly')].map(
    ({ id }) => id,
  );
  const copy = world.copy({ last: 2 });
  const missing = { kind: 'copy', copy: 'offsite', lacks: 'missing' };
  // The job keeps one, the copy two.
  expect(await told(world, [copy])).toEqual([
    [false, []],
    [false, []],
    [true, [missing]],
    [true, []],
  ]);
  expect((await told(world, [{ ...copy, required: false }])).map(([stays]) => stays)).toEqual([false, false, false, true]);
  expect(await pruned(world, [copy])).toEqual(made.slice(2));
  await copySnapshots(world.deps(), copy, {});
  expect(await pruned(world, [copy])).toEqual(made.slice(3));
  expect(await idsIn(world.offsite)).toEqual(made.slice(2));
});

test('a copy that cannot be asked holds up whatever its rules would keep, with what it builds on', async () => {
  const world = await copiesScene();
  const full = await world.make('nightly');
  const built = await world.make('nightly', full.id);
  await world.make('nightly');
  const away: SnapshotStorage = {
    ...folderStorage(world.offsite),
    list: () => Promise.reject(new RunbackError('storage-unreachable', 'It does not answer')),
  };
  const unknown = { kind: 'copy', copy: 'offsite', lacks: 'unknown', why: 'It does not answer' };
  expect(await told(world, [world.copy({ last: 2 }, away)])).toEqual([
    [true, [unknown]],
    [true, [unknown]],
    [true, []],
  ]);
  expect((await pruned(world, [world.copy({ last: 2 }, away)])).slice(0, 2)).toEqual([full.id, built.id]);
});

test.each([
  ['in its records', 200],
  ['so that it cannot be opened', -10],
])('a copy is read again in turn, whatever was read here; one that is damaged %s is told apart, and its original stays', async (_, at) => {
  const world = await copiesScene();
  const [first, second] = [await world.make('nightly'), await world.make('nightly')];
  const copy = world.copy();
  await copySnapshots(world.deps(), copy, {});
  for (const { id } of [first, second]) await world.catalog.verify(id);
  const size = (await readFile(join(world.offsite, `${first.id}.zip`))).length;
  const mend = await spoil(world.offsite, first.id, at < 0 ? size + at : at);
  const clock = { ...world.clock, now: world.clock.now, mono: 0, monotonicMs: () => clock.mono };
  const round = async () => {
    world.clock.at += MINUTE;
    return await verifyRound(MINUTE, { store: copy.store, clock, catalog: copy.catalog, hasKey: false, areCopies: true }, {}, () => {
      clock.mono += MINUTE;
    });
  };
  // One in each round, and never the same before the other.
  const rounds = [await round(), await round()];
  expect(rounds.flatMap(({ verified }) => verified)).toEqual([second.id]);
  expect(rounds.flatMap(({ damaged }) => damaged.map(({ snapshot }) => snapshot))).toEqual([first.id]);
  const damaged = await damagedNow({ catalog: copy.catalog, store: copy.store });
  expect([damaged, await damagedNow({ catalog: world.catalog, store: world.store })]).toEqual([[first.id], []]);
  // Told once there; a look at what is here ends nothing of it.
  const said: string[] = [];
  const tell = async (id: string): Promise<string> => {
    said.push(id);
    return await Promise.resolve('inc-1');
  };
  const over = async (id: string): Promise<void> => void (await Promise.resolve(said.push(`over ${id}`)));
  await raiseDamageAlarms({ store: copy.store, clock, by: 'maya' }, damaged, tell, over);
  await raiseDamageAlarms({ store: world.store, clock, by: 'maya' }, [], tell, over);
  await raiseDamageAlarms({ store: copy.store, clock, by: 'maya' }, damaged, tell, over);
  expect(said).toEqual([first.id]);
  expect(await told(world, [copy])).toEqual([
    [true, [{ kind: 'copy', copy: 'offsite', lacks: 'damaged' }]],
    [true, []],
  ]);
  await mend();
  await round();
  await round();
  await raiseDamageAlarms({ store: copy.store, clock, by: 'maya' }, await damagedNow({ catalog: copy.catalog, store: copy.store }), tell, over);
  expect(said).toEqual([first.id, `over ${first.id}`]);
  expect(await pruned(world, [copy])).toEqual([second.id]);
});

test('a copy that has failed is tried again after a pause that doubles, one that was killed too, and none beside a process at work', async () => {
  const world = await copiesScene();
  await world.make('nightly');
  const full: SnapshotStorage = {
    ...folderStorage(world.offsite),
    put: () => Promise.reject(new RunbackError('disk-full', 'There is no room left')),
  };
  const work = copyWork(world.store, 'offsite', async () => {});
  const due = async (afterMs = 0): Promise<boolean> => await isRetryDue(world.store, 'offsite', new Date(world.clock.at + afterMs));
  expect(await due()).toBe(false);
  const pauses: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    await copySnapshots(world.deps(), world.copy(undefined, full), {});
    const { failing } = (await copyStateOf(world.store, 'offsite').read()) ?? {};
    const pause = Date.parse(failing?.next ?? '') - world.clock.at;
    pauses.push(pause / MINUTE);
    expect([await due(pause - 1), await due(pause), await work.isWanted(new Date(world.clock.at + pause))]).toEqual([false, true, true]);
    world.clock.at += pause;
  }
  expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
  // By a clock that was put back, nobody waits for a year.
  expect(await due(-365 * 24 * 60 * MINUTE)).toBe(true);
  await copySnapshots(world.deps(), world.copy(), {});
  expect([await due(), await idsIn(world.offsite)]).toEqual([false, await idsIn(world.dir)]);

  // As kill -9 leaves it: begun, and no word of its end.
  await copyStateOf(world.store, 'offsite').update((state) => ({ ...(state as NonNullable<typeof state>), begun: world.clock.now().toISOString() }));
  expect([await due(), await due(5 * MINUTE)]).toEqual([false, true]);
  const lock = await world.copy().store.lock('backup-prune', { by: 'lee', holder: 'copy-1', purpose: 'copying' });
  expect(await due(5 * MINUTE)).toBe(false);
  await lock.release();
});
