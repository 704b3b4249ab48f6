import { afterEach, beforeEach, expect, it } from 'vitest';

import { measurementOf } from '../../../src/monitors/canary/index.js';
import { randomFrom } from '../../checks/history.js';
import { seedOf } from '../../support/seeds.js';
import { fullSweeps } from '../../support/sweeps.js';
import { apiWrites, type CanaryWorld, openCanaryWorld, restOf } from './world.js';

// A user would lose: the trust that a test in production writes to nothing but its own record.

const DAY_MS = 86_400_000;
const EVERY_MS = fullSweeps ? 900_000 : 3 * 3_600_000;
const PERSON = { kind: 'person', id: '77' } as const;

let world: CanaryWorld;
beforeEach(async () => {
  world = await openCanaryWorld();
});
afterEach(async () => await world.close());

/** What people and time do to the canary, and what has to be told of it. */
const EVENTS: readonly { readonly does: (of: CanaryWorld) => void; readonly undoes: (of: CanaryWorld) => void; readonly told: string }[] = [
  {
    does: ({ crm, keys }) => crm.writeAs(PERSON).update('Contact', keys.crm, { HasOptedOutOfEmail: 'false' }),
    undoes: ({ crm, keys }) => crm.writeAs(PERSON).update('Contact', keys.crm, { HasOptedOutOfEmail: 'true' }),
    told: 'subscribed',
  },
  {
    does: ({ map }) => void map.faults.add({ kind: 'unauthorized', times: null }),
    undoes: ({ map }) => map.faults.clear(),
    told: 'authorization',
  },
  {
    does: ({ crm, keys }) => crm.writeAs(PERSON).update('Contact', keys.crm, { LastName: 'Somebody' }),
    undoes: ({ crm, keys }) => crm.writeAs(PERSON).update('Contact', keys.crm, { LastName: 'runback-canary-contacts' }),
    told: 'not-the-record',
  },
  {
    does: (of) => void (of.sync = undefined),
    undoes: (of) => void (of.sync = { lagMs: 20_000, make: (given) => given }),
    told: 'not-arrived',
  },
];

it(`thirty days: nothing but the canary record is written to, each time after it was read, and every trouble is told by the next run`, async () => {
  const random = randomFrom(seedOf());
  const rest = restOf(world);
  const begin = world.clock.now().getTime();
  const told = new Map<string, number>();
  let runs = 0;
  let reads = 0;
  world.crm.onRequest(({ path }) => {
    if (/composite\/sobjects\/Contact/u.test(path)) reads += 1;
  });
  let event: (typeof EVENTS)[number] | undefined;
  while (world.clock.now().getTime() < begin + 30 * DAY_MS) {
    const at = world.clock.now().getTime();
    const wasIn = event !== undefined;
    if (event === undefined && random() < 0.05) {
      event = EVENTS[Math.floor(random() * EVENTS.length)];
      event?.does(world);
    }
    const [before, seen] = [apiWrites(world).length, reads];
    const result = await world.run();
    runs += 1;
    const wrote = apiWrites(world).length - before;
    expect(wrote).toBeLessThanOrEqual(1);
    expect(wrote).toBe(result.wrote ? 1 : 0);
    if (wrote > 0) expect(reads).toBeGreaterThan(seen);
    if (event === undefined) expect(result).toMatchObject({ verdict: 'arrived' });
    else {
      expect(result.because).toBe(event.told);
      expect(measurementOf(result)).not.toMatchObject({ passed: true });
      told.set(event.told, (told.get(event.told) ?? 0) + 1);
      if (wasIn || random() < 0.5) {
        event.undoes(world);
        event = undefined;
      }
    }
    await world.clock.sleep(Math.max(0, at + EVERY_MS - world.clock.now().getTime()));
  }
  event?.undoes(world);
  const record = `update Contact ${world.keys.crm}`;
  expect(new Set(apiWrites(world))).toEqual(new Set([record]));
  expect(world.map.writes().filter(({ request }) => request !== undefined)).toEqual([]);
  expect(restOf(world)).toBe(rest);
  expect(runs).toBeGreaterThanOrEqual(200);
  console.log(`${runs} runs in 30 days, ${apiWrites(world).length} writes, all to the canary; told: ${JSON.stringify(Object.fromEntries(told))}`);
}, 900_000);
