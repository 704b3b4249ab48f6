import { afterEach, describe, expect, test } from 'vitest';

import { chosenCells, type Investigation, readInvestigation } from '../../src/investigations/index.js';
import type { Value } from '../../src/records/index.js';
import { applyRestore, confirmationOf, type PlanFilters, planRestore, readPlan } from '../../src/restores/index.js';
import { crmSchema, openWorld, WORKS_AT, type World } from '../support/restore-world.js';
import { investigated, key, lived as livedWorld } from './support/lived.js';
import { Dice } from './support/story-world.js';

/** A user would lose: values that were right, because a plan took more than the groups that were chosen. */

const HOUR = 3_600_000;
const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function lived(history?: 'field' | 'record' | 'none'): Promise<World> {
  const world = await livedWorld(history);
  worlds.push(world);
  return world;
}

async function planned(
  world: World,
  found: Investigation,
  numbers?: readonly number[],
  more: Partial<PlanFilters> = {},
): ReturnType<typeof planRestore> {
  const { groups, cells } = await chosenCells(world.store, found, numbers);
  const filters: PlanFilters = { suspects: ['sync:a'], unattributed: 'unknown', deleteCreated: false, ...more, investigation: groups };
  const { base, damaged } = found.header;
  return await planRestore({ base: base.snapshot, damaged: damaged.snapshot, filters, chosen: cells, by: 'test' }, world.deps);
}

const phones = (world: World): Record<string, Value | undefined> =>
  Object.fromEntries(Object.entries(world.connector.state().records['contacts'] ?? {}).map(([id, { phone }]) => [id, phone]));

describe('a plan of groups', () => {
  test('a record that was damaged and is gone since is asked about, not left out', async () => {
    const world = await lived();
    const { connector, clock, take } = world;
    const base = await take();
    clock.move(5 * HOUR);
    for (let n = 10; n < 60; n += 1) connector.put('contacts', key(n), { phone: null }, 'sync:a');
    const found = await investigated(world, [base, await take()]);
    connector.put('contacts', key(12), null, 'person:7');
    const plan = await planned(world, found);
    expect(plan.header.counts).toMatchObject({ actions: { update: 49 }, conflicts: { 'deleted-later': 1 } });
  });

  test('puts back what each cell held just before the damage, also where the same sync had written it rightly before', async () => {
    const world = await lived();
    const { connector, clock, take } = world;
    const base = await take();
    for (let n = 0; n < 20; n += 1) connector.put('contacts', key(n), { phone: `2${n}` }, 'sync:a');
    clock.move(5 * HOUR);
    const before = phones(world);
    for (let n = 10; n < 60; n += 1) connector.put('contacts', key(n), { phone: null }, 'sync:a');
    connector.put('contacts', key(150), { owner: 'o9' }, 'person:7');
    const found = await investigated(world, [base, await take()]);
    const damage = found.header.groups.filter(({ verdict }) => verdict === 'damage');
    expect(damage).toMatchObject([{ fields: ['phone'], label: 'emptied', writer: 'sync:a', sync: 'a', cells: 50 }]);
    const plan = await planned(world, found);
    expect(plan.header.counts).toMatchObject({ records: 50, conflicts: {} });
    await applyRestore({ plan: plan.header.id, confirmed: confirmationOf(plan.header), by: 'test' }, world.deps);
    expect(phones(world)).toEqual(before);
  });

  test('is the same each time it is made, says which groups it is made of, and takes no other', async () => {
    const world = await lived();
    const { connector, take, store } = world;
    const base = await take();
    for (let n = 0; n < 40; n += 1) connector.put('contacts', key(n), { phone: null }, 'sync:a');
    for (let n = 60; n < 100; n += 1) connector.put('contacts', key(n), { name: 'Nobody' }, 'sync:a');
    const found = await investigated(world, [base, await take()]);
    expect(await readInvestigation(store, found.header.id)).toEqual(found);
    const ofNames = found.header.groups.find(({ fields }) => fields.includes('name'));
    const plans = [await planned(world, found, [ofNames?.n ?? 0]), await planned(world, found, [ofNames?.n ?? 0])];
    for (const { header } of plans) {
      expect(header.filters.investigation).toEqual({
        id: found.header.id,
        digest: found.digest,
        groups: [{ n: ofNames?.n, what: expect.stringContaining('contacts name'), cells: 40 }],
      });
      // The value that all have in common may be a person's.
      expect(JSON.stringify(header.filters)).not.toContain('Nobody');
      for await (const line of (await readPlan(store, header.id)).lines()) expect(line).toMatchObject({ fields: { name: { from: 'Nobody' } } });
    }
    expect(plans.map(({ header }) => header.counts)).toEqual([plans[0]?.header.counts, plans[0]?.header.counts]);
    await expect(planned(world, found, [99])).rejects.toMatchObject({ code: 'not-found' });
  });

  test('links again what was cut where that was chosen, and leaves what was linked since', async () => {
    const world = await lived();
    const { connector, take } = world;
    const base = await take();
    for (let n = 0; n < 30; n += 1) connector.relate(WORKS_AT, { from: key(n), to: String((n % 5) + 1) }, false);
    connector.relate(WORKS_AT, { from: key(199), to: '1' }, true);
    const found = await investigated(world, [base, await take()]);
    const cut = found.header.groups.find(({ label }) => label === 'unlinked');
    expect(cut).toMatchObject({ verdict: 'ask', cells: 30 });
    const plan = await planned(world, found, [cut?.n ?? 0]);
    expect(plan.header.counts.actions).toEqual({ link: 30 });
  });

  test('creates again what was deleted where that was chosen', async () => {
    const world = await lived();
    const { connector, take } = world;
    const base = await take();
    for (let n = 0; n < 12; n += 1) connector.put('contacts', key(n), null, 'sync:a');
    const found = await investigated(world, [base, await take()]);
    const gone = found.header.groups.find(({ label }) => label === 'deleted');
    expect(gone).toMatchObject({ verdict: 'ask', cells: 12, examples: [{ name: 'Person 0' }, {}, {}] });
    const plan = await planned(world, found, [gone?.n ?? 0]);
    expect(plan.header.counts.actions).toEqual({ create: 12, link: 12 });
  });
});

describe('without history', () => {
  test('what happened is told by the snapshots in between, and who did it is not claimed', async () => {
    const world = await lived('none');
    const { connector, clock, take } = world;
    const ids = [await take()];
    for (let day = 0; day < 4; day += 1) {
      for (let n = 0; n < 30; n += 1) connector.put('contacts', key((day * 40 + n) % 200), { owner: `o${(n + day) % 7}` }, 'somebody');
      if (day === 2) for (let n = 0; n < 60; n += 1) connector.put('contacts', key(n), { phone: null }, 'somebody');
      clock.move(24 * HOUR);
      ids.push(await take());
    }
    const { header } = await investigated(world, ids);
    const phone = header.groups.find(({ fields }) => fields.includes('phone'));
    expect(phone).toMatchObject({ verdict: 'ask', label: 'emptied', cells: 60, exact: false });
    expect(phone).not.toHaveProperty('writer');
    const [from, to] = [Date.parse(phone?.from ?? ''), Date.parse(phone?.to ?? '')];
    expect(to - from).toBeLessThan(25 * HOUR);
    expect(header.groups.filter(({ fields, verdict }) => fields.includes('owner') && verdict === 'damage')).toEqual([]);
  });

  test('the last writer of a record says who and when, where that is all that is kept', async () => {
    const world = await lived('record');
    const { connector, take } = world;
    const base = await take();
    for (let n = 0; n < 60; n += 1) connector.put('contacts', key(n), { phone: null }, 'sync:a');
    const { header } = await investigated(world, [base, await take()]);
    expect(header.groups.find(({ fields }) => fields.includes('phone'))).toMatchObject({ writer: 'sync:a', sync: 'a', cells: 60, exact: false });
  });
});

test('history is asked for samples of ordinary work, and for all of what looks wrong', async () => {
  const world = await openWorld({ ...crmSchema(), history: 'field', batch: 50 });
  worlds.push(world);
  const { connector, clock, take } = world;
  for (let n = 0; n < 1500; n += 1) connector.put('contacts', key(n), { name: `Person ${n}`, phone: `0${n}`, owner: 'o1' }, 'seed');
  const dice = new Dice(9);
  // A job that writes to all of them, before and after.
  const nightly = (): void => {
    clock.move(24 * HOUR);
    for (let n = 0; n < 1500; n += 1) connector.put('contacts', key(n), { owner: `o${dice.int(0, 60)}` }, 'job:b');
  };
  for (let n = 0; n < 5; n += 1) nightly();
  const base = await take();
  nightly();
  for (let n = 700; n < 712; n += 1) connector.put('contacts', key(n), { phone: null }, 'sync:a');
  const ids = [base, await take()];
  const { reading, groups } = (await investigated(world, ids)).header;
  expect(groups.find(({ fields }) => fields.includes('phone'))).toMatchObject({ cells: 12, label: 'emptied' });
  expect(groups.filter(({ verdict, fields }) => verdict !== 'ordinary' && fields.includes('owner'))).toEqual([]);
  expect(reading.changed).toBeGreaterThan(1300);
  expect(reading.asked).toBeLessThan(0.6 * reading.changed);
  expect(reading.bySample).toBeGreaterThan(0.4 * reading.changed);
  // Drawn records included, and fifty records a request.
  expect(reading.requests).toBeLessThanOrEqual(0.5 * Math.ceil(reading.changed / 50));
  // Whoever starts from a record of that work wants to know all of it: nothing of its kind is left to a sample.
  const started = (await investigated(world, ids, { record: key(1400) })).header;
  const whole = started.groups.filter(({ n }) => started.start?.groups.includes(n) === true);
  expect(started.reading.bySample).toBe(0);
  expect(whole.map(({ cells }) => cells)).toEqual([reading.changed]);
});
