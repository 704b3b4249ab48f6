import { appendFile, readFile, writeFile } from 'node:fs/promises';

import { afterEach, expect, test } from 'vitest';

import { platformLock } from '../../src/connectors/index.js';
import type { ErrorCode } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, readPlan, type PlanSummary } from '../../src/restores/index.js';
import type { Catalog } from '../../src/snapshots/index.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

/** Ten contacts, four of them damaged, and a plan for them. */
async function damagedWorld(config = CONFIG): Promise<PlanSummary> {
  world = await openWorld(crmSchema(), config);
  for (let i = 0; i < 10; i += 1) world.connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x` }, 'import');
  const base = await world.take();
  for (let i = 0; i < 4; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:crm');
  const damaged = await world.take();
  return planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, world.deps);
}

/** What a refusal must be: its code, and nothing written or journaled. */
async function refused(applying: Promise<unknown>, code: ErrorCode): Promise<void> {
  const { calls } = world.connector;
  await expect(applying).rejects.toMatchObject({ code });
  expect(calls.write).toBe(0);
  expect(await world.store.journals('restores')).toEqual([]);
}

test('a plan edited by hand is refused: in a line, in the header, or by a line more', async () => {
  const plan = await damagedWorld();
  const text = await readFile(plan.location, 'utf8');
  for (const edited of [text.replace('"to":"good"', '"to":"evil"'), text.replace('"records":4', '"records":1'), `${text}{}\n`]) {
    expect(edited).not.toBe(text);
    await writeFile(plan.location, edited);
    await refused(applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps), 'plan-tampered');
  }
  await writeFile(plan.location, text);
  await appendFile(plan.location, '');
  await expect(readPlan(world.store, plan.header.id)).resolves.toMatchObject({ hash: plan.hash });
});

test('a plan for another account or environment is refused', async () => {
  const plan = await damagedWorld();
  const { platform } = world.deps;
  const request = { plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) };
  await refused(
    applyRestore(request, { ...world.deps, platform: { ...platform, identity: { ...platform.identity, account: 'other' } } }),
    'plan-other-account',
  );
  await refused(applyRestore(request, { ...world.deps, platform: { ...platform, environment: 'production' } }), 'plan-other-account');
  const elsewhere = { ...platform, identity: { ...platform.identity, address: 'copy.example:5432' } };
  await refused(applyRestore(request, { ...world.deps, platform: elsewhere }), 'plan-other-account');
  await refused(applyRestore(request, { ...world.deps, platform: { ...platform, unnamed: true } }), 'wrong-account');
  expect(world.connector.written).toEqual([]);
});

test('an old plan is refused', async () => {
  const plan = await damagedWorld();
  world.clock.move(3_600_000);
  await refused(applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps), 'plan-stale');
  expect(world.connector.written).toEqual([]);
});

test('a plan over the limits needs an approval bound to its hash', async () => {
  const plan = await damagedWorld();
  const request = { plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) };
  await refused(applyRestore({ ...request, limits: { records: 3 } }, world.deps), 'over-limit');
  await refused(applyRestore({ ...request, limits: { percent: 39 } }, world.deps), 'over-limit');
  await refused(applyRestore({ ...request, limits: { records: 3 }, approvals: [{ hash: 'f'.repeat(64), by: 'lee' }] }, world.deps), 'over-limit');
  await refused(applyRestore(request, { ...world.deps, config: { ...CONFIG, limits: { percent: 39 } } }), 'over-limit');
  const done = await applyRestore({ ...request, limits: { records: 3 }, approvals: [{ hash: plan.hash, by: 'lee' }] }, world.deps);
  expect(done).toMatchObject({ state: 'done', applied: 4 });
});

test('the confirmation names the environment and the number of records', async () => {
  const plan = await damagedWorld();
  await refused(applyRestore({ plan: plan.header.id, by: 'maya' }, world.deps), 'confirmation-missing');
  for (const confirmed of ['sandbox:5', 'production:4', 'sandbox', '4', 'yes'])
    await refused(applyRestore({ plan: plan.header.id, by: 'maya', confirmed }, world.deps), 'confirmation-wrong');
  expect(confirmationOf(plan.header)).toBe('sandbox:4');
});

test('a second writer of the account is told who holds it (G5)', async () => {
  const plan = await damagedWorld();
  const lock = await world.store.lock(platformLock(world.deps.platform), { by: 'lee', holder: 'restore-1', purpose: 'restore of memory' });
  const request = { plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) };
  await expect(applyRestore(request, world.deps)).rejects.toMatchObject({
    code: 'locked',
    data: { holder: 'restore-1' },
  });
  expect(world.connector.calls.write).toBe(0);
  await lock.release();
  await expect(applyRestore(request, world.deps)).resolves.toMatchObject({ state: 'done' });
});

test('a base of another account, and a base younger than the damage, are refused before anything is read', async () => {
  const plan = await damagedWorld();
  const { base, damaged } = plan.header;
  const reads = world.connector.calls.read;
  const { platform } = world.deps;
  const request = { base: base.snapshot, damaged: damaged.snapshot, filters: FILTERS, by: 'maya' };
  await expect(
    planRestore(request, { ...world.deps, platform: { ...platform, identity: { ...platform.identity, account: 'other' } } }),
  ).rejects.toMatchObject({ code: 'wrong-account' });
  await expect(planRestore({ ...request, base: damaged.snapshot, damaged: base.snapshot }, world.deps)).rejects.toMatchObject({
    code: 'snapshots-swapped',
  });
  await expect(planRestore({ ...request, filters: { ...FILTERS, objects: ['contcats'] } }, world.deps)).rejects.toMatchObject({ code: 'not-found' });
  expect(world.connector.calls.read).toBe(reads);
});

// A user would lose: no plan can be made for a day, and the syncs stay paused.
test.each([-26, 26])(
  'a clock moved by %s hours between base and damage is not taken for their order, nor for which snapshot is the latest',
  async (hours) => {
    world = await openWorld(crmSchema());
    world.connector.put('contacts', 'p1', { name: 'good' }, 'import');
    const base = await world.take();
    world.clock.move(hours * 3_600_000);
    world.connector.put('contacts', 'p1', { name: 'bad' }, 'sync:crm');
    const damaged = await world.take();
    const request = { base, damaged, filters: { ...FILTERS, unattributed: 'include' as const }, by: 'maya' };
    await expect(planRestore(request, world.deps)).resolves.toMatchObject({ header: { counts: { records: 1 } } });
    await expect(planRestore({ ...request, base: damaged, damaged: base }, world.deps)).rejects.toMatchObject({ code: 'snapshots-swapped' });
    const { catalog } = world.deps as unknown as { readonly catalog: Catalog };
    expect((await catalog.list()).map(({ id }) => id)).toEqual([damaged, base]);
    expect((await catalog.resolve('latest')).id).toBe(damaged);
  },
);
