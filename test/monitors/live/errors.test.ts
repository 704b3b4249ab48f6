import { afterEach, expect, test } from 'vitest';

import { CallCounts, keepCounts } from '../../../src/calls/index.js';
import type { LastRun } from '../../../src/syncs/index.js';
import { HOUR_MS, openWatched, type Watched } from './support.js';

/** What a user would lose: a restore or a sync of which every third call fails would count as well, since monitors' own calls go well. */

let watched: Watched | undefined;
afterEach(async () => {
  await watched?.stop();
});

const ERRORS = 'monitors: { errors: { ratio: errors/calls, above: 5%, at_least: 5 } }';
const hoursOf = async ({ days }: Watched, series: string): Promise<readonly string[]> => {
  const { values = [], of = [] } = (await days.read('2026-01-01')).get(series)?.hours ?? {};
  return values.map((value, n) => (value === null ? '' : `${String(value)}/${String(of[n])}`));
};

/** Calls that another process of the workspace made and told of. */
async function others({ store, clock }: Watched, calls: Readonly<Record<string, number>>, call = 'update', hoursAgo = 0): Promise<void> {
  const counts = new CallCounts(() => new Date(clock.now().getTime() - hoursAgo * HOUR_MS));
  for (const [outcome, count] of Object.entries(calls)) counts.note({ at: 'crm', call, of: 'contacts', outcome, count });
  await keepCounts(store, counts);
}

test('what other processes of the workspace were answered is in the share, and becomes an incident of the platform', async () => {
  watched = await openWatched(ERRORS);
  const { clock, monitoring, incidents } = watched;
  await monitoring.tick();
  for (let hour = 0; hour < 3; hour += 1) {
    await others(watched, { ok: 80, 'unique-taken': 15, moved: 5 });
    await others(watched, { ok: 12, retried: 4 }, 'request');
    clock.advance(HOUR_MS + 2 * 60_000);
    expect(await monitoring.isDue(clock.now())).toBe(true);
    await monitoring.tick();
  }
  // Repeats are calls and errors; what was changed in the meantime is none, and requests are not counted a second time.
  expect((await hoursOf(watched, 'errors crm')).slice(-3)).toEqual(['19/104', '19/104', '19/104']);
  const [open, ...more] = await incidents.listOpen();
  expect(more).toEqual([]);
  expect(open?.title).toBe('crm fails too often');
  expect((await incidents.read(open?.id ?? '')).found).toMatchObject({ platform: 'crm', syncs: ['feed'], monitors: ['errors'] });
});

test('an hour without a call is nothing of nothing, so that quiet days are neither well known nor missed', async () => {
  watched = await openWatched(ERRORS);
  const { clock, monitoring, incidents } = watched;
  for (let hour = 0; hour < 20; hour += 1) {
    clock.advance(HOUR_MS);
    if (await monitoring.isDue(clock.now())) await monitoring.tick();
  }
  expect(new Set(await hoursOf(watched, 'errors crm'))).toEqual(new Set(['0/0']));
  expect(await incidents.list()).toEqual([]);
  expect((await watched.state())?.standings['errors crm']?.judgement.state).toBe('well');
});

test('a command that tells only at its end changes the hours in which it called', async () => {
  watched = await openWatched(ERRORS);
  const { clock, monitoring } = watched;
  clock.advance(5 * HOUR_MS);
  await monitoring.tick();
  await others(watched, { ok: 40, 'platform-unreachable': 60 }, 'read', 3);
  clock.advance(HOUR_MS);
  await monitoring.tick();
  expect((await hoursOf(watched, 'errors crm')).slice(-4)).toEqual(['60/100', '0/0', '0/0', '0/0']);
});

const OF_SYNC = 'monitors: { rejected: { ratio: errors/calls, of: feed, above: 5%, at_least: 5 } }';

test('of a sync the records count that its tool could not write, each run once, whichever process looks', async () => {
  let run: LastRun | undefined;
  watched = await openWatched(OF_SYNC, { reach: { lastRun: async () => await Promise.resolve(run) } });
  const { clock, monitoring, incidents } = watched;
  const ended = (records: number, errors: number): void => void (run = { ended: clock.now().toISOString(), records, errors });
  await monitoring.tick();
  expect(await hoursOf(watched, 'rejected feed')).toEqual(['0/0']);
  for (const errors of [0, 30, 30]) {
    clock.advance(16 * 60_000);
    ended(100, errors);
    await monitoring.tick();
    await watched.again().tick({ all: true });
    await monitoring.tick({ all: true });
  }
  expect(await hoursOf(watched, 'rejected feed')).toEqual(['0/0', '60/300']);
  clock.advance(HOUR_MS);
  ended(100, 25);
  await monitoring.tick();
  clock.advance(HOUR_MS);
  await monitoring.tick();
  expect(await hoursOf(watched, 'rejected feed')).toEqual(['0/0', '60/300', '25/100']);
  const [open, ...more] = await incidents.listOpen();
  expect(more).toEqual([]);
  expect(open?.title).toBe('feed fails too often');
  expect((await incidents.read(open?.id ?? '')).found).toMatchObject({ platform: 'crm', syncs: ['feed'] });
});

test('of a tool that counts no records, the runs count; one that tells nothing cannot be measured', async () => {
  let run: LastRun | 'untold' | undefined;
  watched = await openWatched(OF_SYNC, { reach: { lastRun: async () => await Promise.resolve(run) } });
  const { clock, monitoring } = watched;
  for (let n = 0; n < 4; n += 1) {
    run = { ended: clock.now().toISOString(), ...(n % 2 === 1 && { failed: true }) };
    await monitoring.tick();
    clock.advance(15 * 60_000);
  }
  expect((await hoursOf(watched, 'rejected feed')).at(-1)).toBe('2/4');
  run = 'untold';
  await monitoring.tick();
  const events = (await watched.days.read('2026-03-02')).get('rejected feed')?.events ?? [];
  expect(events.at(-1)).toMatchObject({ kind: 'unmeasured', why: 'The controller of feed does not tell when it ran last.' });
});

test('a paused sync silences its own part of a ratio, and not that of the platforms next to it', async () => {
  watched = await openWatched('monitors: { errors: { ratio: errors/calls, of: [crm, feed], above: 5%, at_least: 5 } }', {
    reach: { paused: async () => await Promise.resolve(new Set(['feed'])) },
  });
  const { clock, monitoring } = watched;
  await monitoring.tick();
  await others(watched, { ok: 50, 'auth-refused': 50 });
  clock.advance(HOUR_MS);
  await monitoring.tick();
  const { standings } = (await watched.state()) ?? {};
  expect(standings?.['errors crm']?.judgement).toMatchObject({ state: 'wrong', finding: 'errors' });
  expect(standings?.['errors feed']?.judgement).toMatchObject({ state: 'well', says: expect.stringContaining('paused') as string });
});
