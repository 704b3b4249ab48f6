import { afterEach, expect, test } from 'vitest';

import type { Clock } from '../../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { PERSON } from '../../connectors/salesforce/support.js';
import { HOUR_MS, MINUTE_MS, openWorld, type World } from './world.js';

/** What a user would lose: see the tests of PostgreSQL; and the calls of a day that others need. */

let sandbox: SalesforceSandbox | undefined;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  await sandbox?.stop();
});

const START = Date.parse('2026-03-02T08:02:00Z');
const NEW = 'new crm/Contact created';

/** The same time as another clock shows, some milliseconds ahead of it. */
const ahead = (clock: SharedClock, ms: number): Clock => ({
  now: () => new Date(clock.now().getTime() + ms),
  monotonicMs: () => clock.monotonicMs(),
  sleep: async (span, signal) => await clock.sleep(span, signal),
});

async function open(
  monitors: string,
  { aheadMs = 0, limits = '{ monitor_calls_per_day: 500 }' } = {},
): Promise<{ sandbox: SalesforceSandbox; clock: SharedClock; world: World }> {
  const clock = new SharedClock(START);
  sandbox = await startSalesforceSandbox({ clock });
  world = await openWorld({
    clock: ahead(clock, aheadMs),
    secrets: { 'env:TOKEN': sandbox.token },
    config: `platforms: { crm: { connector: salesforce, environment: sandbox, url: ${sandbox.url}, credentials: { token: env:TOKEN }, objects: [Contact, Account], limits: ${limits} } }
monitors: ${monitors}`,
  });
  return { sandbox, clock, world };
}

/** Contacts that were created at times of the hour that began `hoursAgo` before the present one. */
function create(
  { sandbox: account, clock }: { sandbox: SalesforceSandbox; clock: SharedClock },
  hoursAgo: number,
  minutes: readonly number[],
): string[] {
  const hour = Math.floor(clock.now().getTime() / HOUR_MS) * HOUR_MS - hoursAgo * HOUR_MS;
  return minutes.map((minute) => account.writeAs(PERSON).create('Contact', { LastName: 'Example' }, hour + minute * MINUTE_MS));
}

test.each([0, -20, 25, 300])('hours are those of Salesforce to the second, with our clock %i minutes ahead', async (minutes) => {
  const opened = await open('{ new: { count: "crm/Contact created" } }', { aheadMs: minutes * MINUTE_MS });
  const shift = (((minutes % 60) + 60) % 60) * -1;
  // The hour that our clock has just left, as the platform sees it.
  const ago = shift < 0 && minutes % 60 > 58 ? 2 : 1;
  const there = [0, 0.5, 30, 59.98].map((minute) => minute + shift);
  create(opened, ago, there);
  create(opened, ago, [-0.02 + shift, 60 + shift]);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).at(-1)).toBe(4);
});

test('by writer and of what was changed; deleted ones are gone, undeleted ones are back', async () => {
  const opened = await open('{ new: { count: "crm/Contact created" }, edits: { count: "crm/Account changed" } }');
  const [one = '', two = ''] = create(opened, 1, [10, 20, 30]);
  const account = opened.sandbox.writeAs(PERSON);
  account.remove('Contact', one);
  account.remove('Contact', two);
  account.undelete(two);
  const kept = account.create('Account', { Name: 'Kept' }, START - 30 * MINUTE_MS);
  const moved = account.create('Account', { Name: 'Moved' }, START - 30 * MINUTE_MS);
  account.update('Account', kept, { Name: 'Kept 2' }, START - 20 * MINUTE_MS);
  account.update('Account', moved, { Name: 'Moved 2' }, START);
  await opened.world.monitoring.tick();
  expect((await opened.world.hours(NEW)).at(-1)).toBe(2);
  expect(await opened.world.hours('edits crm/Account changed')).toEqual([1]);
});

test('what a transaction of ten minutes shows after its hour was counted is in it with the next one', async () => {
  const opened = await open('{ new: { count: "crm/Contact created" } }');
  const { monitoring, hours } = opened.world;
  create(opened, 1, [10]);
  await monitoring.tick();
  expect((await hours(NEW)).at(-1)).toBe(1);
  create(opened, 1, [55, 56, 57]);
  opened.clock.advance(HOUR_MS);
  await monitoring.tick();
  expect((await hours(NEW)).slice(-2)).toEqual([4, 0]);
});

test('a query that runs too long for Salesforce is told as not measured in its words, once, and then as an incident', async () => {
  const opened = await open('{ new: { count: "crm/Contact created" } }');
  const { monitoring, hours, last, incidents } = opened.world;
  create(opened, 1, [10]);
  await monitoring.tick();
  opened.sandbox.faults.add({ kind: 'query-timeout', times: null });
  for (let hour = 0; hour < 9; hour += 1) {
    opened.clock.advance(HOUR_MS);
    await monitoring.tick();
  }
  expect(await last(NEW)).toMatchObject({ kind: 'unmeasured', why: expect.stringContaining('running for too long') as string });
  const [first, ...more] = await incidents.listOpen();
  expect(more).toEqual([]);
  expect(first?.title).toContain('cannot be measured');
  opened.sandbox.faults.clear();
  opened.clock.advance(HOUR_MS);
  await monitoring.tick();
  // What could not be counted is counted now.
  expect((await hours(NEW)).slice(-11)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('a day of ten monitors stays within its calls to 1 %, and each hour is counted', async () => {
  const names = Array.from({ length: 5 }, (_, n) => [
    `c${String(n)}: { count: "crm/Contact created" }`,
    `a${String(n)}: { count: "crm/Account created" }`,
  ]);
  const opened = await open(`{ ${names.flat().join(', ')} }`, { limits: '{ monitor_calls_per_day: 300 }' });
  const { monitoring, hours, state } = opened.world;
  opened.clock.advance(Date.parse('2026-03-03T00:02:00Z') - START);
  opened.sandbox.resetCounts();
  while (opened.clock.now().getTime() < Date.parse('2026-03-03T23:55:00Z')) {
    if (await monitoring.isDue(opened.clock.now())) await monitoring.tick();
    opened.clock.advance(15 * MINUTE_MS);
  }
  const { requests } = opened.sandbox.counts();
  expect(requests).toBeLessThanOrEqual(300);
  expect(Math.abs(((await state())?.spent['crm']?.used ?? 0) - requests) / requests).toBeLessThanOrEqual(0.01);
  for (const name of names.flat()) {
    const [monitor = ''] = name.split(':');
    const of = monitor.startsWith('c') ? 'Contact' : 'Account';
    const counted = (await hours(`${monitor} crm/${of} created`)).slice(-24);
    expect(counted.filter((value) => value === null)).toEqual([]);
  }
});
