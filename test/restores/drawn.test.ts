import { afterEach, describe, expect, test } from 'vitest';

import type { Mutation, PlatformSchema } from '../../src/connectors/index.js';
import type { Fields } from '../../src/records/index.js';
import { lookUp } from '../../src/restores/apply/looking/lookup.js';
import { groupsOf } from '../../src/restores/apply/sending/batching.js';
import { undoSteps } from '../../src/restores/apply/steps/undo-steps.js';
import { inLayers, placeOf, type Moving } from '../../src/restores/decide/layers.js';
import type { RecordDraft } from '../../src/restores/decide/order.js';
import { applyRestore, confirmationOf, planRestore, readPlan, type PlanConflict, type PlanSummary } from '../../src/restores/index.js';
import { Batches } from '../../src/restores/records/batches.js';
import type { AppliedItem } from '../../src/restores/records/items.js';
import { MemoryConnector } from '../support/memory-connector.js';
import { CONFIG, crmSchema, databaseSchema, field, FILTERS, objectType, openWorld, tickingClock, type World } from '../support/restore-world.js';

// What drawn mutants showed that no test looked at: docs/mutants.md.

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

describe('an update whose answer was lost', () => {
  const update = (set: Fields, replaced: Fields) => ({ id: '1', action: 'update' as const, object: 'contacts', key: 'p', set, replaced });

  /** What is found out about it, where live is as these writes left it. */
  async function found(item: ReturnType<typeof update>, writes: readonly (readonly [writer: string, fields: Fields])[]): Promise<unknown> {
    const connector = new MemoryConnector({ ...crmSchema(), clock: tickingClock() });
    for (const [writer, fields] of writes) connector.put('contacts', 'p', fields, writer);
    const pending = { item, at: '2026-11-22T08:00:00.000Z', batch: 1 };
    const [result] = await lookUp({ platform: connector.platform(), schema: connector.schema }, [pending], new Batches(false), {});
    return result;
  }

  test('was not made where a field is still as it was, although an undo of ours had put that there', async () => {
    const item = update({ name: 'good', owner: '0' }, { name: 'bad', owner: '1' });
    const by = [
      ['runback', { name: 'bad', owner: '1' }],
      ['ui:lee', { name: 'good' }],
    ] as const;
    expect(await found(item, by)).toMatchObject({ status: 'moved', message: 'the answer was lost, and the record was changed since' });
  });

  test('was made where a field differs from what was there before in its form only', async () => {
    const item = update({ name: 'good', phone: '+1 (888) 482-7100' }, { name: 'bad', phone: '+18884827100' });
    expect(await found(item, [['runback', { name: 'good', phone: '+18884827100' }]])).toEqual({
      id: '1',
      status: 'applied',
      key: 'p',
      stored: { phone: '+18884827100' },
    });
  });

  test('was made where the platform stored something else for us, and not where another one wrote that', async () => {
    const item = update({ name: 'Anneliese', owner: '0' }, { name: 'bad', owner: '1' });
    const half = { owner: '0', name: 'An' };
    expect(await found(item, [['runback', half]])).toMatchObject({ status: 'applied', stored: { name: 'An' }, altered: ['name'] });
    expect(await found(item, [['ui:lee', half]])).toMatchObject({ status: 'moved' });
  });
});

/** A contact that the sync created, which a plan deletes again. */
async function oneTooMany(): Promise<{ readonly plan: PlanSummary; readonly world: World }> {
  const opened = await openWorld({ ...crmSchema(), conditionalWrite: true });
  world = opened;
  const { connector, take } = opened;
  connector.put('contacts', 'old', { name: 'Ann' }, 'import');
  const base = await take();
  connector.put('contacts', 'made', { name: 'Copy' }, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, opened.deps);
  expect(plan.header.counts.actions).toEqual({ delete: 1 });
  return { plan, world: opened };
}

const apply = (plan: PlanSummary, { deps }: World) =>
  applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);

describe('a record that the platform will not delete since it changed', () => {
  const isDelete = (mutations: readonly Mutation[]): boolean => mutations[0]?.action === 'delete';

  test('is left alone where it is there: it is not said to be gone', async () => {
    const { plan, world } = await oneTooMany();
    world.connector.fault = ({ mutations }) => {
      if (isDelete(mutations)) world.connector.put('contacts', 'made', { name: 'Worth keeping' }, 'ui:lee');
      return undefined;
    };
    expect(await apply(plan, world)).toMatchObject({ state: 'partial', applied: 0, moved: 1 });
    expect(world.connector.state().records['contacts']).toHaveProperty('made');
  });

  test('counts as deleted where somebody else deleted it', async () => {
    const { plan, world } = await oneTooMany();
    const { connector } = world;
    const write = connector.write.bind(connector);
    connector.write = async (mutations, options) => {
      if (!isDelete(mutations)) return await write(mutations, options);
      connector.put('contacts', 'made', null, 'ui:lee');
      return mutations.map(() => ({ status: 'moved' }));
    };
    expect(await apply(plan, world)).toMatchObject({ state: 'done', moved: 0, failed: 0 });
  });
});

test('a restore that stops since nothing took effect says why, in the words of the platform', async () => {
  world = await openWorld(crmSchema(), { ...CONFIG, canary: 1 });
  const { connector, take } = world;
  for (const key of ['a', 'b', 'c']) connector.put('contacts', key, { name: 'good' }, 'import');
  const base = await take();
  for (const key of ['a', 'b', 'c']) connector.put('contacts', key, { name: 'bad' }, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, world.deps);
  connector.fault = () => 'reject-all';
  await expect(apply(plan, world)).rejects.toMatchObject({
    code: 'restore-stopped',
    message: expect.stringContaining('none of the first 1 changes took effect: not today') as string,
  });
});

test('no batch of an undo changes a record twice', () => {
  const item = (id: string, key: string): AppliedItem => ({
    id,
    action: 'update',
    object: 'contacts',
    key,
    set: { name: id },
    replaced: { name: 'bad' },
    batch: 1,
  });
  const steps = [...undoSteps([item('1', 'a'), item('2', 'b'), item('3', 'a')], new Batches(false), { links: [], records: [] }, () => {})];
  expect([...groupsOf(steps, () => 100)].map((group) => group.map(({ id }) => id))).toEqual([['1', '2'], ['3']]);
});

describe('records that hand a unique value on in a ring', () => {
  const unique = { fields: ['email'] };
  const schema = objectType('people', [field('email', { unique: true })]);
  const draft = (action: 'update' | 'delete', key: string, from: string, to?: string): RecordDraft => ({
    action,
    object: 'people',
    key,
    fields: { email: { from, ...(to === undefined ? {} : { to }) } },
    attribution: { state: 'attributed' },
    why: '',
  });
  // The child goes first, and waits for the value of the one that stays; that waits for the value of the parent.
  const stays: Moving = { draft: draft('update', 'stays', 'b', 'a'), handings: [{ unique, gives: 'b', takes: 'a' }], after: [] };
  const child: Moving = { draft: draft('update', 'child', 'c', 'b'), handings: [{ unique, gives: 'c', takes: 'b' }], after: [] };
  const parent: Moving = { draft: draft('delete', 'parent', 'a'), handings: [{ unique, gives: 'a' }], after: [placeOf(child.draft)] };

  test.each([[[stays, parent, child]], [[parent, child, stays]], [[child, stays, parent]]])(
    'one that stays holds another value for a while, not one that goes (order %#)',
    (moving) => {
      const layers = inLayers(moving, { schemaOf: () => schema, carries: () => false, size: 10 });
      expect(layers.filter(({ layer }) => layer === 0).map(({ key, fields }) => [key, fields['email']])).toEqual([
        ['stays', { from: 'b', to: null }],
      ]);
      expect(layers.map(({ key }) => key)).toEqual(['stays', 'child', 'parent', 'stays']);
    },
  );
});

test('a field is no reference for bearing the name of one of another object type', async () => {
  const { objects, links } = databaseSchema() as PlatformSchema;
  const visits = objectType('visits', [field('company')], { createWithKey: true });
  const opened = await openWorld({ objects: [...objects, visits], links });
  world = opened;
  const { connector, take } = opened;
  connector.put('visits', 'v', { company: 'nobody we know' }, 'import');
  const base = await take();
  connector.put('visits', 'v', { company: 'X' }, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, opened.deps);
  const conflicts: PlanConflict[] = [];
  for await (const line of (await readPlan(opened.store, plan.header.id)).lines()) if (line.kind === 'conflict') conflicts.push(line);
  expect(conflicts).toEqual([]);
  await apply(plan, opened);
  expect(connector.state().records['visits']).toEqual({ v: { company: 'nobody we know' } });
});
