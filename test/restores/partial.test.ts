import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  applyRestore,
  confirmationOf,
  leftOf,
  leftWords,
  planRestore,
  readRestore,
  resumeRestore,
  undoRestore,
  verifyRestore,
  type PlanSummary,
  type RestoreSummary,
} from '../../src/restores/index.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';

const SIZE = 12;

let world: World;
let plan: PlanSummary;
beforeEach(async () => {
  // One batch holds the whole plan: none of a first batch taking would stop it there.
  world = await openWorld({ ...crmSchema(), batch: SIZE }, { ...CONFIG, canary: SIZE });
  for (let i = 0; i < SIZE; i += 1) world.connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x` }, 'import');
  const base = await world.take();
  for (let i = 0; i < SIZE; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:crm');
  plan = await planRestore({ base, damaged: await world.take(), filters: FILTERS, by: 'maya' }, world.deps);
});
afterEach(() => world.close());

const apply = (): Promise<RestoreSummary> => applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps);
const names = (): string[] => Object.values(world.connector.state().records['contacts'] ?? {}).map(({ name }) => String(name));
const wrote = (): number => world.connector.written.length;
const refuse = (): void => {
  world.connector.fault = () => 'reject-half';
};
const accept = (): void => {
  world.connector.fault = () => undefined;
};

test('a restore of which the platform refused something is partial; a resume tries again what was refused, and nothing twice (G28)', async () => {
  refuse();
  const first = await apply();
  expect(first).toMatchObject({ state: 'partial', left: [{ status: 'rejected', count: first.rejected }] });
  expect(first.rejected).toBeGreaterThan(0);
  expect(first.applied + first.rejected).toBe(SIZE);
  expect(leftWords(first)).toContain(`${first.rejected} refused by the platform`);
  expect(first.finishedAt).toBeDefined();

  // Refused again, all of it: that stops nothing, and is said again.
  const before = wrote();
  world.connector.fault = () => 'reject-half';
  const second = await resumeRestore(first.id, 'lee', world.deps);
  expect(second).toMatchObject({ state: 'partial' });
  expect(second.rejected).toBeLessThan(first.rejected);
  expect(wrote() - before).toBe(first.rejected - second.rejected);

  accept();
  const third = await resumeRestore(first.id, 'lee', world.deps);
  expect(third).toMatchObject({ state: 'done', applied: SIZE, rejected: 0 });
  expect(third.left).toBeUndefined();
  expect(wrote()).toBe(SIZE);
  expect(names()).toEqual(Array.from({ length: SIZE }, () => 'good'));
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
  expect(await undoRestore(first.id, 'maya', world.deps)).toMatchObject({ state: 'undone', undo: { applied: SIZE, moved: 0, rejected: 0 } });
  expect(names()).toEqual(Array.from({ length: SIZE }, () => 'bad'));
});

test('a resume that is killed while it tries again what was refused has lost nothing of what is left (G2, G28)', async () => {
  refuse();
  const first = await apply();
  accept();
  world.connector.onWrite = () => {
    throw new Error('killed');
  };
  await expect(resumeRestore(first.id, 'lee', world.deps)).rejects.toThrow('killed');
  const now = await readRestore(world.store, first.id);
  expect(now).toMatchObject({ state: 'running', applied: first.applied, inDoubt: first.rejected, rejected: 0 });
  world.connector.onWrite = () => {};
  expect(await resumeRestore(first.id, 'lee', world.deps)).toMatchObject({ state: 'done', applied: SIZE });
  expect(wrote()).toBe(SIZE);
});

test('a restore of which everything was left alone is partial, and a resume has nothing to try: people changed it (G28)', async () => {
  for (let i = 0; i < SIZE; i += 1) world.connector.put('contacts', `p${i}`, { name: 'edited' }, 'ui:lee');
  const first = await apply();
  expect(first).toMatchObject({ state: 'partial', applied: 0, moved: SIZE, left: [{ status: 'moved', count: SIZE }] });
  const calls = world.connector.calls.write;
  expect(await resumeRestore(first.id, 'lee', world.deps)).toEqual(first);
  expect(world.connector.calls.write).toBe(calls);
  expect(names()).toEqual(Array.from({ length: SIZE }, () => 'edited'));
});

test('single fields that somebody changed meanwhile are left, counted, and make a restore partial (G28)', async () => {
  await world.close();
  world = await openWorld(crmSchema(), { ...CONFIG, canary: 100 });
  world.connector.put('contacts', 'p0', { name: 'good', phone: '1' }, 'import');
  const base = await world.take();
  world.connector.put('contacts', 'p0', { name: 'bad', phone: '9' }, 'sync:crm');
  plan = await planRestore({ base, damaged: await world.take(), filters: FILTERS, by: 'maya' }, world.deps);
  world.connector.put('contacts', 'p0', { phone: '42' }, 'ui:lee');
  const done = await apply();
  expect(world.connector.state().records['contacts']?.['p0']).toMatchObject({ name: 'good', phone: '42' });
  expect(done).toMatchObject({ state: 'partial', applied: 1, moved: 0, fieldsMoved: 1 });
  expect(leftOf(done)).toBe(1);
});

test('a whole restore is done and says of nothing that it was left', async () => {
  const done = await apply();
  expect(done).toMatchObject({ state: 'done', applied: SIZE });
  expect(Object.keys(done)).not.toEqual(expect.arrayContaining(['left']));
  expect(leftOf(done)).toBe(0);
  expect(leftWords(done)).toBe('');
});

test('an undo counts what it left; undoing again tries again what was refused, and leaves what people changed (G9, G28)', async () => {
  const { id } = await apply();
  world.connector.put('contacts', 'p3', { name: 'edited' }, 'ui:lee');
  refuse();
  const first = await undoRestore(id, 'maya', world.deps);
  const refused = first.undo?.rejected ?? 0;
  expect(first).toMatchObject({ state: 'undone', undo: { moved: 1 } });
  expect(refused).toBeGreaterThan(0);
  expect(leftWords(first)).toContain(`${refused} refused`);
  accept();
  const second = await undoRestore(id, 'lee', world.deps);
  expect(second.undo).toMatchObject({ applied: SIZE - 1, moved: 1, rejected: 0 });
  expect(names().filter((name) => name === 'bad')).toHaveLength(SIZE - 1);
  expect(names()).toContain('edited');
});
