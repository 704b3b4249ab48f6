import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Investigation, investigationTellsOf, type Start } from '../../src/investigations/index.js';
import { WORKS_AT, type World } from '../support/restore-world.js';
import { investigated, key, lived } from './support/lived.js';

/** A user would lose: the rest of the damage, because they began with the one record that they had seen. */

const HOUR = 3_600_000;
let world: World;
let ids: readonly string[];
let damagedMs: number;
beforeEach(async () => {
  world = await lived();
  const { connector, clock, take } = world;
  const base = await take();
  clock.move(5 * HOUR);
  for (let n = 100; n < 112; n += 1) connector.put('contacts', key(n), { phone: `2${n}` }, 'sync:a');
  connector.put('contacts', key(180), { owner: 'o9' }, 'person:7');
  for (let n = 120; n < 150; n += 1) connector.relate(WORKS_AT, { from: key(n), to: String((n % 5) + 1) }, false);
  clock.move(5 * HOUR);
  damagedMs = clock.now().getTime();
  for (let n = 0; n < 50; n += 1) connector.put('contacts', key(n), { name: 'Valued Customer' }, 'sync:a');
  clock.move(HOUR);
  ids = [base, await take()];
});
afterEach(async () => await world.close());

const from = (start: Start): Promise<Investigation> => investigated(world, ids, start);
const at = ({ header }: Investigation): unknown =>
  header.groups
    .filter(({ n }) => header.start?.groups.includes(n) === true)
    .map(({ fields, label, cells, verdict }) => ({ fields, label, cells, verdict }));
const DAMAGE = [{ fields: ['name'], label: 'one-value', cells: 50, verdict: 'damage' }];

describe('an investigation that starts from', () => {
  test('a record finds its change, and the whole group that this belongs to', async () => {
    const found = await from({ record: key(7) });
    expect(at(found)).toEqual(DAMAGE);
    expect(found.header.start).toMatchObject({
      record: { object: 'contacts', key: key(7), name: 'Valued Customer' },
      cells: 1,
      changes: [{ field: 'name', before: 'Person 7', after: 'Valued Customer', at: expect.stringMatching(/^2026-/u) }],
    });
  });

  test('a value, whatever its case', async () => expect(at(await from({ value: ' valued customer' }))).toEqual(DAMAGE));

  test('a field, with or without its object type', async () => {
    expect(at(await from({ field: 'name' }))).toEqual(DAMAGE);
    expect(at(await from({ field: 'contacts.name' }))).toEqual(DAMAGE);
    // Companies have a field of that name as well.
    expect(at(await from({ field: 'companies.name' }))).toEqual([]);
  });

  test('a time, which ordinary work of five hours before does not lie at', async () => {
    expect(at(await from({ atMs: damagedMs + 60_000, field: 'name' }))).toEqual(DAMAGE);
    expect(at(await from({ atMs: damagedMs + 60_000, field: 'phone' }))).toEqual([]);
    expect(at(await from({ sinceMs: damagedMs, field: 'phone' }))).toEqual([]);
    expect(at(await from({ sinceMs: damagedMs - 6 * HOUR, field: 'phone' }))).toMatchObject([{ fields: ['phone'], cells: 12 }]);
  });

  test('all of it at once: one change has to fit everything that was given', async () => {
    expect(at(await from({ record: key(7), value: 'Valued Customer', field: 'name' }))).toEqual(DAMAGE);
    expect(at(await from({ record: key(7), value: 'Someone else' }))).toEqual([]);
  });

  test('a record that lost a link', async () => expect(at(await from({ record: key(130) }))).toMatchObject([{ label: 'unlinked', cells: 30 }]));

  test('nothing finds the same groups as ever', async () => {
    const [without, withOne] = [await investigated(world, ids), await from({ record: key(7) })];
    expect(without.header).not.toHaveProperty('start');
    expect(withOne.header.groups).toEqual(without.header.groups);
  });
});

describe('where the starting point lies in no group', () => {
  test('a record that did not change says who wrote it last', async () => {
    const { header } = await from({ record: `contacts:${key(190)}` });
    expect(header.start).toMatchObject({ groups: [], cells: 0, changes: [], last: { writer: expect.any(String), at: expect.any(String) } });
    // The rest is there all the same.
    expect(header.groups.filter(({ verdict }) => verdict === 'damage')).toHaveLength(1);
  });

  test('a value that stood there before is counted, and one that nothing holds is not kept', async () => {
    expect((await from({ value: 'Person 160' })).header.start).toEqual({ groups: [], cells: 0, changes: [], standing: 1 });
    const { header } = await from({ value: 'Somebody Private' });
    expect(header.start).toEqual({ groups: [], cells: 0, changes: [], standing: 0 });
    expect(JSON.stringify(header)).not.toContain('Private');
  });
});

// It was told as a value that stood there before, with the advice to look from an older snapshot.
test('a value that new records were made with leads to the group of these', async () => {
  for (let n = 0; n < 9; n += 1) world.connector.put('contacts', String(9001 + n), { name: 'New Customer', email: `new${n}@example.com` }, 'sync:a');
  ids = [ids[0] ?? '', await world.take()];
  const found = await from({ value: 'new customer' });
  expect(at(found)).toMatchObject([{ label: 'created', cells: 9 }]);
  expect(found.header.start).toMatchObject({ value: 'new customer', cells: 9 });
  expect(found.header.start).not.toHaveProperty('standing');
  expect(at(await from({ value: 'New Customer', field: 'email' }))).toEqual([]);
  expect(at(await from({ value: 'New Customer', record: '9003' }))).toMatchObject([{ label: 'created' }]);
});

test('what does not exist, or means two things, is refused by name', async () => {
  await expect(from({ record: '99999' })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('99999') });
  await expect(from({ field: 'pone' })).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('did you mean "phone"?') });
  world.connector.put('companies', key(7), { name: 'Same id' }, 'person:7');
  ids = [ids[0] ?? '', await world.take()];
  await expect(from({ record: key(7) })).rejects.toMatchObject({ code: 'usage', next: expect.stringContaining(':1008') });
  expect(at(await from({ record: `contacts:${key(7)}` }))).toEqual(DAMAGE);
});

// What is kept of it names the record, so to forget that record has to find it.
test('an investigation that began with a record tells of it, also where it did not change', async () => {
  const { header } = await from({ record: key(190) });
  const isOne = (_: string, object: string, one: string): boolean => object === 'contacts' && one === key(190);
  expect(await investigationTellsOf(world.store, header.id, isOne)).toBe(true);
  const other = await investigated(world, ids);
  expect(await investigationTellsOf(world.store, other.header.id, isOne)).toBe(false);
});

// They were said to be judged by a sample, as if asking for everything could tell more.
test('what is known of records that are gone since is told as that', async () => {
  world.connector.put('contacts', key(7), null, 'person:7');
  const { reading, groups } = (await investigated(world, ids)).header;
  expect(reading).toMatchObject({ gone: 1, bySample: 0 });
  expect(groups.find(({ verdict }) => verdict === 'damage')?.cells).toBe(49);
});
