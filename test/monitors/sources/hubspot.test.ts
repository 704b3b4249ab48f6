import { afterEach, expect, test } from 'vitest';

import { type HubSpotSandbox, type HubSpotSandboxOptions, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { seed, SharedClock } from '../../connectors/hubspot-support.js';
import { HOUR_MS, MINUTE_MS, openWorld, type World } from './world.js';

/** What a user would lose: an index that lags is not a sync that stands still, and a cap of a search no number of records. */

let sandbox: HubSpotSandbox | undefined;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  await sandbox?.stop();
});

const START = Date.parse('2026-03-02T08:02:00Z');
const NEW = 'new crm/contacts created';
let made = 0;

async function open(options: HubSpotSandboxOptions, calls = 500): Promise<{ sandbox: HubSpotSandbox; clock: SharedClock; world: World }> {
  const clock = new SharedClock(START);
  sandbox = await startHubSpotSandbox({ clock, ...options });
  world = await openWorld({
    clock,
    secrets: { 'env:TOKEN': sandbox.token },
    config: `platforms: { crm: { connector: hubspot, environment: sandbox, url: ${sandbox.url}, credentials: { token: env:TOKEN }, objects: [contacts], limits: { monitor_calls_per_day: ${String(calls)} } } }
monitors: { new: { count: crm/contacts created } }`,
  });
  return { sandbox, clock, world };
}

const create = (account: HubSpotSandbox, n: number): void =>
  void seed(
    account,
    'contacts',
    Array.from({ length: n }, () => ({ email: `a${String((made += 1))}@example.com` })),
  );

test('what an index that lags by twenty minutes shows late is in its hour when the next one is counted', async () => {
  const opened = await open({ searchLagMs: 20 * MINUTE_MS });
  const { monitoring, hours } = opened.world;
  opened.clock.advance(28 * MINUTE_MS);
  create(opened.sandbox, 5);
  opened.clock.advance(25 * MINUTE_MS);
  create(opened.sandbox, 7);
  opened.clock.advance(7 * MINUTE_MS);
  await monitoring.tick();
  expect((await hours(NEW)).at(-1)).toBe(5);
  opened.clock.advance(HOUR_MS);
  await monitoring.tick();
  expect((await hours(NEW)).slice(-2)).toEqual([12, 0]);
});

test.each([false, true])(
  'an hour of 10,000 records and more is counted whole, where the total of a search stops there: %s',
  async (cappedSearchTotal) => {
    for (const n of [10_000, 12_500]) {
      const opened = await open({ cappedSearchTotal, limits: { perDay: 1_000_000 } }, 12);
      for (let left = n; left > 0; left -= 1000) {
        create(opened.sandbox, Math.min(left, 1000));
        opened.clock.advance(MINUTE_MS);
      }
      opened.clock.advance(HOUR_MS - (opened.clock.now().getTime() % HOUR_MS) + 2 * MINUTE_MS);
      await opened.world.monitoring.tick();
      expect((await opened.world.hours(NEW)).at(-1)).toBe(n);
      await opened.world.close();
      await opened.sandbox.stop();
    }
  },
);
