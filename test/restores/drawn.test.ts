import { afterEach, describe, expect, test } from 'vitest';

import type { Mutation, MutationResult, PlatformSchema } from '../../src/connectors/index.js';
import type { Fields } from '../../src/records/index.js';
import { linkText, lookUp } from '../../src/restores/apply/looking/lookup.js';
import { groupsOf } from '../../src/restores/apply/sending/batching.js';
import { undoSteps } from '../../src/restores/apply/steps/undo-steps.js';
import { wantsHistory } from '../../src/restores/decide/attribution.js';
import { givenOnCreate } from '../../src/restores/decide/comparable.js';
import { inLayers, placeOf, type Moving } from '../../src/restores/decide/layers.js';
import type { RecordDraft } from '../../src/restores/decide/order.js';
import { applyRestore, confirmationOf, planRestore, readPlan, resumeRestore, type PlanConflict, type PlanSummary } from '../../src/restores/index.js';
import { Batches } from '../../src/restores/records/batches.js';
import { linkTakenAgain } from '../../src/restores/records/item-ids.js';
import type { AppliedItem, JournalLink } from '../../src/restores/records/items.js';
import { MemoryConnector, type MemoryOptions } from '../support/memory-connector.js';
import { CONFIG, crmSchema, databaseSchema, field, FILTERS, objectType, openWorld, tickingClock, type World } from '../support/restore-world.js';

// What drawn mutants showed that no test looked at: docs/mutants.md.

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test('the history is asked for where suspects or either end of the incident are named, and not otherwise', () => {
  const none = { suspects: [], baseStartedAt: '2026-11-22T08:00:00.000Z', history: 'field' } as const;
  const at = '2026-11-22T09:00:00.000Z';
  const asked = [
    none,
    { ...none, suspects: ['x'] },
    { ...none, since: at },
    { ...none, until: at },
    { ...none, since: at, history: 'none' } as const,
  ];
  expect(asked.map(wantsHistory)).toEqual([false, true, true, true, false]);
});

test('only what a record really held can be given again to the one that is created in its place', () => {
  const settable = (name: string) => ({ ...field(name, { readOnly: true }), givenOnCreate: true as const });
  const schema = objectType('events', [settable('id2'), settable('made'), field('name')]);
  const record = { key: '1', fields: { name: 'x', id2: null }, meta: { made: '2026-11-22' } };
  expect(givenOnCreate(record, schema)).toEqual({ made: '2026-11-22' });
});

describe('an update whose answer was lost', () => {
  const update = (set: Fields, replaced: Fields) => ({ id: '1', action: 'update' as const, object: 'contacts', key: 'p', set, replaced });

  /** What is found out about it, where live is as these writes left it. */
  async function found(
    item: ReturnType<typeof update>,
    writes: readonly (readonly [writer: string, fields: Fields])[],
    options: Partial<MemoryOptions> = {},
  ): Promise<unknown> {
    const connector = new MemoryConnector({ ...crmSchema(), clock: tickingClock(), ...options });
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
    // Where nothing tells who wrote a field, nobody says that it was us.
    expect(await found(item, [['runback', half]], { history: 'record' })).toMatchObject({ status: 'moved' });
  });

  test('was not made where the record is gone', async () => {
    expect(await found(update({ name: 'good' }, { name: 'bad' }), [])).toMatchObject({ status: 'moved', message: 'the record no longer exists' });
  });

  test('is made again where only its first half was: a stage that goes forward only was emptied', async () => {
    const objects = [objectType('contacts', [field('name'), field('stage', { forwardOnly: true })])];
    const item = update({ name: 'good', stage: '1' }, { name: 'bad', stage: '2' });
    const half = [['runback', { name: 'bad', stage: null }]] as const;
    expect(await found(item, half, { objects, links: [] })).toMatchObject({ status: 'failed' });
    expect(await found(item, [['ui:lee', { name: 'other', stage: null }]], { objects, links: [] })).toMatchObject({ status: 'moved' });
  });
});

test('of two records that look alike one answer is not taken for both', async () => {
  const connector = new MemoryConnector({ ...crmSchema(), clock: tickingClock() });
  const create = (id: string) => ({ id, action: 'create' as const, object: 'contacts', key: `old-${id}`, set: { name: 'Ann' } });
  const made = new Batches(false);
  const at = '2026-11-22T08:00:00.000Z';
  const [schema] = connector.schema.objects.filter(({ object }) => object === 'contacts');
  if (schema === undefined) throw new Error('no contacts');
  const [first] = await connector.write([{ action: 'create', schema, key: 'old-1', set: { name: 'Ann' } }]);
  made.intended(1, [create('1')], at);
  made.ended(1, [{ id: '1', status: 'applied', key: first !== undefined && 'key' in first ? (first.key ?? '') : '' }]);
  const looked = await lookUp({ platform: connector.platform(), schema: connector.schema }, [{ item: create('2'), at, batch: 2 }], made, {});
  expect(looked).toMatchObject([{ id: '2', status: 'in_doubt', message: expect.stringContaining('another record with the same values') as string }]);
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

async function onlyRestore({ store }: World): Promise<string> {
  const [id] = await store.journals('restores');
  if (id === undefined) throw new Error('there is no restore');
  return id;
}

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
    message: expect.stringContaining('the first change did not take effect: not today') as string,
  });
});

/** Contacts that are damaged or gone, on a platform that writes only where nothing changed; a plan for them. */
async function damaged(
  schema: Pick<MemoryOptions, 'objects' | 'links'>,
  damage: Fields | null,
): Promise<{ readonly plan: PlanSummary; readonly world: World }> {
  const opened = await openWorld({ ...schema, conditionalWrite: true });
  world = opened;
  const { connector, take } = opened;
  connector.put('contacts', 'p', { name: 'good', phone: '1' }, 'import');
  const base = await take();
  connector.put('contacts', 'p', damage, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: { ...FILTERS, unattributed: 'include' }, by: 'maya' }, opened.deps);
  return { plan, world: opened };
}

describe('what somebody writes between the plan and the write', () => {
  /** Writes it just before the first write of the restore. */
  const justBefore = ({ connector }: World, fields: Fields): void => {
    connector.fault = ({ n }) => {
      if (n === 1) connector.put('contacts', 'p', fields, 'ui:lee');
      return undefined;
    };
  };

  test('is what was to be written: nothing is left to do', async () => {
    const { plan, world } = await damaged(crmSchema(), { name: 'bad' });
    justBefore(world, { name: 'good' });
    expect(await apply(plan, world)).toMatchObject({ state: 'done', moved: 0, failed: 0 });
  });

  test('stays, and the other fields of the record are restored', async () => {
    const { plan, world } = await damaged(crmSchema(), { name: 'bad', phone: '0' });
    justBefore(world, { phone: '7' });
    const done = await apply(plan, world).catch(async () => await resumeRestore(await onlyRestore(world), 'maya', world.deps));
    expect(done.failed).toBe(0);
    expect(world.connector.state().records['contacts']).toMatchObject({ p: { name: 'good', phone: '7' } });
  });

  test.each([
    ['the same', { name: 'good', phone: '1' }, { state: 'done', moved: 0, rejected: 0 }],
    ['another', { name: 'Another', phone: '1' }, { state: 'partial', moved: 1, rejected: 0 }],
  ])('is the record itself, created again: %s', async (_, fields, expected) => {
    const { plan, world } = await damaged(databaseSchema(), null);
    justBefore(world, fields);
    expect(await apply(plan, world)).toMatchObject(expected);
    expect(world.connector.state().records['contacts']).toMatchObject({ p: fields });
  });
});

/** Two contacts to be created again, and how the platform answers the first two at once. */
async function firstAnswers(answers: readonly MutationResult[]): Promise<unknown> {
  const opened = await openWorld({ ...crmSchema(), canFindCreated: false }, { ...CONFIG, canary: 2 });
  world = opened;
  const { connector, take } = opened;
  for (const key of ['a', 'b', 'c', 'd']) connector.put('contacts', key, { name: key }, 'import');
  const base = await take();
  for (const key of ['a', 'b', 'c', 'd']) connector.put('contacts', key, null, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: { ...FILTERS, unattributed: 'include' }, by: 'maya' }, opened.deps);
  connector.write = async (mutations) => await Promise.resolve(mutations.map((_, n) => answers[n] ?? { status: 'failed', message: 'busy' }));
  return await apply(plan, opened).catch((error: unknown) => error);
}

test('a first batch is in doubt where all of it is, and has failed where some of it surely has', async () => {
  const doubt: MutationResult = { status: 'in_doubt', message: 'the answer was lost' };
  expect(await firstAnswers([doubt, doubt])).toMatchObject({ code: 'in-doubt' });
  await world?.close();
  expect(await firstAnswers([doubt, { status: 'rejected', reason: 'rejected', message: 'not today' }])).toMatchObject({ code: 'restore-stopped' });
});

test('a first batch that only waits for something says nothing of the rest, which is written first', async () => {
  const waits: MutationResult = { status: 'rejected', reason: 'unique-taken', message: 'the name is taken' };
  const no: MutationResult = { status: 'rejected', reason: 'rejected', message: 'not today' };
  const none = expect.stringContaining('none of the first 2 changes took effect') as string;
  expect(await firstAnswers([waits, no])).toMatchObject({ code: 'restore-stopped', message: none });
  await world?.close();
  const both = await firstAnswers([waits, waits]);
  expect(both).not.toMatchObject({ message: none });
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
  const made = { links: [], records: [] };
  const steps = [...undoSteps([item('1', 'a'), item('2', 'b'), item('3', 'a')], new Batches(false), made, () => {}, { objects: [], links: [] })];
  expect([...groupsOf(steps, () => 100)].map((group) => group.map(({ id }) => id))).toEqual([['1', '2'], ['3']]);
});

test('an undo does nothing about a link that came by itself and was cut again, and tells which links stand again', () => {
  const link = (to: string): JournalLink => ({ link: 'primary', fromObject: 'contacts', from: 'p', toObject: 'companies', to });
  const written: AppliedItem = {
    id: '1',
    action: 'update',
    object: 'contacts',
    key: 'p',
    set: { name: 'good' },
    replaced: { name: 'bad' },
    brought: [link('itself'), link('stays')],
  };
  // As an undo sees them: the last first.
  const items: AppliedItem[] = [
    { id: linkTakenAgain(linkText(link('itself'))), action: 'unlink', ...link('itself') },
    { id: '2', action: 'unlink', ...link('wrong') },
    written,
  ];
  const again: JournalLink[] = [];
  const tell = (one: JournalLink): void => void again.push(one);
  const steps = [...undoSteps(items, new Batches(false), { links: [], records: [] }, tell, { objects: [], links: [] })];
  expect(steps.map(({ action }) => action)).toEqual(['link', 'update', 'unlink']);
  expect(steps.at(-1)?.resolve()).toMatchObject({ action: 'unlink', to: 'stays' });
  expect(again).toEqual([link('wrong')]);
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
