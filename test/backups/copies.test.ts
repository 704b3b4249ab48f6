import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import {
  copySnapshots,
  copyStateOf,
  explainPrune,
  jobsOfCopy,
  jobViews,
  jobWork,
  type KeptCopy,
  planCopy,
  prune,
  raiseJobAlarm,
  stateOf,
} from '../../src/backups/index.js';
import { defined, Redactor, RunbackError } from '../../src/lib/index.js';
import { fetchSnapshot, folderStorage, openCatalog, openCopy, type SnapshotStorage } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { temporaryFolder } from '../support/store.js';
import { type CopiesScene, copiesScene, DAY, NIGHTLY } from './support/copies.js';

const idsIn = async (dir: string): Promise<readonly string[]> => (await readdir(dir).catch(() => [])).sort().map((name) => name.replace('.zip', ''));
const pruneDeps = (world: CopiesScene, { store, catalog, keep }: KeptCopy): Parameters<typeof prune>[0] => {
  const { from: _from, ...deps } = world.deps();
  return { ...deps, store, catalog, jobs: jobsOfCopy(deps.jobs, defined({ keep })), signal: new AbortController().signal };
};
const pruneCopy = async (world: CopiesScene, copy: KeptCopy): Promise<unknown> => await prune(pruneDeps(world, copy), undefined, () => {});
const fetched = (world: CopiesScene, reference: string): Parameters<typeof fetchSnapshot>[0] => ({
  reference,
  from: world.copy(),
  to: world.deps().from,
  clock: world.clock,
  by: 'maya',
  reason: 'fetched from offsite',
});

test('copies what the rules of the copy keep, each after what it builds on, byte for byte', async () => {
  const world = await copiesScene();
  const full = await world.make('nightly');
  const built = await world.make('nightly', full.id);
  const alone = await world.make('nightly');
  const byHand = await world.make();
  const copy = world.copy({ last: 1 });
  const plan = await planCopy(world.deps(), copy, {});
  expect(plan.wanted.map(({ snapshot }) => snapshot.id)).toEqual([alone.id, byHand.id]);
  await world.catalog.pin(built.id, { reason: 'Before the move', by: 'maya' });
  const report = await copySnapshots(world.deps(), copy, {});
  // A pinned one is copied whatever the rules say, and what it builds on before it.
  expect(report.copied.map(({ id }) => id)).toEqual([full.id, built.id, alone.id, byHand.id]);
  for (const id of await idsIn(world.dir))
    expect(await readFile(join(world.offsite, `${id}.zip`))).toEqual(await readFile(join(world.dir, `${id}.zip`)));
  expect((await copySnapshots(world.deps(), copy, {})).copied).toEqual([]);
});

test('a copy keeps by its own rules what was deleted here, and pins here hold there', async () => {
  const world = await copiesScene();
  const made = [await world.make('nightly'), await world.make('nightly'), await world.make('nightly'), await world.make('nightly')].map(
    ({ id }) => id,
  );
  const copy = world.copy({ last: 2 });
  await copySnapshots(world.deps(), world.copy(), {});
  await prune({ ...pruneDeps(world, copy), store: world.store, catalog: world.catalog, jobs: world.deps().jobs }, undefined, () => {});
  expect([await idsIn(world.dir), await idsIn(world.offsite)]).toEqual([made.slice(3), made]);
  const dry = await explainPrune(pruneDeps(world, copy));
  expect(dry.snapshots.map(({ snapshot, verdict }) => [snapshot.job, verdict.stays])).toEqual([
    ['nightly', false],
    ['nightly', false],
    ['nightly', true],
    ['nightly', true],
  ]);
  await fetchSnapshot(fetched(world, made[0] ?? ''), {});
  await pruneCopy(world, copy);
  expect([await idsIn(world.dir), await idsIn(world.offsite)]).toEqual([
    [made[0], made[3]],
    [made[0], made[2], made[3]],
  ]);
  await world.catalog.pin(made[0] ?? '', false);
  // Until then the first one is the last that was verified.
  await pruneCopy(world, copy);
  expect(await idsIn(world.offsite)).toContain(made[0]);
  await world.catalog.verify(made[3] ?? '');
  await pruneCopy(world, copy);
  expect(await idsIn(world.offsite)).toEqual(made.slice(2));
  // What was pruned there is not copied again.
  expect((await copySnapshots(world.deps(), copy, {})).copied).toEqual([]);
});

test('a damaged or replaced snapshot is not copied, nor what builds on it; the others are', async () => {
  const world = await copiesScene();
  const full = await world.make('nightly');
  const built = await world.make('nightly', full.id);
  const alone = await world.make('nightly');
  const path = join(world.dir, `${full.id}.zip`);
  const bytes = await readFile(path);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  await writeFile(path, bytes);
  const report = await copySnapshots(world.deps(), world.copy(), {});
  expect(report.copied.map(({ id }) => id)).toEqual([alone.id]);
  expect(report.leftOut.map(({ snapshot }) => snapshot.id)).toEqual([full.id, built.id]);
  expect(await idsIn(world.offsite)).toEqual([alone.id]);
});

test('fetch brings back the chain, verified, pinned and with its notes; a changed byte in the copy is refused and nothing is left', async () => {
  const world = await copiesScene();
  const full = await world.make('nightly');
  const built = await world.make('nightly', full.id);
  await copySnapshots(world.deps(), world.copy(), {});
  await rm(world.dir, { recursive: true });
  await fetchSnapshot(fetched(world, built.id), {});
  expect(await world.catalog.resolve('latest-verified')).toMatchObject({ id: built.id, job: 'nightly', pinned: true, record: { how: 'made' } });

  await rm(world.dir, { recursive: true });
  const path = join(world.offsite, `${built.id}.zip`);
  const bytes = await readFile(path);
  bytes[150] = (bytes[150] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await expect(fetchSnapshot(fetched(world, built.id), {})).rejects.toMatchObject({ code: expect.stringMatching(/^snapshot-/u) as string });
  expect(await readdir(world.dir)).toEqual([`${full.id}.zip`]);
});

test('another file under the name of a snapshot in the copy is refused by what was recorded, and nothing here is overwritten', async () => {
  const world = await copiesScene();
  const [first, second] = [await world.make('nightly'), await world.make('nightly')];
  await copySnapshots(world.deps(), world.copy(), {});
  const other = await copiesScene();
  const forged = await other.make('nightly');
  await cp(join(other.dir, `${forged.id}.zip`), join(world.offsite, `${first.id}.zip`));
  expect((await fetchSnapshot(fetched(world, second.id), {})).snapshots).toEqual([{ id: second.id, state: 'there' }]);
  await world.catalog.delete(first.id);
  await expect(fetchSnapshot(fetched(world, first.id), {})).rejects.toMatchObject({
    code: expect.stringMatching(/^snapshot-(foreign|replaced)$/u) as string,
  });
  expect(await idsIn(world.dir)).toEqual([second.id]);
});

test('two processes at once, or two machines: none is lost, none half there', async () => {
  const world = await copiesScene();
  const made = [await world.make('nightly'), await world.make('nightly'), await world.make('nightly')].map(({ id }) => id);
  const both = await Promise.all([copySnapshots(world.deps(), world.copy(), {}), copySnapshots(world.deps(), world.copy(), {})]);
  expect(both.filter(({ busy }) => busy !== undefined)).toHaveLength(1);
  expect(both.find(({ busy }) => busy !== undefined)?.busy).toMatchObject({ by: 'maya' });
  expect(await idsIn(world.offsite)).toEqual(made);

  // Another machine has a state of its own, and sees the same snapshots.
  await rm(world.offsite, { recursive: true });
  await mkdir(world.offsite);
  const state = await temporaryFolder();
  await cp(join(world.root, '.runback'), state, { recursive: true });
  const store = openFileStore({ dir: state, clock: world.clock, redactor: new Redactor() });
  const elsewhere = {
    ...world.deps(),
    store,
    catalog: openCatalog({ dir: world.dir, store, clock: world.clock }),
    from: { storage: world.storage, store },
  };
  const there = openCopy({ name: 'offsite', dir: world.offsite, storage: folderStorage(world.offsite), store, clock: world.clock });
  await Promise.all([copySnapshots(world.deps(), world.copy(), {}), copySnapshots(elsewhere, there, {})]);
  await copySnapshots(world.deps(), world.copy(), {});
  expect(await idsIn(world.offsite)).toEqual(made);
  for (const id of made) expect((await there.catalog.verify(id)).damage).toEqual([]);
});

test('what a killed process left there is removed, and what it had begun is copied', async () => {
  const world = await copiesScene();
  const { id } = await world.make('nightly');
  await mkdir(world.offsite);
  await writeFile(join(world.offsite, `${id}.zip.partial`), 'half');
  await writeFile(join(world.offsite, 'snap-20200101-000000-aaaa.zip.partial'), 'half');
  await copySnapshots(world.deps(), world.copy(), {});
  expect(await readdir(world.offsite)).toEqual([`${id}.zip`]);
});

test('a copy that fails is noted, continues with the next run, and past the target opens the one incident of its job', async () => {
  const world = await copiesScene();
  await stateOf(world.store, 'nightly').update(() => ({ version: 1, firstSeen: '2026-11-01T00:00:00.000Z', handled: '2026-11-01T00:00:00.000Z' }));
  await world.make('nightly');
  const job = NIGHTLY;
  const refused: SnapshotStorage = {
    ...folderStorage(world.offsite),
    put: () => Promise.reject(new RunbackError('disk-full', 'There is no room left')),
  };
  const failed = await copySnapshots(world.deps(), world.copy(undefined, refused), {});
  expect(failed).toMatchObject({ copied: [], error: { code: 'disk-full' } });
  const view = async (): Promise<NonNullable<Awaited<ReturnType<typeof jobViews>>['views'][0]>> => {
    const [found] = (await jobViews([job], { store: world.store, clock: world.clock, catalog: world.catalog, copies: ['offsite'] })).views;
    if (found === undefined) throw new Error('no view');
    return found;
  };
  const told: string[] = [];
  const raise = async (): Promise<unknown> =>
    await raiseJobAlarm({ store: world.store, clock: world.clock, by: 'maya' }, await view(), async (problem) => `inc-${told.push(problem)}`);
  expect((await view()).copies).toMatchObject([{ copy: 'offsite', late: false, failing: { code: 'disk-full' } }]);
  await raise();
  world.clock.at += 2 * DAY;
  await world.make('nightly');
  await copySnapshots(world.deps(), world.copy(undefined, refused), {});
  expect((await view()).copies).toMatchObject([{ late: true, failing: { since: '2026-11-02T02:30:00.000Z' } }]);
  // The daemon looks at what is noted, and asks no storage.
  await stateOf(world.store, 'nightly').update((state) => ({
    ...(state ?? { version: 1, firstSeen: '', handled: '' }),
    whole: { snapshot: 'snap', startedAt: world.clock.now().toISOString() },
  }));
  const wanted = async (copies: readonly string[]): Promise<boolean> =>
    await jobWork(world.store, job, async () => {}, copies).isWanted(world.clock.now());
  expect([await wanted([]), await wanted(['offsite'])]).toEqual([false, true]);
  await raise();
  await raise();
  expect(told).toEqual(['copy']);
  const again = await copySnapshots(world.deps(), world.copy(), {});
  expect([again.copied.length, (await copyStateOf(world.store, 'offsite').read())?.failing]).toEqual([2, undefined]);
  expect(await raise()).toBeUndefined();
});

test('a folder that is gone is not made anew on whatever disk is there: it may not be mounted', async () => {
  const world = await copiesScene();
  await world.make('nightly');
  await copySnapshots(world.deps(), world.copy(), {});
  await rm(world.offsite, { recursive: true });
  await world.make('nightly');
  const report = await copySnapshots(world.deps(), { ...world.copy(), folder: world.offsite }, {});
  expect(report).toMatchObject({ copied: [], error: { code: 'file-unreadable', why: expect.stringContaining('mounted') as string } });
  expect(await idsIn(world.offsite)).toEqual([]);
  await mkdir(world.offsite);
  expect((await copySnapshots(world.deps(), { ...world.copy(), folder: world.offsite }, {})).copied).toHaveLength(2);
});
