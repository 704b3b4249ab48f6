import { afterEach, expect, test } from 'vitest';

import type { Fields } from '../../src/records/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  resumeRestore,
  undoRestore,
  verifyRestore,
  type PlanSummary,
  type RestoreSummary,
} from '../../src/restores/index.js';
import type { Journal, Store } from '../../src/store/index.js';
import type { Habit } from '../support/memory-connector.js';
import { crmSchema, databaseSchema, FILTERS, openWorld, WORKS_AT, type World } from '../support/restore-world.js';

let world: World;
/** The snapshots of the latest story. */
let sides: { readonly base: string; readonly damaged: string };
afterEach(() => world.close());

const PERSON = {
  name: 'Ann',
  email: 'ann@x',
  phone: '+1 (888) 482-7100',
  tags: [],
  pipeline: '0',
  stage: '0',
  owner: '0',
  closed_at: null,
  greeting: null,
};

/** One contact, damaged by `damage` (null: deleted), on a platform with habits; a plan for it. */
async function story(
  habits: readonly Habit[],
  good: Fields,
  damage: Fields | null,
  schema: ReturnType<typeof crmSchema> = crmSchema(),
  conditionalWrite = false,
): Promise<PlanSummary> {
  world = await openWorld({ ...schema, conditionalWrite });
  const { connector, take } = world;
  connector.put('contacts', 'p', { ...PERSON, ...good }, 'import');
  const base = await take();
  connector.habits = new Set(habits);
  connector.put('contacts', 'p', damage, 'sync:crm');
  sides = { base, damaged: await take() };
  return planRestore({ ...sides, filters: FILTERS, by: 'maya' }, world.deps);
}

const apply = (plan: PlanSummary, deps = world.deps): Promise<RestoreSummary> =>
  applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);

const only = (): Fields => Object.values(world.connector.state().records['contacts'] ?? {})[0] ?? {};

for (const conditional of [false, true])
  test(`what the platform sets when a value is written is kept as it was, where that is known (${conditional ? 'conditional writes' : 'look first'})`, async () => {
    const plan = await story(['sets-also'], { stage: '2', closed_at: '2025-03-31' }, { stage: '0' }, crmSchema(), conditional);
    const damaged = world.connector.state();
    const done = await apply(plan);
    expect(only()).toMatchObject({ stage: '2', closed_at: '2025-03-31' });
    expect(done.beside).toBeUndefined();
    expect(plan.header.counts.cells).toBe(1);
    await undoRestore(done.id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  });

test('what somebody made of such a field between plan and restore stays, and is nothing that remains', async () => {
  const plan = await story(['sets-also'], { stage: '2', closed_at: '2025-03-31' }, { stage: '0' });
  world.connector.put('contacts', 'p', { closed_at: '2025-04-02' }, 'ui:lee');
  await apply(plan);
  expect(only()).toMatchObject({ stage: '2', closed_at: '2025-04-02' });
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
});

test('a field that was empty and that the platform sets all the same is emptied again', async () => {
  const plan = await story(['sets-also'], { stage: '2' }, { stage: '0' });
  const damaged = world.connector.state();
  const done = await apply(plan);
  expect(only()).toMatchObject({ stage: '2', closed_at: null });
  expect(done.beside).toBeUndefined();
  await undoRestore(done.id, 'maya', world.deps);
  expect(world.connector.state()).toEqual(damaged);
});

for (const conditional of [false, true])
  test(`what the platform changes and nobody could know is told, and goes back with an undo (${conditional ? 'conditional writes' : 'look first'})`, async () => {
    const plan = await story([], { name: 'Ann', greeting: 'Hello Ann' }, { name: 'Customer' }, crmSchema(), conditional);
    world.connector.habits = new Set(['reacts']);
    const damaged = world.connector.state();
    const done = await apply(plan);
    expect(only()).toMatchObject({ name: 'Ann', greeting: 'Dear Ann' });
    expect(done).toMatchObject({ beside: 1, besideBy: [{ object: 'contacts', field: 'greeting', count: 1, key: 'p' }] });
    await undoRestore(done.id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  });

test('what was written and the platform overwrites at once is put right, and goes back with an undo', async () => {
  const plan = await story([], { name: 'Ann', greeting: 'Hello Ann' }, { name: 'Customer', greeting: 'Hey' });
  // It answers the one field with the other; both are in the plan.
  world.connector.habits = new Set(['reacts to all']);
  const damaged = world.connector.state();
  const done = await apply(plan);
  expect(only()).toMatchObject({ name: 'Ann', greeting: 'Hello Ann' });
  expect(done.beside).toBeUndefined();
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
  const undone = await undoRestore(done.id, 'maya', world.deps);
  expect(undone.undo?.beside).toBeUndefined();
  expect(world.connector.state()).toEqual(damaged);
});

test('what the platform overwrites again and again is told, is not proved, and an undo says the same', async () => {
  const plan = await story([], { name: 'Ann' }, { name: 'Customer' });
  world.connector.habits = new Set(['insists']);
  const done = await apply(plan);
  expect(only()).toMatchObject({ name: 'Ann !' });
  expect(done).toMatchObject({ applied: 1, beside: 1, besideBy: [{ object: 'contacts', field: 'name', count: 1, key: 'p' }] });
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 1, examples: [{ field: 'name' }] });
  const undone = await undoRestore(done.id, 'maya', world.deps);
  expect(only()).toMatchObject({ name: 'Customer !' });
  expect(undone.undo).toMatchObject({ applied: 1, beside: 1 });
});

test('what somebody edits while the restore runs is not taken for the doing of the platform, and stays after an undo', async () => {
  const plan = await story([], { name: 'Ann', greeting: 'Hello Ann' }, { name: 'Customer' });
  world.connector.onWrite = () => world.connector.put('contacts', 'p', { greeting: 'Hi, from Lee' }, 'ui:lee');
  const done = await apply(plan);
  expect(done.beside).toBeUndefined();
  world.connector.onWrite = () => {};
  await undoRestore(done.id, 'maya', world.deps);
  expect(only()).toMatchObject({ name: 'Customer', greeting: 'Hi, from Lee' });
});

for (const [kind, schema] of [
  ['crm', crmSchema()],
  ['database', databaseSchema()],
] as const)
  test(`a record that is created again holds what it held, also where the platform fills fields in (${kind})`, async () => {
    const plan = await story(['fills', 'reacts', 'sets-also'], { stage: null, pipeline: null }, null, schema);
    const damaged = world.connector.state();
    const done = await apply(plan);
    expect(only()).toMatchObject({ name: 'Ann', stage: null, greeting: null, closed_at: null });
    expect(done.beside).toBeUndefined();
    expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
    await undoRestore(done.id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  });

test('a value that the platform keeps in a form of its own is written, proved and taken back', async () => {
  const plan = await story(['normalises'], {}, { phone: '0', name: 'x' });
  const damaged = world.connector.state();
  const done = await apply(plan);
  expect(done).toMatchObject({ applied: 1, moved: 0, rejected: 0, failed: 0, ownFormBy: [{ object: 'contacts', field: 'phone', count: 1 }] });
  expect(only()).toMatchObject({ phone: '+18884827100', name: 'Ann' });
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
  await undoRestore(done.id, 'maya', world.deps);
  expect(world.connector.state()).toEqual(damaged);
});

test('a value that was put back in the form of the platform is put right: a new plan asks nothing about it', async () => {
  const plan = await story(['normalises'], {}, { phone: '0', name: 'x' });
  await apply(plan);
  const again = await planRestore({ ...sides, filters: FILTERS, by: 'maya' }, world.deps);
  expect(again.header.counts).toMatchObject({ actions: {}, conflicts: {} });
});

test.each([[{ name: 'x', phone: '0' }], [null]])(
  'a value that the platform cuts off is told, is not proved, and is taken back (%o)',
  async (damage) => {
    const plan = await story(['cuts'], { name: 'Anneliese' }, damage);
    const damaged = world.connector.state();
    const done = await apply(plan);
    expect(only()).toMatchObject({ name: 'An', phone: PERSON.phone });
    expect(done).toMatchObject({ state: 'partial', applied: 1, altered: 1, alteredBy: [{ object: 'contacts', field: 'name', count: 1 }] });
    expect(done.ownFormBy).toBeUndefined();
    expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 1, examples: [{ field: 'name', live: 'An' }] });
    await undoRestore(done.id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  },
);

for (const damage of [{ owner: '1', name: 'x', phone: '0' }, null])
  test(`a field that the platform refuses costs itself only (${damage === null ? 'created again' : 'changed'})`, async () => {
    const plan = await story(['refuses'], { owner: 'gone' }, damage);
    const damaged = world.connector.state();
    const done = await apply(plan);
    expect(done).toMatchObject({ applied: 1, rejected: 0, fieldsLeft: 1, fieldsLeftBy: [{ object: 'contacts', field: 'owner', count: 1 }] });
    expect(only()).toMatchObject({ name: 'Ann', phone: PERSON.phone });
    expect(only()['owner']).toBe(damage === null ? undefined : '1');
    expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 1, examples: [{ field: 'owner' }] });
    await undoRestore(done.id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  });

test('a record of which the only field is refused counts as refused', async () => {
  const plan = await story(['refuses'], { owner: 'gone' }, { owner: '1' });
  const before = world.connector.state();
  expect(await apply(plan)).toMatchObject({ applied: 0, rejected: 1 });
  expect(world.connector.state()).toEqual(before);
});

/** A store whose journals die before the n-th line of a kind, as a process that is killed there. */
function dyingBefore(type: string, after: number): Store {
  const dead = new Error('killed');
  let left = after;
  return {
    ...world.store,
    document: world.store.document.bind(world.store),
    ledger: world.store.ledger.bind(world.store),
    list: world.store.list.bind(world.store),
    lock: world.store.lock.bind(world.store),
    journals: world.store.journals.bind(world.store),
    journal: (kind: string, id: string): Journal => {
      const journal = world.store.journal(kind, id);
      return {
        ...journal,
        exists: journal.exists.bind(journal),
        read: journal.read.bind(journal),
        open: async (...rest: Parameters<Journal['open']>) => {
          const writer = await journal.open(...rest);
          return {
            ...writer,
            append: (line: Parameters<typeof writer.append>[0]) => {
              if (line.type === type && (left -= 1) < 0) return Promise.reject(dead);
              return writer.append(line);
            },
            close: writer.close.bind(writer),
          };
        },
      };
    },
  };
}

for (const [habit, good, damage] of [
  ['normalises', {}, { phone: '0', name: 'x' }],
  ['reacts', { greeting: 'Hello Ann' }, { name: 'Customer' }],
  ['sets-also', { stage: '2' }, { stage: '0' }],
  ['fills', { stage: null, pipeline: null }, null],
] as const)
  test(`a process that dies between the write and the look at it is made up for when the restore is resumed (${habit})`, async () => {
    const plan = await story([], good, damage);
    world.connector.habits = new Set([habit]);
    const damaged = world.connector.state();
    await expect(apply(plan, { ...world.deps, store: dyingBefore('batch.outcome', 0) })).rejects.toThrow('killed');
    const [id = ''] = await world.store.journals('restores');
    const done = await resumeRestore(id, 'maya', world.deps);
    expect(done).toMatchObject({ applied: 1, moved: 0 });
    if (habit === 'sets-also' || habit === 'fills') expect(only()).toMatchObject({ stage: good.stage, closed_at: null });
    await undoRestore(id, 'maya', world.deps);
    expect(world.connector.state()).toEqual(damaged);
  });

test('a link that takes the place of another one gives it back with an undo', async () => {
  world = await openWorld(crmSchema());
  const { connector, take } = world;
  connector.put('contacts', 'p', PERSON, 'import');
  for (const key of ['right', 'wrong']) connector.put('companies', key, { name: key }, 'import');
  connector.relate(WORKS_AT, { from: 'p', to: 'right' }, true);
  const base = await take();
  // One company at most: the later link cuts the earlier one, whoever makes it.
  const exclusive = (to: string): void => {
    for (const other of ['right', 'wrong']) connector.relate(WORKS_AT, { from: 'p', to: other }, other === to);
  };
  exclusive('wrong');
  const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, world.deps);
  const damaged = connector.state();
  connector.onWrite = (applied) => {
    for (const one of applied) if (one.action === 'link') exclusive(one.to);
  };
  const done = await apply(plan);
  expect(Object.values(connector.state().links)).toEqual([['p>right']]);
  await undoRestore(done.id, 'maya', world.deps);
  expect(connector.state()).toEqual(damaged);
});

for (const to of ['right', 'wrong'])
  test(`a company that the platform links to a record created again goes with it at an undo (${to === 'right' ? 'the one of the plan' : 'another one, which the plan displaces'})`, async () => {
    world = await openWorld(crmSchema());
    const { connector, take } = world;
    connector.put('contacts', 'p', PERSON, 'import');
    for (const key of ['right', 'wrong']) connector.put('companies', key, { name: key }, 'import');
    connector.relate(WORKS_AT, { from: 'p', to: 'right' }, true);
    const base = await take();
    connector.relate(WORKS_AT, { from: 'p', to: 'right' }, false);
    connector.put('contacts', 'p', null, 'sync:crm');
    const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, world.deps);
    const damaged = connector.state();
    const created = (): string => Object.keys(connector.state().records['contacts'] ?? {})[0] ?? '';
    connector.onWrite = (applied) => {
      for (const one of applied) {
        const linked = one.action === 'create' ? to : one.action === 'link' ? one.to : undefined;
        if (linked !== undefined) for (const key of ['right', 'wrong']) connector.relate(WORKS_AT, { from: created(), to: key }, key === linked);
      }
    };
    const done = await apply(plan);
    expect(Object.values(connector.state().links)).toEqual([[`${created()}>right`]]);
    expect(done).toMatchObject({ state: 'done', applied: 2 });
    const undone = await undoRestore(done.id, 'maya', world.deps);
    expect(undone.undo).toMatchObject({ moved: 0, rejected: 0, failed: 0 });
    expect(connector.state()).toEqual(damaged);
  });
