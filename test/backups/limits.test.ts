import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { backupTicker, jobWork, type JobHands, jobViews, raiseJobAlarm, runJob } from '../../src/backups/index.js';
import { type MeteredPlatform, quotaWait } from '../../src/backups/jobs/limits.js';
import { dailyQuotaOf } from '../../src/connectors/hubspot/wire/daily-quota.js';
import type { DailyQuota, Usage } from '../../src/connectors/index.js';
import { type Clock, windowAt } from '../../src/lib/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import type { JobConfig } from '../../src/workspace/index.js';
import { memoryPlatform, people } from '../snapshots/memory-platform.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

const NIGHT = { from: '22:00', to: '06:00' };
const BERLIN = 'Europe/Berlin';
const job: JobConfig = {
  name: 'nightly',
  platforms: ['crm'],
  schedule: '0 12 * * *',
  timezone: 'UTC',
  pause_syncs: false,
  incremental: false,
};

const at = (time: string, window = NIGHT, zone = BERLIN) => {
  const state = windowAt(window, zone, new Date(time));
  return state.isOpen ? `until ${state.closes.toISOString()}` : `from ${state.opens?.toISOString() ?? 'never'}`;
};

describe('a window', () => {
  it('goes over midnight, is open at its first instant and closed at its last', () => {
    expect(at('2026-11-20T20:59:59.999Z')).toBe('from 2026-11-20T21:00:00.000Z');
    expect(at('2026-11-20T21:00:00Z')).toBe('until 2026-11-21T05:00:00.000Z');
    expect(at('2026-11-21T04:59:59.999Z')).toBe('until 2026-11-21T05:00:00.000Z');
    expect(at('2026-11-21T05:00:00Z')).toBe('from 2026-11-21T21:00:00.000Z');
    expect(at('2026-11-21T10:00:00Z', { from: '09:00', to: '17:00' })).toBe('until 2026-11-21T16:00:00.000Z');
  });

  it('is an hour shorter in the night when the clocks go forward, and an hour longer when they go back', () => {
    expect(at('2026-03-28T22:00:00Z')).toBe('until 2026-03-29T04:00:00.000Z');
    expect(at('2026-10-24T22:00:00Z')).toBe('until 2026-10-25T05:00:00.000Z');
  });

  it('takes an end that is skipped as the moment of the jump, and of one that comes twice the first', () => {
    expect(at('2026-03-29T00:30:00Z', { from: '01:30', to: '02:30' })).toBe('until 2026-03-29T01:00:00.000Z');
    expect(at('2026-10-25T00:10:00Z', { from: '01:30', to: '02:30' })).toBe('until 2026-10-25T00:30:00.000Z');
    expect(at('2026-10-25T01:10:00Z', { from: '02:30', to: '04:00' })).toBe('until 2026-10-25T03:00:00.000Z');
    // Nothing of it is shown on that day.
    expect(at('2026-03-29T00:59:00Z', { from: '02:10', to: '02:50' })).toBe('from 2026-03-30T00:10:00.000Z');
  });
});

/** A job whose clock moves when something sleeps, and a platform that says what it allows in a day. */
async function scene(start: string) {
  const clock: Clock & { at: number } = {
    at: Date.parse(start),
    now: () => new Date(clock.at),
    monotonicMs: () => clock.at,
    sleep: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      clock.at += ms;
    },
  };
  const { store } = await temporaryStore(clock);
  const dir = join(await temporaryFolder(), 'backups');
  const catalog = openCatalog({ dir, store, clock });
  const platform: { quota: DailyQuota | undefined; usage: Usage; asked: number } = {
    quota: { limit: 1000, used: 0 },
    usage: { requests: 0, retries: 0, limited: 0 },
    asked: 0,
  };
  const metered: MeteredPlatform = {
    platform: 'crm',
    get quota() {
      return platform.quota;
    },
    usage: () => platform.usage,
  };
  const taken: string[] = [];
  const hands: { -readonly [K in keyof JobHands]: JobHands[K] } = {
    incidentOn: async () => undefined,
    resume: async () => [],
    metered: async () => {
      platform.asked += 1;
      return [metered];
    },
    take: async ({ name }) => {
      const made = await createSnapshot(
        { platforms: [memoryPlatform('crm', { objects: { contacts: people(2) } })], by: 'maya', job: name },
        { dir, store, clock },
      );
      taken.push(made.id);
      return { snapshot: made, requests: { crm: 300 } };
    },
  };
  const signal = new AbortController().signal;
  return {
    clock,
    store,
    hands,
    platform,
    taken,
    run: async (due: boolean, config: JobConfig = job) => await runJob(config, { store, clock, catalog, by: 'maya', signal }, hands, { due }),
    view: async (config: JobConfig = job) => (await jobViews([config], { store, clock, catalog })).views[0],
  };
}

/** Taking a snapshot that never comes to its end by itself. */
const endless: JobHands['take'] = async (_job, _pause, signal) =>
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('the request was cut off'))));

describe('a job with a window', () => {
  const windowed = { ...job, window: NIGHT };

  it('that is due outside of it waits for the opening, says so, and tells nobody', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true, windowed);
    world.clock.at = Date.parse('2026-11-20T12:01:00Z');
    expect(await world.run(true, windowed)).toEqual({ state: 'waits', window: { opens: '2026-11-20T22:00:00.000Z' } });
    const view = await world.view(windowed);
    expect(view).toMatchObject({
      due: true,
      next: '2026-11-20T22:00:00.000Z',
      waits: { since: '2026-11-20T12:00:00.000Z', window: { opens: '2026-11-20T22:00:00.000Z' } },
      window: { from: '22:00', to: '06:00', isOpen: false },
    });
    world.clock.at = Date.parse('2026-11-22T12:01:00Z');
    expect(await raiseJobAlarm({ ...world, by: 'maya' }, (await world.view(windowed)) ?? never(), async () => never())).toBeUndefined();
    world.clock.at = Date.parse('2026-11-22T22:00:00Z');
    expect((await world.run(true, windowed)).state).toBe('taken');
    expect(await world.view(windowed)).not.toHaveProperty('waits');
  });

  it('is not started by the daemon before it opens', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true, windowed);
    const started: string[] = [];
    const start = async (): Promise<void> => void started.push(world.clock.now().toISOString());
    const ticker = backupTicker({ clock: world.clock, works: async () => [jobWork(world.store, windowed, start)], once: true });
    for (const time of ['2026-11-20T12:01:00Z', '2026-11-20T21:59:59Z', '2026-11-20T22:00:00Z']) {
      world.clock.at = Date.parse(time);
      await ticker.tick(world.clock.now());
    }
    expect(started).toEqual(['2026-11-20T22:00:00.000Z']);
  });

  it('is run outside of it by a person, who is told, and is not stopped then', async () => {
    const world = await scene('2026-11-20T21:59:00Z');
    expect(await world.run(false, windowed)).toMatchObject({ state: 'taken', outside: { opens: '2026-11-20T22:00:00.000Z' } });
  });

  it('is stopped when it closes, and counts as failed with the reason', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true, windowed);
    world.clock.at = Date.parse('2026-11-21T05:59:30Z');
    world.hands.take = endless;
    await expect(world.run(true, windowed)).rejects.toMatchObject({ code: 'backup-stopped', exitCode: 1 });
    expect(world.clock.at).toBe(Date.parse('2026-11-21T06:00:00Z'));
    expect(await world.view(windowed)).toMatchObject({ due: false, last: { end: 'failed', error: { code: 'backup-stopped' } } });
  });
});

describe('a job on a platform that counts requests by the day', () => {
  it('begins where it leaves half of them to others, by what its last run took', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true);
    world.clock.at += 2 * 3_600_000;
    expect(await world.run(true)).toMatchObject({ state: 'taken', quotas: [{ platform: 'crm', limit: 1000, used: 0 }] });
    expect(await world.view()).toMatchObject({ requests: { crm: 300 } });
    world.clock.at += 24 * 3_600_000;
    world.platform.quota = { limit: 1000, used: 201, resets: new Date('2026-11-22T05:00:00Z') };
    expect(await world.run(true)).toMatchObject({
      state: 'waits',
      quota: { platform: 'crm', limit: 1000, used: 201, needs: 300, until: '2026-11-22T05:00:00.000Z' },
    });
    expect(await world.view()).toMatchObject({ due: true, waits: { quota: { used: 201, needs: 300 } } });
    // As long as it waits, nothing is asked.
    const { asked } = world.platform;
    expect((await world.run(true)).state).toBe('waits');
    expect(world.platform.asked).toBe(asked);
    world.clock.at = Date.parse('2026-11-22T05:00:00Z');
    world.platform.quota = { limit: 1000, used: 200 };
    expect((await world.run(true)).state).toBe('taken');
    expect(world.taken).toHaveLength(2);
  });

  it('is run by a person all the same, who is told', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    world.platform.quota = { limit: 1000, used: 700 };
    expect(await world.run(false)).toMatchObject({ state: 'taken', quota: { used: 700 } });
  });

  it('is stopped at the line: by what the answers say, and where they say nothing by what it sent itself', async () => {
    for (const [used, over] of [
      [0, { requests: 900, daily: { limit: 1000, left: 499 } }],
      [300, { requests: 201 }],
    ] as const) {
      const world = await scene('2026-11-20T11:00:00Z');
      await world.run(true);
      world.clock.at += 2 * 3_600_000;
      world.platform.quota = { limit: 1000, used };
      world.hands.take = async (...given) => {
        world.platform.usage = { ...over, retries: 0, limited: 0 };
        return await endless(...given);
      };
      await expect(world.run(true)).rejects.toMatchObject({ code: 'backup-stopped' });
      expect(world.taken).toEqual([]);
    }
  });

  it('is not stopped by what was used on the day before', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true);
    world.clock.at = Date.parse('2026-11-20T23:59:59Z');
    world.platform.quota = { limit: 1000, used: 450, resets: new Date('2026-11-21T00:00:00Z') };
    const { take } = world.hands;
    world.hands.take = async (...given) => {
      world.clock.at += 1000;
      world.platform.usage = { requests: 100, retries: 0, limited: 0 };
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      given[2].throwIfAborted();
      return await take(...given);
    };
    expect((await world.run(true)).state).toBe('taken');
  });

  it('goes on where it says nothing, and the outcome names it', async () => {
    const world = await scene('2026-11-20T11:00:00Z');
    await world.run(true);
    world.clock.at += 2 * 3_600_000;
    world.platform.quota = undefined;
    expect(await world.run(true)).toMatchObject({ state: 'taken', quotas: [{ platform: 'crm' }] });
    expect(quotaWait([{ platform: 'crm', needs: 5000 }], new Date())).toBeUndefined();
  });
});

describe('what HubSpot says of its day', () => {
  const now = new Date('2026-11-20T06:46:40Z');
  const told = (more: object) => ({ results: [{ name: 'private-apps-api-calls-daily', usageLimit: 500_000, currentUsage: 1, ...more }] });

  it('is taken from the headers where they are there, which are fresher, and its end from the answer', () => {
    const body = told({ fetchStatus: 'CACHED', resetsAt: '2026-11-21T05:00:00Z' });
    expect(dailyQuotaOf(body, { limit: 500_000, left: 499_000 }, now)).toEqual({
      limit: 500_000,
      used: 1000,
      resets: new Date('2026-11-21T05:00:00Z'),
    });
    expect(dailyQuotaOf(body, undefined, now)).toMatchObject({ limit: 500_000, used: 1 });
  });

  it('is unknown where HubSpot did not find it out, or answers something else', () => {
    for (const body of [told({ fetchStatus: 'TIMEOUT' }), told({ currentUsage: null }), { results: [] }, '<html>', undefined])
      expect(dailyQuotaOf(body, undefined, now)).toBeUndefined();
  });

  it('ends in the future, also where the answer names the midnight that was', () => {
    expect(dailyQuotaOf(told({ resetsAt: '2026-11-20T05:00:00Z' }), undefined, now)?.resets).toEqual(new Date('2026-11-21T05:00:00Z'));
    expect(dailyQuotaOf(told({ resetsAt: 'soon' }), undefined, now)).not.toHaveProperty('resets');
  });
});

function never(): never {
  throw new Error('not reached');
}
