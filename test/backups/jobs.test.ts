import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { backupTicker, type JobHands, type JobOutcome, jobViews, type JobView, jobWork, raiseJobAlarm, runJob } from '../../src/backups/index.js';
import { stateOf } from '../../src/backups/jobs/state.js';
import { RunbackError } from '../../src/lib/index.js';
import { type Catalog, createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import type { Store } from '../../src/store/index.js';
import type { JobConfig } from '../../src/workspace/index.js';
import { makeWorld, type MovableClock, until } from '../daemon/world.js';
import { memoryPlatform, people } from '../snapshots/memory-platform.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const JOB: JobConfig = {
  name: 'nightly',
  platforms: ['crm'],
  schedule: '30 2 * * *',
  timezone: 'UTC',
  pause_syncs: false,
  incremental: true,
  target: '26h',
};

/** A job, a clock of its own, and hands that take real snapshots of a platform in memory. */
interface Scene {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Omit<MovableClock, 'forward'> & { at: number };
  readonly hands: { -readonly [K in keyof JobHands]: JobHands[K] };
  readonly taken: string[];
  run(due: boolean, job?: JobConfig, signal?: AbortSignal): Promise<JobOutcome>;
  view(job?: JobConfig): Promise<JobView>;
}

async function scene(at = '2026-11-20T12:00:00Z'): Promise<Scene> {
  const clock = { at: Date.parse(at), now: () => new Date(clock.at), monotonicMs: () => performance.now(), sleep: async () => {} };
  const { store } = await temporaryStore(clock);
  const dir = join(await temporaryFolder(), 'backups');
  const catalog = openCatalog({ dir, store, clock });
  const taken: string[] = [];
  const hands: Scene['hands'] = {
    incidentOn: async () => undefined,
    metered: async () => [],
    resume: async () => [],
    take: async (job) => {
      const platform = memoryPlatform('crm', { objects: { contacts: people(2) } });
      const made = await createSnapshot({ platforms: [platform], by: 'maya', job: job.name }, { dir, store, clock });
      taken.push(made.id);
      return { snapshot: made };
    },
  };
  return {
    store,
    catalog,
    clock,
    hands,
    taken,
    run: async (due, job = JOB, signal = new AbortController().signal) =>
      await runJob(job, { store, clock, catalog, by: 'maya', signal }, hands, { due }),
    view: async (job = JOB) => {
      const [view] = (await jobViews([job], { store, clock, catalog })).views;
      if (view === undefined) throw new Error('no view');
      return view;
    },
  };
}

describe('a backup job', () => {
  it('that was missed for days is run once, and then at its next time', async () => {
    const world = await scene();
    expect((await world.run(true)).state).toBe('not-due');
    world.clock.at = Date.parse('2026-11-27T12:00:00Z');
    expect((await world.run(true)).state).toBe('taken');
    expect(await world.run(true)).toEqual({ state: 'not-due', next: '2026-11-28T02:30:00.000Z' });
    expect(world.taken).toHaveLength(1);
  });

  it('is never run twice at a time: the second is told who has it', async () => {
    const world = await scene();
    let go: () => void = () => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    const { take } = world.hands;
    world.hands.take = async (...given) => {
      await held;
      return await take(...given);
    };
    const first = world.run(false);
    await until(async () => (await world.store.lockHolder('backup-job-nightly')) !== undefined);
    expect(await world.run(true)).toMatchObject({ state: 'running', holder: { by: 'maya' } });
    await expect(world.run(false)).rejects.toMatchObject({ code: 'locked' });
    go();
    expect((await first).state).toBe('taken');
    expect(world.taken).toHaveLength(1);
  });

  it('waits while an incident is open on its platforms, unless someone wants it now', async () => {
    const world = await scene();
    await world.run(true);
    world.clock.at += 24 * HOUR;
    world.hands.incidentOn = async () => 'inc-1';
    expect(await world.run(true)).toEqual({ state: 'waits', incident: 'inc-1' });
    expect(await world.view()).toMatchObject({ due: true, waits: { incident: 'inc-1' } });
    expect(await world.run(false)).toMatchObject({ state: 'taken', incident: 'inc-1' });
    world.hands.incidentOn = async () => undefined;
    expect((await world.run(true)).state).toBe('not-due');
    expect(await world.view()).not.toHaveProperty('waits');
  });

  it('that was killed is cleaned up: its syncs are resumed, it is run again, and it says so', async () => {
    const world = await scene();
    await world.run(true);
    const job = { ...JOB, pause_syncs: true };
    world.clock.at += 24 * HOUR;
    const now = new Date(world.clock.at).toISOString();
    // As kill -9 leaves it: begun, and no word of its end.
    const running = { run: 'backup-1', startedAt: now, by: 'maya', pause: 'snapshot-pause-1', after: '' };
    await stateOf(world.store, 'nightly').update((state) => ({ ...(state ?? never()), handled: now, running, owed: { since: now, tries: 1 } }));
    const resumed: string[] = [];
    world.hands.resume = async (holder) => {
      resumed.push(holder);
      return ['market-sync'];
    };
    expect(await world.view()).toMatchObject({ interrupted: { since: now } });
    expect(await world.run(true, job)).toMatchObject({ state: 'taken', interrupted: { run: 'backup-1', resumed: ['market-sync'] } });
    expect([resumed, world.taken.length]).toEqual([['snapshot-pause-1'], 1]);
  });

  it('that was killed after its snapshot was complete keeps it, and does not take it again', async () => {
    const world = await scene();
    await world.run(true);
    const now = new Date(world.clock.at).toISOString();
    const running = { run: 'backup-1', startedAt: now, by: 'maya', after: '' };
    const { snapshot: made } = await world.hands.take(JOB, undefined, new AbortController().signal);
    await stateOf(world.store, 'nightly').update((state) => ({ ...(state ?? never()), handled: now, running, owed: { since: now, tries: 1 } }));
    expect(await world.run(true)).toMatchObject({ state: 'not-due', interrupted: { snapshot: made.id } });
    expect(await world.view()).toMatchObject({ last: { end: 'done', snapshot: made.id }, newest: { snapshot: made.id } });
    expect(world.taken).toHaveLength(1);
  });

  it('that is stopped stays due; one that fails waits for its next time, and its end is on record', async () => {
    const world = await scene();
    await world.run(true);
    world.clock.at += 24 * HOUR;
    const stopping = new AbortController();
    const { take } = world.hands;
    world.hands.take = async () => {
      stopping.abort();
      throw new RunbackError('interrupted', 'stopped');
    };
    await expect(world.run(true, JOB, stopping.signal)).rejects.toMatchObject({ code: 'interrupted' });
    expect(await world.view()).toMatchObject({ due: true, last: { end: 'interrupted' } });
    world.hands.take = async () => await Promise.reject(new RunbackError('platform-unreachable', 'crm does not answer'));
    await expect(world.run(true)).rejects.toMatchObject({ code: 'platform-unreachable' });
    expect(await world.view()).toMatchObject({ due: false, last: { end: 'failed', error: { code: 'platform-unreachable' } } });
    world.hands.take = take;
    world.clock.at += 24 * HOUR;
    expect((await world.run(true)).state).toBe('taken');
    expect((await world.view()).last).toMatchObject({ end: 'done' });
  });

  it('that is killed each time counts as failed after three tries, and waits for its next time', async () => {
    const world = await scene();
    await world.run(true);
    world.clock.at += 24 * HOUR;
    const stopping = new AbortController();
    stopping.abort();
    world.hands.take = async () => await Promise.reject(new RunbackError('interrupted', 'stopped'));
    for (const due of [true, true, false]) {
      await expect(world.run(true, JOB, stopping.signal)).rejects.toMatchObject({ code: 'interrupted' });
      expect((await world.view()).due).toBe(due);
    }
    expect((await world.view()).last).toMatchObject({ end: 'failed', error: { message: 'It was interrupted 3 times' } });
  });

  it('goes on after a clock that was a year ahead was put back', async () => {
    const world = await scene('2027-11-20T12:00:00Z');
    await world.run(false);
    world.clock.at = Date.parse('2026-11-20T12:00:00Z');
    expect(await world.run(true)).toMatchObject({ state: 'not-due', clockBackMs: 365 * 24 * HOUR, next: '2026-11-21T02:30:00.000Z' });
    // Its snapshot lies in the future: nothing says how old it is.
    world.clock.at += 27 * HOUR;
    expect(await world.view()).toMatchObject({ due: true, late: true });
  });
});

describe('a job that fails or misses its target', () => {
  it('is told of once, for as long as it lasts, and again after it was well', async () => {
    const world = await scene();
    const told: string[] = [];
    const raise = async (): Promise<string | undefined> =>
      (
        await raiseJobAlarm({ ...world, by: 'maya' }, await world.view(), async (problem) => {
          told.push(problem);
          return `inc-${told.length}`;
        })
      )?.incident;
    await world.run(true);
    expect(await raise()).toBeUndefined();
    world.clock.at += 27 * HOUR;
    expect([await raise(), await raise(), told]).toEqual(['inc-1', 'inc-1', ['late']]);
    expect((await world.view()).incident).toBe('inc-1');
    await world.run(true);
    expect(await raise()).toBeUndefined();
    world.clock.at += 27 * HOUR;
    expect([await raise(), told]).toEqual(['inc-2', ['late', 'late']]);
  });

  it('without a target is told of where it has waited for an incident for more than a day, and well once that is closed', async () => {
    const { target: _target, ...job } = JOB;
    const world = await scene();
    const told: string[] = [];
    const raise = async (): Promise<void> =>
      void (await raiseJobAlarm({ ...world, by: 'maya' }, await world.view(job), async (problem) => {
        told.push(problem);
        return `inc-${told.length}`;
      }));
    await world.run(true, job);
    world.clock.at += 24 * HOUR;
    world.hands.incidentOn = async () => 'inc-forgotten';
    await world.run(true, job);
    await raise();
    world.clock.at += 24 * HOUR;
    await world.run(true, job);
    await raise();
    expect(told).toEqual([]);
    world.clock.at += HOUR;
    await world.run(true, job);
    await raise();
    await raise();
    expect(told).toEqual(['waits']);
    world.hands.incidentOn = async () => undefined;
    await world.run(true, job);
    await raise();
    expect([told, (await world.view(job)).incident]).toEqual([['waits'], undefined]);
  });

  it('whose base is damaged is told of, although its snapshot holds everything; the next good one ends that', async () => {
    const world = await scene();
    const { take } = world.hands;
    world.hands.take = async (...given) => ({
      ...(await take(...given)),
      base: { snapshot: 'snap-1', code: 'snapshot-damaged', message: 'Cannot read it' },
    });
    const told: string[] = [];
    const raise = async () =>
      await raiseJobAlarm({ ...world, by: 'maya' }, await world.view(), async (problem) => {
        told.push(problem);
        return 'inc-1';
      });
    await world.run(false);
    expect((await raise())?.incident).toBe('inc-1');
    world.hands.take = take;
    await world.run(false);
    expect([await raise(), told]).toEqual([undefined, ['base']]);
  });

  it('is told of again where the process ended before the incident was known', async () => {
    const world = await scene();
    await world.run(true);
    world.clock.at += 27 * HOUR;
    const view = await world.view();
    await expect(raiseJobAlarm({ ...world, by: 'maya' }, view, async () => await Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    expect((await raiseJobAlarm({ ...world, by: 'maya' }, view, async () => 'inc-1'))?.incident).toBe('inc-1');
  });
});

describe('the daemon', () => {
  const tickerOf = (world: Awaited<ReturnType<typeof makeWorld>>, job: JobConfig, started: Date[], once: boolean, end?: Promise<void>) => {
    const catalog = openCatalog({ dir: join(world.dir, '..', 'backups'), store: world.store, clock: world.clock });
    const hands: JobHands = {
      incidentOn: async () => undefined,
      metered: async () => [],
      resume: async () => [],
      take: async () => {
        started.push(world.clock.now());
        await end;
        const platform = memoryPlatform('crm', { objects: { contacts: people(2) } });
        const to = { dir: join(world.dir, '..', 'backups'), store: world.store, clock: world.clock };
        return { snapshot: await createSnapshot({ platforms: [platform], by: 'daemon', job: job.name }, to) };
      },
    };
    const deps = { store: world.store, clock: world.clock, catalog, by: 'daemon', signal: new AbortController().signal };
    const start = async (): Promise<void> => void (await runJob(job, deps, hands, { due: true }));
    return backupTicker({ clock: world.clock, works: async () => [jobWork(world.store, job, start)], once });
  };
  const every: JobConfig = {
    name: 'nightly',
    platforms: ['crm'],
    schedule: '30 2 * * *',
    timezone: 'Europe/Berlin',
    pause_syncs: false,
    incremental: true,
  };

  it('runs a job when its time comes, once for what was missed, and never two at a time', async () => {
    const world = await makeWorld();
    const started: Date[] = [];
    let go: () => void = () => {};
    const ticker = tickerOf(world, every, started, false, new Promise<void>((resolve) => (go = resolve)));
    const daemon = world.start({ tickers: [ticker] });
    await daemon.url;
    await until(async () => (await stateOf(world.store, 'nightly').read()) !== undefined);
    expect(started).toEqual([]);
    world.clock.forward(5 * 24 * HOUR);
    await until(() => started.length > 0);
    // It is at work for a day, and the next time passes.
    world.clock.forward(25 * HOUR);
    const before = world.outbox.ticks;
    await until(() => world.outbox.ticks > before + 2);
    expect(started).toHaveLength(1);
    go();
    await until(async () => (await stateOf(world.store, 'nightly').read())?.last?.end === 'done');
    await until(() => started.length === 2);
    await until(async () => (await stateOf(world.store, 'nightly').read())?.running === undefined);
    await daemon.stop();
  });

  it('does with --once what is due, across a day without 02:30 and one that has it twice', async () => {
    for (const [before, times] of [
      ['2026-03-28T12:00:00Z', ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']],
      ['2026-10-24T12:00:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
    ] as const) {
      const world = await makeWorld();
      const clock = world.clock;
      clock.forward(Date.parse(before) - clock.now().getTime());
      const started: Date[] = [];
      const ticker = tickerOf(world, every, started, true);
      // Cron calls it every ten minutes, for two nights.
      await ticker.tick(clock.now());
      for (let n = 0; n < 6 * 40; n += 1) {
        clock.forward(10 * MINUTE);
        await ticker.tick(clock.now());
      }
      expect(started.map((at) => at.toISOString().slice(0, 15))).toEqual(times.map((at) => at.slice(0, 15)));
    }
  });

  it('starts the other jobs where the state or alarm of one cannot be read, and fails with the name of that file', async () => {
    for (const [kind, starts] of [
      ['backup-jobs', ['other']],
      ['backup-alarms', ['nightly', 'other']],
    ] as const) {
      const world = await makeWorld({ policy: false });
      const started: string[] = [];
      const start = async (job: string): Promise<void> => void started.push(job);
      const works = async () => [every, { ...every, name: 'other' }].map((job) => jobWork(world.store, job, start));
      await world.store.document(kind, 'nightly').update(() => ({ version: 1 }));
      const path = join(world.store.location, 'documents', kind, 'nightly.json');
      await writeFile(path, '{}');
      const { tick } = backupTicker({ clock: world.clock, works, once: true });
      await expect(tick(world.clock.now())).rejects.toMatchObject({ code: 'backup-failing', why: expect.stringContaining(path) as string });
      expect(started).toEqual(starts);
    }
  });

  it('looks after a suspect snapshot that nobody was told of, and no longer once that was accepted or deleted', async () => {
    const world = await makeWorld({ policy: false });
    const started: string[] = [];
    const start = async (job: string): Promise<void> => void started.push(job);
    const now = world.clock.now().toISOString();
    const last = { run: 'backup-1', startedAt: now, endedAt: now, end: 'done', snapshot: 'snap-1', suspect: true } as const;
    await stateOf(world.store, 'nightly').update(() => ({ version: 1, firstSeen: now, handled: now, schedule: '30 2 * * * Europe/Berlin', last }));
    const notes = world.store.document('snapshot-notes', 'snap-1');
    for (const state of ['suspect', 'accepted', 'gone'] as const) {
      if (state === 'gone') await notes.delete();
      else await notes.update(() => ({ version: 1, pinned: false, watch: { state, at: now, why: ['half is gone'] } }));
      await backupTicker({ clock: world.clock, works: async () => [jobWork(world.store, every, start)], once: true }).tick(world.clock.now());
    }
    expect(started).toEqual(['nightly']);
  });

  it('sends no ping, and ends --once with an error, while something is wrong that no one was told of', async () => {
    const world = await makeWorld({ policy: false });
    const job = { ...every, target: '26h' };
    const ticker = tickerOf(world, job, [], true);
    await world.store.document('backup-alarms', 'nightly').update(() => ({ version: 1, problem: 'late', since: '2026-11-20T00:00:00Z' }));
    await expect(world.start({ tickers: [ticker], once: true }).ended).rejects.toMatchObject({ code: 'backup-failing' });
    await world.store
      .document('backup-alarms', 'nightly')
      .update(() => ({ version: 1, problem: 'late', since: '2026-11-20T00:00:00Z', incident: 'inc-1' }));
    await expect(world.start({ tickers: [ticker], once: true }).ended).resolves.toBeUndefined();
  });
});

function never(): never {
  throw new Error('the job has no state');
}
