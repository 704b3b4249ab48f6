import { afterEach, expect, test } from 'vitest';

import { seed } from '../../connectors/hubspot-support.js';
import { HOUR_MS, openWatched, type Watched } from './support.js';

let watched: Watched | undefined;
afterEach(async () => {
  await watched?.stop();
});

const CREATED = 'monitors: { people: { count: crm/contacts created } }';
const SERIES = 'people crm/contacts created';
let made = 0;
const create = (n: number): void =>
  void seed(
    watched?.sandbox ?? expect.fail('no sandbox'),
    'contacts',
    Array.from({ length: n }, () => ({ email: `a${String((made += 1))}@example.com` })),
  );

/** To a time in the hour that begins `hours` later. */
const toHour = (hours: number, minutes = 2): void => {
  const { clock } = watched ?? expect.fail('no clock');
  clock.advance(Math.floor(clock.now().getTime() / HOUR_MS) * HOUR_MS + hours * HOUR_MS + minutes * 60_000 - clock.now().getTime());
};

test('what is created in an hour is counted when it has ended, once, however often it is looked at', async () => {
  watched = await openWatched(CREATED, { limits: '{ monitor_calls_per_day: 40 }' });
  create(3);
  toHour(1);
  const { monitoring } = watched;
  expect(await monitoring.isDue(watched.clock.now())).toBe(true);
  await monitoring.tick();
  expect((await watched.hours(SERIES)).at(-1)).toBe(3);
  expect(await monitoring.isDue(watched.clock.now())).toBe(false);
  const before = await watched.hours(SERIES);
  await monitoring.tick({ all: true });
  await watched.again().tick({ all: true });
  expect(await watched.hours(SERIES)).toEqual(before);
  create(2);
  toHour(1);
  expect(await monitoring.isDue(watched.clock.now())).toBe(true);
  await monitoring.tick();
  expect((await watched.hours(SERIES)).slice(-2)).toEqual([3, 2]);
});

test('hours that nobody looked at are counted later, and an hour without anything is 0 and not unknown', async () => {
  watched = await openWatched(CREATED, { limits: '{ monitor_calls_per_day: 40 }' });
  toHour(1);
  await watched.monitoring.tick();
  create(4);
  toHour(1);
  toHour(1);
  create(1);
  toHour(3);
  await watched.monitoring.tick();
  expect((await watched.hours(SERIES)).slice(-5)).toEqual([4, 0, 1, 0, 0]);
});

test('a new series begins with the past, as far as what is left of the day goes', async () => {
  watched = await openWatched(CREATED);
  create(5);
  toHour(30);
  await watched.monitoring.tick();
  const hours = await watched.hours(SERIES);
  expect(hours).toHaveLength(25);
  await watched.monitoring.tick({ all: true });
  const more = await watched.hours(SERIES);
  expect(more.length).toBeGreaterThan(hours.length);
  expect(more.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(5);
});

test('of what was changed, an hour that nobody looked at in time stays unknown', async () => {
  watched = await openWatched('monitors: { edits: { count: crm/contacts changed } }');
  create(2);
  toHour(1);
  await watched.monitoring.tick();
  toHour(2, 30);
  await watched.monitoring.tick();
  create(1);
  toHour(1);
  await watched.monitoring.tick();
  expect(await watched.hours('edits crm/contacts changed')).toEqual([2, null, null, 1]);
});

test('by writer, only what that app created', async () => {
  watched = await openWatched(
    'monitors: { imports: { count: "crm/contacts created by IMPORT:77" }, others: { count: "crm/contacts created by INTEGRATION:5" } }',
    {
      limits: '{ monitor_calls_per_day: 20 }',
    },
  );
  create(2);
  toHour(1);
  await watched.monitoring.tick();
  expect((await watched.hours('imports crm/contacts created by IMPORT:77')).at(-1)).toBe(2);
  expect((await watched.hours('others crm/contacts created by INTEGRATION:5')).at(-1)).toBe(0);
});

test('calls stay inside the budget of the day and are counted as the platform counts them; what did not fit is unknown, never 0', async () => {
  watched = await openWatched(
    'monitors: { people: { count: crm/contacts created }, edits: { count: crm/contacts changed }, quota: { forecast: crm.daily, every: 5m } }',
    {
      limits: '{ monitor_calls_per_day: 60 }',
      start: '2026-03-02T00:00:00Z',
    },
  );
  watched.sandbox.resetCounts();
  while (watched.clock.now().getTime() < Date.parse('2026-03-02T23:50:00Z')) {
    watched.clock.advance(5 * 60_000);
    if (await watched.monitoring.isDue(watched.clock.now())) await watched.monitoring.tick();
  }
  const { requests } = watched.sandbox.counts();
  const state = await watched.state();
  expect(requests).toBeLessThanOrEqual(60);
  expect(requests).toBeGreaterThan(50);
  expect(Math.abs((state?.spent['crm']?.used ?? 0) - requests) / requests).toBeLessThanOrEqual(0.01);
  const quota = (await watched.days.read('2026-03-02')).get('quota crm')?.events ?? [];
  expect(quota.at(-1)).toMatchObject({ kind: 'unmeasured', why: expect.stringContaining('60 calls') as string });
  // The next day begins with nothing.
  watched.clock.advance(15 * 60_000);
  await watched.monitoring.tick();
  expect((await watched.state())?.spent['crm']?.used).toBeLessThan(45);
});
