import { afterEach, expect, test } from 'vitest';

import { HOUR_MS, openWatched, type Watched } from './support.js';

let watched: Watched | undefined;
afterEach(async () => {
  await watched?.stop();
});

const tickEvery = async ({ clock, monitoring }: Watched, ms: number, until: number, each: () => void = () => undefined): Promise<void> => {
  while (clock.now().getTime() < until) {
    clock.advance(ms);
    each();
    if (await monitoring.isDue(clock.now())) await monitoring.tick();
  }
};

test('the quota of the day: the incident is open three hours before the calls are used up', async () => {
  watched = await openWatched('monitors: { quota: { forecast: crm.daily, every: 30m } }', {
    perDay: 1000,
    limits: '{ monitor_calls_per_day: 100 }',
    start: '2026-03-02T06:00:00Z',
  });
  const { sandbox, clock, incidents } = watched;
  let exhaustedAt: number | undefined;
  let openedAt: number | undefined;
  const { token, url } = sandbox;
  // Others use ever more of it: after two hours, 120 calls an hour of a day of 1,000.
  for (let n = 0; n < 48 && exhaustedAt === undefined; n += 1) {
    clock.advance(HOUR_MS / 4);
    const calls = n < 8 ? 5 : 30;
    for (let call = 0; call < calls; call += 1) {
      clock.advance(150);
      const { status } = await fetch(`${url}/crm/v3/objects/contacts?limit=1`, { headers: { authorization: `Bearer ${token}` } });
      if (status === 429) exhaustedAt ??= clock.now().getTime();
    }
    if (await watched.monitoring.isDue(clock.now())) await watched.monitoring.tick();
    if (openedAt === undefined && (await incidents.listOpen()).length > 0) openedAt = clock.now().getTime();
  }
  expect(exhaustedAt).toBeDefined();
  expect(openedAt).toBeDefined();
  const hours = ((exhaustedAt ?? 0) - (openedAt ?? 0)) / HOUR_MS;
  console.log(`forecast ${hours.toFixed(1)} h before exhaustion`);
  expect(hours).toBeGreaterThanOrEqual(3);
  expect(await incidents.listOpen()).toHaveLength(1);
});

test('an expired token is one incident, within two rounds, and what follows from it is silenced', async () => {
  watched = await openWatched(
    'monitors: { people: { count: crm/contacts created }, quota: { forecast: crm.daily, every: 15m }, fields: { schema: crm/contacts, every: 15m } }',
    { limits: '{ monitor_calls_per_day: 5000 }' },
  );
  const { sandbox, clock, incidents } = watched;
  await tickEvery(watched, 15 * 60_000, clock.now().getTime() + 2 * HOUR_MS);
  expect(await incidents.list()).toEqual([]);
  sandbox.faults.add({ kind: 'expire-token' });
  await tickEvery(watched, 15 * 60_000, clock.now().getTime() + HOUR_MS / 2);
  const [open, ...others] = await incidents.listOpen();
  expect(others).toEqual([]);
  expect(open?.title).toContain('no longer accepts the credentials');
  await tickEvery(watched, 15 * 60_000, clock.now().getTime() + 12 * HOUR_MS);
  expect(await incidents.list()).toHaveLength(1);
  const incident = await incidents.read(open?.id ?? '');
  expect(incident.found).toMatchObject({ platform: 'crm', syncs: ['feed'] });
  sandbox.renewToken();
  await tickEvery(watched, 15 * 60_000, clock.now().getTime() + 14 * HOUR_MS);
  expect((await incidents.read(incident.id)).timeline.at(-1)?.text).toContain('well again');
  expect((await watched.state())?.alerts.open).toEqual([]);
});
