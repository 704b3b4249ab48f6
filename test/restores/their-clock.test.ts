import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { openPlatform, type Platform } from '../../src/connectors/index.js';
import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import {
  applyRestore,
  type ApplyDeps,
  confirmationOf,
  planRestore,
  type PlanSummary,
  readRestore,
  resumeRestore,
  undoRestore,
} from '../../src/restores/index.js';
import { person } from '../../src/sandbox/index.js';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { configOf, seed } from '../connectors/hubspot-support.js';
import { CONFIG } from '../support/restore-world.js';
import { ALL } from '../support/restores.js';
import { temporaryFolder } from '../support/store.js';

const HOUR = 3_600_000;

/**
 * Clocks of two machines, each off by its own time and both right in what they measure. Whoever sleeps at one is woken at once, and finds
 * that the time has passed on both.
 */
function twoClocks(): readonly [OffClock, OffClock] {
  let slept = 0;
  const clock = (): OffClock => {
    const self: OffClock = {
      ...systemClock,
      off: 0,
      now: () => new Date(Date.now() + slept + self.off),
      monotonicMs: () => systemClock.monotonicMs() + slept,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        slept += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    return self;
  };
  return [clock(), clock()];
}

type OffClock = Clock & { off: number };

interface World {
  readonly sandbox: HubSpotSandbox;
  readonly ours: OffClock;
  readonly theirs: OffClock;
  readonly deps: ApplyDeps;
  readonly plan: PlanSummary;
  /** Companies of that name. */
  twins(): readonly string[];
}

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A company was deleted that has an older twin, and nothing unique; our clock is off by so much. */
async function openWorld(off: number): Promise<World> {
  const [ours, theirs] = twoClocks();
  ours.off = off;
  theirs.off = -2 * HOUR;
  const sandbox = await startHubSpotSandbox({ clock: theirs, seed: 5 });
  opened.push({ close: () => sandbox.stop() });
  const twin = { name: 'Twin Ltd', city: 'Oslo' };
  seed(sandbox, 'companies', [twin]);
  theirs.off = -HOUR;
  const [gone = ''] = seed(sandbox, 'companies', [twin]);
  theirs.off = 0;
  const dir = await temporaryFolder();
  const store = openFileStore({ dir: join(dir, '.runback'), clock: ours, redactor: new Redactor() });
  const config = { ...configOf(sandbox), objects: ['companies'], limits: { requests_per_10s: 1000 } };
  const platform: Platform = await openPlatform(config, { secret: async () => await Promise.resolve(sandbox.token), clock: ours, writes: 'private' });
  opened.push(platform);
  const backups = join(dir, 'backups');
  const deps: ApplyDeps = { store, clock: ours, catalog: openCatalog({ dir: backups, store, clock: ours }), platform, config: CONFIG };
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock: ours })).id;
  const base = await take();
  sandbox.writeAs(person(7)).archive('companies', gone);
  const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
  const twins = (): readonly string[] =>
    sandbox.records('companies').flatMap(({ id, archived, properties }) => (archived || properties['name'] !== twin.name ? [] : [id]));
  expect(twins()).toHaveLength(1);
  return { sandbox, ours, theirs, deps, plan, twins };
}

const CLOCKS = [
  ['right', 0],
  ['five hours fast', 5 * HOUR],
  ['five hours slow', -5 * HOUR],
] as const;
const apply = ({ plan, deps }: World) => applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);

// A user would lose: a customer's record made twice, since the laptop was on Lisbon time; or one that is never made,
// since an older one looks like it.
test.each(CLOCKS)('a create whose answer is lost stands once, and an older twin is not taken for it, with our clock %s', async (_, off) => {
  const world = await openWorld(off);
  const [older] = world.twins();
  world.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
  const done = await apply(world);
  expect(done).toMatchObject({ state: 'done', applied: 1, inDoubt: 0 });
  expect(world.twins()).toHaveLength(2);
  expect(Object.values(done.keyMap['companies'] ?? {})).not.toContain(older);
});

test.each(CLOCKS)('a create that never arrived is made, and an older twin is not taken for it, with our clock %s', async (_, off) => {
  const world = await openWorld(off);
  world.sandbox.faults.add({ kind: 'drop-request', path: '*batch/create' });
  expect(await apply(world)).toMatchObject({ applied: 1, inDoubt: 0 });
  expect(world.twins()).toHaveLength(2);
});

test.each(CLOCKS)(
  'nor is it made twice where the process is gone with the answer, and a clock that was %s is put right before it goes on',
  async (_, off) => {
    const world = await openWorld(off);
    world.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
    // Nothing can be looked up after it, as if the process had been killed there.
    world.sandbox.faults.add({ kind: 'server-error', method: 'GET', path: '/crm/v3/objects/companies', times: null });
    await expect(apply(world)).rejects.toThrow(/stopped/u);
    world.sandbox.faults.clear();
    world.ours.off = 0;
    const [id = ''] = await world.deps.store.journals('restores');
    expect(await readRestore(world.deps.store, id)).toMatchObject({ applied: 0, inDoubt: 1 });
    await resumeRestore(id, 'maya', world.deps);
    expect(await readRestore(world.deps.store, id)).toMatchObject({ applied: 1, inDoubt: 0 });
    expect(world.twins()).toHaveLength(2);
    await undoRestore(id, 'maya', world.deps);
    expect(world.twins()).toHaveLength(1);
  },
);

test('the time of the platform stands in the journal, from its answers and not from our clock', async () => {
  const world = await openWorld(5 * HOUR);
  const before = Date.now();
  const { id } = await apply(world);
  const found: string[] = [];
  for await (const { type, data } of world.deps.store.journal('restores', id).read())
    if (type === 'restore.created' || type === 'batch.intent') found.push(String(data['there']));
  expect(found).toHaveLength(2);
  for (const there of found) {
    expect(Date.parse(there)).toBeGreaterThan(before - HOUR);
    expect(Date.parse(there)).toBeLessThanOrEqual(world.theirs.now().getTime());
  }
});
