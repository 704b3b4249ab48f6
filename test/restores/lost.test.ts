import { expect, test } from 'vitest';

import type { PlatformRecord } from '../../src/records/index.js';
import { lostByRestore, lostValuesOf, planRestore, decideConflicts, readPlan, type PlanSummary } from '../../src/restores/index.js';
import { openCatalog } from '../../src/snapshots/index.js';
import { memoryPlatform, objectSchema, type MemoryContent } from '../snapshots/memory-platform.js';
import { collect, snapshotOf, workspace } from '../snapshots/support.js';
import { field, FILTERS } from '../support/restore-world.js';

/** A user would lose: second addresses, dates and logs of a customer, and never learn that they are gone. */

const LOST = {
  always: ['calls and notes'],
  fields: [
    { field: 'second', what: 'secondary addresses' },
    { field: 'opens', what: 'statistics' },
    { field: 'flag', what: 'a flag' },
    { field: 'list', what: 'a list' },
  ],
};
const SCHEMA = objectSchema('contacts', { fields: [field('email')], lostOnCreate: LOST });
const contact = (key: string, meta: PlatformRecord['meta']): PlatformRecord => ({ key, fields: { email: `${key}@example.com` }, meta });
const ALL = [
  contact('1', { second: 'old@example.net', opens: '12', flag: true, list: ['a'], modified: 'today' }),
  contact('2', { second: '', opens: '0', flag: false, list: [] }),
  contact('3', { second: null }),
  contact('4', { second: 'four@example.net' }),
];
const without = (...keys: string[]): MemoryContent => ({ objects: { contacts: ALL.filter(({ key }) => !keys.includes(key)) } });
const platformOf = (content: MemoryContent, schema = SCHEMA): ReturnType<typeof memoryPlatform> =>
  memoryPlatform('crm', content, { schemas: [schema] });

interface Planned {
  readonly plan: PlanSummary;
  readonly deps: Parameters<typeof planRestore>[1];
}

async function planOf(gone: readonly string[], unattributed: 'include' | 'refuse' = 'include', schema = SCHEMA): Promise<Planned> {
  const deps = await workspace();
  const live = platformOf(without(...gone), schema);
  const [base, damaged] = [await snapshotOf(platformOf(without(), schema), deps), await snapshotOf(live, deps)];
  const all = { store: deps.store, clock: deps.clock, catalog: openCatalog(deps), platform: live };
  const plan = await planRestore({ base: base.id, damaged: damaged.id, filters: { ...FILTERS, unattributed }, by: 'maya' }, all);
  return { plan, deps: all };
}

test('a plan counts what its creates do not bring back, and lists every value', async () => {
  const { plan, deps } = await planOf(['1', '2', '3']);
  expect(plan.header.lost).toEqual([
    {
      object: 'contacts',
      records: 3,
      always: ['calls and notes'],
      fields: [
        { field: 'second', what: 'secondary addresses', records: 1 },
        { field: 'opens', what: 'statistics', records: 1 },
        { field: 'flag', what: 'a flag', records: 1 },
        { field: 'list', what: 'a list', records: 1 },
      ],
    },
  ]);
  const values = await collect(one(lostValuesOf(deps.store, plan.header.id)));
  expect(values.map(({ key, what, value }) => [key, what, value])).toEqual([
    ['1', 'a flag', true],
    ['1', 'a list', ['a']],
    ['1', 'statistics', '12'],
    ['1', 'secondary addresses', 'old@example.net'],
  ]);
});

test('after a restore only the records that it created count', async () => {
  const { plan, deps } = await planOf(['1', '4']);
  const [lost] = await lostByRestore(deps.store, { plan: plan.header.id, keyMap: { contacts: { 4: '104' } } });
  expect(lost).toMatchObject({ records: 1, fields: [{ field: 'second', records: 1 }] });
  expect(await lostByRestore(deps.store, { plan: plan.header.id, keyMap: {} })).toEqual([]);
  const whole = await planOf(['1'], 'include', objectSchema('contacts', { fields: [field('email')] }));
  expect(await lostByRestore(whole.deps.store, { plan: whole.plan.header.id, keyMap: { contacts: { 1: '101' } } })).toEqual([]);
});

test('what a person decides to create again is counted too', async () => {
  const { plan, deps } = await planOf(['4'], 'refuse');
  expect(plan.header).not.toHaveProperty('lost');
  const decided = await decideConflicts(plan.header.id, { unattributed: 'restore' }, 'maya', deps);
  expect(decided.header.lost).toMatchObject([{ records: 1, fields: [{ field: 'second', records: 1 }] }]);
  // A decision on a plan that loses something counts anew.
  const { plan: both, deps: more } = await planOf(['1']);
  expect((await decideConflicts(both.header.id, {}, 'maya', more)).header.lost).toEqual(both.header.lost);
});

test('a record that comes back whole loses nothing: undeleted, or on a platform that keeps no more', async () => {
  for (const schema of [objectSchema('contacts', { fields: [field('email')] }), { ...SCHEMA, undelete: true }]) {
    const { plan, deps } = await planOf(['1'], 'include', schema);
    expect(plan.header).not.toHaveProperty('lost');
    const lines = [];
    for await (const line of (await readPlan(deps.store, plan.header.id)).lines()) lines.push(line);
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).not.toHaveProperty('lost');
  }
});

async function* one<T>(items: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  for await (const item of items) yield [item];
}
