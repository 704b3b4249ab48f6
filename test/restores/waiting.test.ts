import { afterEach, expect, test } from 'vitest';

import { applyRestore, confirmationOf, planRestore, readRestore, resumeRestore, undoRestore } from '../../src/restores/index.js';
import { CONFIG, crmSchema, databaseSchema, FILTERS, openWorld, WORKS_AT, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

const ANYTHING = { ...FILTERS, unattributed: 'include' } as const;

async function onlyRestore(): Promise<string> {
  const [id] = await world.store.journals('restores');
  if (id === undefined) throw new Error('there is no restore');
  return id;
}

test('an undo that could not cut a link at first deletes the record it had created all the same, once the link is cut', async () => {
  world = await openWorld(crmSchema());
  const { connector } = world;
  connector.put('companies', 'c0', { name: 'Acme' }, 'import');
  connector.put('contacts', 'p1', { name: 'good', email: '1@x' }, 'import');
  connector.relate(WORKS_AT, { from: 'p1', to: 'c0' }, true);
  const base = await world.take();
  connector.put('contacts', 'p1', null, 'sync:crm');
  connector.relate(WORKS_AT, { from: 'p1', to: 'c0' }, false);
  const damaged = await world.take();
  const before = connector.state();
  const plan = await planRestore({ base, damaged, filters: ANYTHING, by: 'maya' }, world.deps);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps);
  expect(done).toMatchObject({ state: 'done', applied: 2 });
  connector.fault = ({ mutations }) => (mutations[0]?.action === 'unlink' ? 'fail' : undefined);
  await expect(undoRestore(done.id, 'maya', world.deps)).rejects.toMatchObject({ code: 'restore-incomplete' });
  connector.fault = () => undefined;
  expect((await undoRestore(done.id, 'maya', world.deps)).state).toBe('undone');
  expect(connector.state()).toEqual(before);
});

test('a record whose parent could not be created at first is created by the resume, and only once', async () => {
  world = await openWorld(databaseSchema(), { ...CONFIG, canary: 1 });
  const { connector } = world;
  for (const id of ['c1', 'c2']) connector.put('companies', id, { name: id }, 'import');
  for (const [id, company] of [
    ['p1', 'c1'],
    ['p2', 'c2'],
  ] as const)
    connector.put('contacts', id, { name: 'good', email: `${id}@x`, company }, 'import');
  const base = await world.take();
  const good = connector.state();
  for (const id of ['p1', 'p2']) connector.put('contacts', id, null, 'sync:crm');
  for (const id of ['c1', 'c2']) connector.put('companies', id, null, 'sync:crm');
  const damaged = await world.take();
  const plan = await planRestore({ base, damaged, filters: ANYTHING, by: 'maya' }, world.deps);
  connector.fault = ({ mutations }) => {
    const [first] = mutations;
    return first?.action === 'create' && first.schema.object === 'companies' && first.key === 'c2' ? 'fail' : undefined;
  };
  const applying = applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps);
  await expect(applying).rejects.toMatchObject({ code: 'restore-incomplete' });
  expect(await readRestore(world.store, await onlyRestore())).toMatchObject({ state: 'stopped', rejected: 0 });
  connector.fault = () => undefined;
  expect(await resumeRestore(await onlyRestore(), 'maya', world.deps)).toMatchObject({ state: 'done', applied: 4, rejected: 0, failed: 0 });
  expect(connector.state()).toEqual(good);
  expect(connector.written).toHaveLength(4);
});

test('what was created again on another account, under the same name in runback.yml, does not keep a record from being created here', async () => {
  world = await openWorld(crmSchema());
  const { connector } = world;
  const elsewhere = { ...world.deps, platform: { ...world.deps.platform, identity: { ...world.deps.platform.identity, account: 'another' } } };
  connector.put('contacts', 'p1', { name: 'good', email: '1@x' }, 'import');
  const base = await world.take();
  connector.put('contacts', 'p1', null, 'sync:crm');
  const damaged = await world.take();
  const request = { base, damaged, filters: ANYTHING, by: 'maya' };
  // The snapshots are of this account; only the journal that the restore leaves behind is made to speak of another one.
  await expect(planRestore(request, elsewhere)).rejects.toMatchObject({ code: 'wrong-account' });
  const writer = await world.store.journal('restores', 'restore-20260101-000000-aaaa').open({ by: 'maya', holder: 'x', purpose: 'x' });
  const item = { id: '1', action: 'create', object: 'contacts', key: 'p1', set: { name: 'good', email: '1@x' } };
  const other = connector.put('contacts', '77', { name: 'somebody else', email: '77@x' }, 'import');
  await writer.append({ by: 'maya', type: 'restore.created', data: { plan: 'plan-x', hash: '', platform: 'memory', account: 'another', total: 1 } });
  await writer.append({ by: 'maya', type: 'batch.intent', data: { batch: 1, items: [item] } });
  await writer.append({ by: 'maya', type: 'batch.outcome', data: { batch: 1, results: [{ id: '1', status: 'applied', key: other }] } });
  await writer.close();
  const here = await planRestore(request, world.deps);
  expect(here.header.counts.actions).toEqual({ create: 1 });
  const done = await applyRestore({ plan: here.header.id, by: 'maya', confirmed: confirmationOf(here.header) }, world.deps);
  expect(done).toMatchObject({ state: 'done', applied: 1 });
  expect(connector.written).toHaveLength(1);
});
