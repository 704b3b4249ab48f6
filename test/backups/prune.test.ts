import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { explainPrune, prune, type PruneReport } from '../../src/backups/index.js';
import { Incidents, link, resolve } from '../../src/incidents/index.js';
import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import {
  openCatalog,
  openSnapshot,
  type Catalog,
  RECONCILED,
  reconciledBy,
  repairedBy,
  type SnapshotSummary,
  viewedBy,
} from '../../src/snapshots/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import type { KeepConfig } from '../../src/workspace/index.js';
import { collect } from '../snapshots/support.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, everyPoint, thinned, withoutFlushes } from '../support/sweeps.js';
import { makerOf } from './support/copies.js';

/** A workspace of snapshots, made day by day by a clock of its own. */
interface Scene {
  readonly dir: string;
  readonly state: string;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock & { at: number };
  /** `on`: id of one that it builds on. */
  make(job?: string, on?: string): Promise<SnapshotSummary>;
  deps(keep: KeepConfig | undefined): Parameters<typeof prune>[0];
}

async function scene(): Promise<Scene> {
  const root = await temporaryFolder();
  const [dir, state] = [join(root, 'backups'), join(root, '.runback')];
  const clock = {
    at: Date.parse('2026-11-01T02:30:00Z'),
    now: () => new Date(clock.at),
    monotonicMs: systemClock.monotonicMs,
    sleep: systemClock.sleep,
  };
  const store = openFileStore({ dir: state, clock, redactor: new Redactor() });
  const catalog = openCatalog({ dir, store, clock });
  return {
    dir,
    state,
    store,
    catalog,
    clock,
    make: makerOf({ catalog, dir, store, clock }),
    deps: (keep) => ({
      store,
      clock,
      catalog,
      by: 'maya',
      jobs: [
        { name: 'nightly', platforms: ['crm'], timezone: 'UTC', pause_syncs: false, incremental: true, ...(keep === undefined ? {} : { keep }) },
      ],
      planMaxAge: '24h',
      signal: new AbortController().signal,
    }),
  };
}

const quiet = (): void => {};
const idsOf = async ({ catalog }: Scene): Promise<readonly string[]> => (await catalog.list()).map(({ id }) => id).toReversed();
const going = (report: PruneReport): readonly string[] => report.snapshots.flatMap(({ snapshot, verdict }) => (verdict.stays ? [] : [snapshot.id]));

describe('snapshots of reconciliations', () => {
  it('stay by rules of their own, each mapping for itself, and what nobody made by a job stays', async () => {
    const world = await scene();
    const made: Record<string, string[]> = {};
    const names = [reconciledBy('contacts'), repairedBy('contacts'), reconciledBy('deals'), 'nightly', viewedBy('crm', 'contacts')];
    for (let day = 0; day < 4; day += 1) for (const name of names) (made[name] ??= []).push((await world.make(name)).id);
    const alone = await world.make();
    const deps = world.deps({ last: 3 });
    const rules = { name: RECONCILED, timezone: 'UTC', keep: { last: 1 } };
    const report = await prune({ ...deps, jobs: [...deps.jobs, rules] }, undefined, () => undefined);
    const left = new Set((await world.catalog.list()).map(({ id }) => id));
    expect(report.snapshots.length).toBe(21);
    for (const name of names)
      expect(
        (made[name] ?? []).map((id) => left.has(id)),
        name,
      ).toEqual(name === 'nightly' ? [false, true, true, true] : [false, false, false, true]);
    // What no job and no reconciliation made is for people.
    expect(left.has(alone.id)).toBe(true);
    // Without rules, as before: all of them stay.
    const other = await scene();
    for (let day = 0; day < 3; day += 1) await other.make(reconciledBy('contacts'));
    await prune(other.deps({ last: 1 }), undefined, () => undefined);
    expect(await other.catalog.list()).toHaveLength(3);
  });
});

describe('runback backup prune', () => {
  it('deletes what it explained and nothing else, with the notes of it; what no job made stays', async () => {
    const world = await scene();
    const made = [await world.make('nightly'), await world.make(), await world.make('nightly'), await world.make('nightly')].map(({ id }) => id);
    const plan = await explainPrune(world.deps({ last: 1 }));
    expect(await idsOf(world)).toEqual(made);
    expect(going(plan)).toEqual([made[0], made[2]]);
    let told: readonly string[] = [];
    const report = await prune(world.deps({ last: 1 }), undefined, (explained) => (told = going(explained)));
    expect([told, report.snapshots.filter(({ deleted }) => deleted === true).length]).toEqual([going(plan), 2]);
    expect(await idsOf(world)).toEqual([made[1], made[3]]);
    expect(await world.store.list('snapshot-notes')).toEqual([made[1], made[3]]);
    expect(await world.store.list('snapshot-removals')).toEqual([]);
  });

  it('keeps everything where a job has no rules, and leaves other jobs alone with --job', async () => {
    const world = await scene();
    for (let n = 0; n < 3; n += 1) await world.make('nightly');
    await prune(world.deps(undefined), undefined, quiet);
    const other = await prune(world.deps({ last: 1 }), 'another', quiet);
    expect([other.snapshots, (await idsOf(world)).length]).toEqual([[], 3]);
  });

  it('keeps what an open incident refers to, until it is resolved', async () => {
    const world = await scene();
    const [first] = [await world.make('nightly'), await world.make('nightly')];
    const incidents = new Incidents({ store: world.store, clock: world.clock, escalation: undefined, outbox: undefined });
    const { id } = await incidents.open({ title: 'Wrong names', severity: 'sev1', platforms: [], source: 'cli' }, 'sam');
    await link(incidents, id, 'snapshot', first.id, { by: 'sam', source: 'cli' });
    const report = await prune(world.deps({ last: 1 }), undefined, quiet);
    expect(report.snapshots[0]?.verdict).toEqual({ id: first.id, stays: true, because: [{ kind: 'referred', by: { kind: 'incident', id } }] });
    await resolve(incidents, id, 'Put back', { by: 'sam', source: 'cli' });
    await prune(world.deps({ last: 1 }), undefined, quiet);
    expect(await idsOf(world)).not.toContain(first.id);
  });

  it('lets one stay that is pinned between its explanation and its turn', async () => {
    const world = await scene();
    const made = [await world.make('nightly'), await world.make('nightly'), await world.make('nightly')].map(({ id }) => id);
    const pins: Promise<unknown>[] = [];
    const slow = { ...world.deps({ last: 1 }) };
    const { catalog } = slow;
    // Pinned while the one before it is deleted.
    const pinning: Catalog = Object.assign(Object.create(catalog) as Catalog, {
      delete: async (id: string) => {
        pins.push(catalog.pin(made[0] ?? '', true));
        await Promise.all(pins);
        return await catalog.delete(id);
      },
    });
    for (const name of ['survey', 'resolve', 'list', 'open'] as const) Object.assign(pinning, { [name]: catalog[name].bind(catalog) });
    const report = await prune({ ...slow, catalog: pinning }, undefined, quiet);
    expect(report.snapshots[0]).toMatchObject({ deleted: false, kept: { because: 'changed' } });
    expect(await idsOf(world)).toEqual([made[0], made[2]]);
  });

  it('is one at a time, and a snapshot that is being read is read to its end', async () => {
    const world = await scene();
    const [first] = [await world.make('nightly'), await world.make('nightly')];
    const reader = await openSnapshot(first.path);
    const [info] = reader.manifest.objects;
    const both = await Promise.allSettled([prune(world.deps({ last: 1 }), undefined, quiet), prune(world.deps({ last: 1 }), undefined, quiet)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'locked' } });
    expect(await idsOf(world)).not.toContain(first.id);
    expect(info === undefined ? [] : await collect(reader.lines(info))).toHaveLength(3);
    await reader.close();
  });

  it('goes by chains: what builds on another goes first, and a file that is being written holds up nothing', async () => {
    const world = await scene();
    const full = await world.make('nightly');
    const built = await world.make('nightly', full.id);
    const next = await world.make('nightly');
    const kept = await world.make('nightly', next.id);
    await writeFile(join(world.dir, 'snap-20271101-000000-aaaa.zip.partial'), 'half');
    const report = await prune(world.deps({ last: 1 }), undefined, quiet);
    expect(going(report)).toEqual([full.id, built.id]);
    expect(await idsOf(world)).toEqual([next.id, kept.id]);
    expect((await world.catalog.verify(kept.id)).damage).toEqual([]);
  });

  it('leaves a file alone that cannot be read, and says so', async () => {
    const world = await scene();
    await world.make('nightly');
    await world.make('nightly');
    await cp(fileURLToPath(import.meta.url), join(world.dir, 'snap-20261101-000000-aaaa.zip'));
    const report = await prune(world.deps({ last: 1 }), undefined, quiet);
    expect(report.unreadable).toMatchObject([{ path: join(world.dir, 'snap-20261101-000000-aaaa.zip') }]);
    expect((await readdir(world.dir)).length).toBe(2);
  });
});

describe('kill -9 at every operation of prune', () => {
  const script = fileURLToPath(new URL('prune-workload.cjs', import.meta.url));
  const commandIn = (dir: string, state: string): CrashCommand => ({ args: [script, dir, state], which: ['fs'], within: [dir, state] });

  it('leaves every snapshot whole or gone, only explained ones gone, and the next call completes it', async () => {
    const prepared = await scene();
    const made: string[] = [];
    for (let n = 0; n < 4; n += 1) made.push((await prepared.make('nightly')).id);
    const last = made.at(-1) ?? '';
    let current: { readonly dir: string; readonly state: string } | undefined;
    const report = await sweep({
      moments: ['half', 'after'],
      pick: everyNth(5, (all) => thinned(1)(withoutFlushes(all))),
      before: async () => {
        const root = await temporaryFolder();
        current = { dir: join(root, 'backups'), state: join(root, '.runback') };
        await cp(prepared.dir, current.dir, { recursive: true });
        await cp(prepared.state, current.state, { recursive: true });
        return commandIn(current.dir, current.state);
      },
      after: async (_, result) => {
        if (!current) throw new Error('no world');
        const { dir, state } = current;
        const store = openFileStore({ dir: state, clock: systemClock, redactor: new Redactor() });
        const catalog = openCatalog({ dir, store, clock: systemClock });
        const listed = (await catalog.list()).map(({ id }) => id);
        const explained = /^explained (.*)$/mu.exec(result.stdout)?.[1]?.split(' ') ?? [];
        for (const id of made) if (!listed.includes(id)) expect(explained).toContain(id);
        expect(listed).toContain(last);
        for (const id of listed) expect((await catalog.verify(id)).damage).toEqual([]);
        const again = await runCrashing(commandIn(dir, state));
        expect(again).toMatchObject({ code: 0, stderr: '' });
        // What was verified just now is the last verified one of its platform, and so it is the last.
        expect(await readdir(dir)).toEqual([`${last}.zip`]);
        expect([await store.list('snapshot-notes'), await store.list('snapshot-removals')]).toEqual([[last], []]);
      },
    });
    console.log(describeSweep('backup prune', report));
    expect(report.points).toBeGreaterThan(everyPoint ? 10 : 2);
  }, 600_000);
});
