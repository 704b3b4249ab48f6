import { expect, it } from 'vitest';

import { referencesOf } from '../../src/backups/prune/references.js';
import { systemClock } from '../../src/lib/index.js';
import type { FieldSchema, Value } from '../../src/records/index.js';
import { compareRows, type RowDifference } from '../../src/restores/sets/compare-rows.js';
import { withoutForgotten } from '../../src/restores/sets/forgetting.js';
import type { Row } from '../../src/restores/sets/rows.js';
import { formFor, sameAcross } from '../../src/restores/sets/same-across.js';
import { setDocument } from '../../src/restores/sets/set-file.js';
import type { PlanSet, SetDifference } from '../../src/restores/sets/types.js';
import { temporaryStore } from '../support/store.js';

const field = (type: FieldSchema['type'], more: Partial<FieldSchema> = {}): FieldSchema => ({
  name: 'f',
  type,
  platformType: '',
  readOnly: false,
  ...more,
});

it('two platforms hold the same in forms of their own, and nothing that says something else counts as the same', () => {
  const same: readonly (readonly [Value | undefined, FieldSchema['type'], Value | undefined, FieldSchema['type']])[] = [
    [null, 'string', undefined, 'string'],
    ['', 'string', null, 'number'],
    ['42', 'string', 42, 'integer'],
    ['42.50', 'number', '42.5', 'string'],
    [true, 'boolean', 'true', 'enum'],
    ['false', 'string', false, 'boolean'],
    ['2026-11-22T10:00:00.000Z', 'datetime', '2026-11-22 10:00:00+00', 'datetime'],
    ['1795341600000', 'string', '2026-11-22T10:00:00Z', 'datetime'],
    [['a', 'b'], 'set', 'a;b', 'string'],
  ];
  for (const [a, typeA, b, typeB] of same) expect(sameAcross(a, field(typeA), b, field(typeB)), JSON.stringify([a, b])).toBe(true);
  const other: typeof same = [
    ['0', 'string', null, 'string'],
    [false, 'boolean', null, 'string'],
    ['Bonn', 'string', 'bonn', 'string'],
    ['Bonn', 'string', 'Bonn ', 'string'],
    ['042', 'string', '42', 'string'],
    ['maybe', 'string', 'maybe not', 'boolean'],
    ['no date', 'string', 'none', 'datetime'],
    ['2026-11-22T10:00:00Z', 'datetime', '2026-11-22T11:00:00Z', 'datetime'],
  ];
  for (const [a, typeA, b, typeB] of other) expect(sameAcross(a, field(typeA), b, field(typeB)), JSON.stringify([a, b])).toBe(false);
});

it('a value is written to the other side only in a form that is certain', () => {
  expect(formFor('42', field('integer'))).toBe(42);
  expect(formFor(42, field('string'))).toBe('42');
  expect(formFor('true', field('boolean'))).toBe(true);
  expect(formFor('', field('string'))).toBeNull();
  for (const [value, target] of [
    ['4x', field('integer')],
    ['1e3', field('number')],
    ['gold', field('enum', { options: ['silver'] })],
    ['too long', field('string', { maxLength: 3 })],
    [null, field('string', { required: true })],
    ['22.11.2026', field('date')],
    ['2026-11-22T10:00:00Z', field('datetime')],
    ['{}', field('json')],
  ] as const)
    expect(formFor(value, target), JSON.stringify(value)).toBeUndefined();
});

it('every record finds its counterpart or is told: alone, more than one, without a value to be found by', async () => {
  const row = (key: string, match: string | undefined, ...values: readonly Value[]): Row => ({ key, match, values });
  const found: RowDifference[] = [];
  const counts = await compareRows(
    each([row('1', 'a', 'x'), row('2', 'b', 'x'), row('3', 'c', 'x'), row('4', 'c', 'x'), row('5', undefined, 'x'), row('6', '__proto__', 'x')]),
    each([row('A', 'a', 'x'), row('B', 'b', 'y'), row('C', 'c', 'x'), row('D', 'd', 'x'), row('E', 'a', 'x')]),
    (_, a, b) => a === b,
    (one) => found.push(one),
  );
  expect(counts).toEqual({ records: 2, values: 2, unmatched: 1 });
  expect(found).toEqual([
    { is: 'ambiguous', keys: ['3', undefined] },
    { is: 'ambiguous', keys: ['4', undefined] },
    { is: 'value', keys: ['2', 'B'], field: 0, values: ['x', 'y'] },
    { is: 'ambiguous', keys: [undefined, 'C'] },
    { is: 'missing', keys: [undefined, 'D'] },
    { is: 'ambiguous', keys: [undefined, 'E'] },
    { is: 'missing', keys: ['6', undefined] },
  ]);
});

it('no snapshot is pruned that a set of plans was held against, as long as it may be applied', async () => {
  const clock = systemClock;
  const { store } = await temporaryStore(clock);
  const snapshots = { base: 'snap-20261101-020000-aaaa', damaged: 'snap-20261102-020000-bbbb', now: 'snap-20261102-030000-cccc' };
  const write = async (id: string, createdAt: Date): Promise<void> =>
    void (await setDocument(store, id).update(() => ({ id, createdAt: createdAt.toISOString(), ...snapshots }) as PlanSet));
  await write('set-20261102-030000-dddd', new Date(clock.now().getTime() - 25 * 3_600_000));
  expect((await referencesOf({ store, clock, planMaxAge: '24h' })).references.size).toBe(0);
  await write('set-20261102-040000-eeee', clock.now());
  expect([...(await referencesOf({ store, clock, planMaxAge: '24h' })).references.keys()].sort()).toEqual(Object.values(snapshots));
});

it('a record that is forgotten is in no difference of a set any more, on either side', () => {
  const difference = (key: string, other: string): SetDifference => ({
    id: `hubspot/contacts/${key}/city`,
    sync: 'feed',
    code: 'since',
    sides: [
      { platform: 'hubspot', object: 'contacts', key, field: 'city', value: 'Bonn' },
      { platform: 'warehouse', object: 'public.people', key: other, field: 'city', value: 'Ulm' },
    ],
  });
  const named = [difference('1', 'a'), difference('2', 'b')];
  const set = {
    differences: { count: 2, counts: {}, named },
    settled: [{ ...difference('3', 'a'), decidedBy: 'person', takes: 'hubspot' }],
  } as unknown as PlanSet;
  const has = (platform: string, _: string, key: string): boolean => platform === 'warehouse' && key === 'a';
  expect(withoutForgotten(set, { has })).toEqual({ differences: { count: 2, counts: {}, named: named.slice(1) }, settled: [] });
  expect(withoutForgotten(set, { has: () => false })).toBe(set);
});

async function* each(rows: readonly Row[]): AsyncIterable<Row> {
  for (const row of rows) yield await Promise.resolve(row);
}
