import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { lockPlatforms } from '../../src/checks/locks.js';
import { type Platform, platformLock } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, type PlanSummary, type RestoreSummary } from '../../src/restores/index.js';
import { holdersOf } from '../../src/runbooks/index.js';
import { Leftovers } from '../../src/stages/leftovers.js';
import { lockStage } from '../../src/stages/staging-lock.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';
import { temporaryFolder } from '../support/store.js';

/** A user would lose: what a restore puts back on a test environment, to a drill that damages it at the same time; and the proof of the drill. */

let world: World;
let plan: PlanSummary;
beforeEach(async () => {
  world = await openWorld(crmSchema(), { ...CONFIG, canary: 100 });
  for (let i = 0; i < 6; i += 1) world.connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x` }, 'import');
  const base = await world.take();
  for (let i = 0; i < 6; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:crm');
  plan = await planRestore({ base, damaged: await world.take(), filters: FILTERS, by: 'maya' }, world.deps);
});
afterEach(() => world.close());

const restore = async (): Promise<RestoreSummary> =>
  await applyRestore({ plan: plan.header.id, by: 'lee', confirmed: confirmationOf(plan.header) }, world.deps);

const platform = (): Platform => world.deps.platform;

async function drill(of: Platform = platform()): Promise<Leftovers> {
  const { store } = world;
  return await Leftovers.open({
    store,
    platform: of,
    clock: systemClock,
    folder: await temporaryFolder(),
    by: 'maya',
    holders: holdersOf(store),
  });
}

const tested = async (): ReturnType<typeof lockPlatforms> =>
  await lockPlatforms(world.store, [platform()], { by: 'lee', holder: 'check-20261122-070000-aaaa', purpose: 'test signups' });

/** Leaves the platform's lock as a killed process of this holder leaves it. */
async function leaveLock(holder: string, name = platformLock(platform())): Promise<void> {
  const locks = join(world.store.location, 'locks');
  await mkdir(locks, { recursive: true });
  const gone = { by: 'maya', purpose: 'its work', since: '2026-11-22T07:00:00.000Z', pid: 999_999_999, host: hostname(), token: 'gone' };
  await writeFile(join(locks, `${name}.lock`), JSON.stringify({ ...gone, holder }));
}

test('while a drill is at work on a platform, no restore and no test is, and they are told who is; after it they are (G5)', async () => {
  const atWork = await drill();
  const told = { code: 'locked', message: expect.stringMatching(/ is held by maya for drill on \S+ \(stage-/u) as string };
  await expect(restore()).rejects.toMatchObject({ ...told, next: expect.stringMatching(/^Wait until stage-/u) as string });
  await expect(tested()).rejects.toMatchObject(told);
  await expect(drill()).rejects.toMatchObject(told);
  await expect(lockStage(world.store, platform(), { by: 'lee', holder: 'parity-1', purpose: 'parity check crm' })).rejects.toMatchObject(told);
  await atWork.takeAway(world.connector.schema, {});
  expect(await restore()).toMatchObject({ state: 'done' });
  await (await tested()).release();
  expect(await world.store.locks()).toEqual([]);
});

test('while a restore or a test is at work on a platform, no drill is staged there (G5)', async () => {
  for (const holder of ['restore-20261122-070000-aaaa', 'check-20261122-070000-aaaa']) {
    const lock = await world.store.lock(platformLock(platform()), { by: 'lee', holder, purpose: 'its work' });
    await expect(drill()).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`held by lee for its work (${holder})`) as string,
    });
    await lock.release();
  }
  await (await drill()).takeAway(world.connector.schema, {});
});

test('a restore that was killed half-way keeps its platform from drills and tests, and they name the command that ends it; one that is over does not (G5, G30)', async () => {
  const signal = AbortSignal.abort(new Error('stop'));
  const applying = applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps, { signal });
  await expect(applying).rejects.toThrow('stop');
  const [id = ''] = await world.store.journals('restores');
  await leaveLock(id);
  const told = { code: 'locked', next: expect.stringContaining(`runback restore resume ${id}`) as string };
  await expect(drill()).rejects.toMatchObject(told);
  await expect(tested()).rejects.toMatchObject(told);
  expect((await world.store.lockHolder(platformLock(platform())))?.holder).toBe(id);
  await leaveLock('restore-20261122-070000-none');
  await (await drill()).takeAway(world.connector.schema, {});
});

test('what a killed drill or test holds is taken over by the next one; a restore is told how it is ended', async () => {
  for (const [holder, next] of [
    ['stage-20261122-070000-aaaa', 'runback drill list'],
    ['check-20261122-070000-bbbb', 'runback test cleanup check-20261122-070000-bbbb'],
  ] as const) {
    await leaveLock(holder);
    await expect(restore()).rejects.toMatchObject({ code: 'locked', next: expect.stringContaining(`Continue ${holder}: ${next}`) as string });
    await (await tested()).release();
    await leaveLock(holder);
    await (await drill()).takeAway(world.connector.schema, {});
    expect(await world.store.locks()).toEqual([]);
  }
});

test('what a killed drill of an earlier version holds, under another name, is given back by the next drill', async () => {
  await leaveLock('stage-20261122-070000-aaaa', `drill-${platformLock(platform())}`);
  await (await drill()).takeAway(world.connector.schema, {});
  expect(await world.store.locks()).toEqual([]);
});

test('what a drill left on one of two services that number their accounts from 1 is not taken away from the other', async () => {
  const at = (within: string): Platform => ({ ...platform(), identity: { ...platform().identity, account: '1', within } });
  const [one, other] = [at('shop.example.com'), at('forms.example.com')];
  // A name that every version has: what was at work when this one was installed is known by it.
  expect([platformLock(one), platformLock(other)]).toEqual([platformLock(at('elsewhere')), platformLock(at('elsewhere'))]);
  const schema = world.connector.schema.objects.find(({ object }) => object === 'contacts');
  if (schema === undefined) throw new Error('no object type');
  const killed = await drill(one);
  await killed.willCreate(schema.object, [{ action: 'create', schema, key: 'p1', set: {} }]);
  await rm(join(world.store.location, 'locks'), { recursive: true });
  const next = await drill(other);
  await next.takeAwayOld(world.connector.schema, {});
  expect(world.connector.state().records[schema.object]).toHaveProperty('p1');
  expect(await world.store.list('drill-stages')).toHaveLength(1);
});

test('while a drill is at work, one of an earlier version is refused by the name that it knows; after it, it is not', async () => {
  const running = await drill();
  const earlier = { by: 'lee', holder: 'stage-20261122-070000-bbbb', purpose: 'drill' };
  const name = `drill-${platformLock(platform())}`;
  await expect(world.store.lock(name, earlier, { breakDead: true, lapse: true })).rejects.toMatchObject({ code: 'locked' });
  await running.takeAway(world.connector.schema, {});
  await (await world.store.lock(name, earlier)).release();
  expect(await world.store.locks()).toEqual([]);
});
