import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { platformLock } from '../../src/connectors/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  readRestore,
  resumeRestore,
  undoRestore,
  type ApplyDeps,
  type PlanSummary,
  type RestoreSummary,
} from '../../src/restores/index.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';

/** Who a killed process was. */
const GONE = { by: 'maya', purpose: 'restore of memory', since: '2026-11-22T07:00:00.000Z', pid: 999_999_999, host: hostname(), token: 'gone' };

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

const apply = (deps: ApplyDeps = world.deps): Promise<RestoreSummary> =>
  applyRestore({ plan: plan.header.id, by: 'lee', confirmed: confirmationOf(plan.header) }, deps);

/** Leaves the platform's lock as a killed process of this holder leaves it. */
async function leaveLock(holder: string): Promise<void> {
  const locks = join(world.store.location, 'locks');
  await mkdir(locks, { recursive: true });
  await writeFile(join(locks, `${platformLock(world.deps.platform)}.lock`), JSON.stringify({ ...GONE, holder }));
}

/** A restore that was stopped by a signal before its end. */
async function stopped(): Promise<string> {
  const signal = AbortSignal.abort(new Error('stop'));
  const applying = applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, world.deps, { signal });
  await expect(applying).rejects.toThrow('stop');
  const [id] = await world.store.journals('restores');
  expect(await readRestore(world.store, id ?? '')).toMatchObject({ state: 'stopped' });
  return id ?? '';
}

const held = async (): Promise<string | undefined> => (await world.store.lockHolder(platformLock(world.deps.platform)))?.holder;

test.each([
  ['has no journal', async () => 'restore-20261122-070000-aaaa'],
  [
    'was killed before its first line was whole',
    async () => {
      const id = 'restore-20261122-070000-aaaa';
      await mkdir(join(world.store.location, 'restores', id), { recursive: true });
      await writeFile(join(world.store.location, 'restores', id, 'journal.ndjson'), '{"v":1,"seq":1,"type":"restore.cre');
      return id;
    },
  ],
  ['is done', async () => (await apply()).id],
  [
    'is undone',
    async () => {
      const { id } = await apply();
      return (await undoRestore(id, 'maya', world.deps)).id;
    },
  ],
  [
    'ended with a rest',
    async () => {
      world.connector.put('contacts', 'p3', { name: 'edited' }, 'ui:lee');
      const { id, state } = await apply();
      expect(state).toBe('partial');
      return id;
    },
  ],
  [
    'has a damaged journal',
    async () => {
      const id = await stopped();
      await writeFile(join(world.store.location, 'restores', id, 'journal.ndjson'), 'not a journal\nnot one at all\n');
      return id;
    },
  ],
  ['is unknown: only a power cut leaves that', async () => 'unknown'],
])('a lock whose process is dead and whose restore %s is taken over by the next restore (G5, G30)', async (_what, holderOf) => {
  await leaveLock(await holderOf());
  expect(await apply()).toMatchObject({ applied: expect.any(Number) as number });
  expect(await held()).toBeUndefined();
});

test('a lock whose plan is gone, so that neither resume nor undo can begin, is taken over by the next restore (G30)', async () => {
  const id = await stopped();
  const { header } = plan;
  plan = await planRestore({ base: header.base.snapshot, damaged: header.damaged.snapshot, filters: FILTERS, by: 'maya' }, world.deps);
  await rm(join(world.store.location, 'plans', `${header.id}.ndjson`));
  await leaveLock(id);
  expect(await apply()).toMatchObject({ state: 'done' });
});

test('a lock whose restore is unfinished is kept; the message names the command that helps, and it does (G5, G30)', async () => {
  const id = await stopped();
  await leaveLock(id);
  await expect(apply()).rejects.toMatchObject({ code: 'locked', next: expect.stringContaining(`runback restore resume ${id}`) as string });
  // Nobody else's resume or undo may take it either.
  expect(await resumeRestore(id, 'lee', world.deps)).toMatchObject({ state: 'done' });
  expect(await held()).toBeUndefined();
  expect(await apply()).toMatchObject({ state: 'done' });
});

test('a lock whose undo is unfinished names the undo, and the undo of another restore does not take it (G5, G30)', async () => {
  const other = await apply();
  const { id } = await apply();
  const signal = AbortSignal.abort(new Error('stop'));
  for (let i = 0; i < 6; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:crm');
  const third = await apply();
  await expect(undoRestore(third.id, 'maya', world.deps, { signal })).rejects.toThrow('stop');
  expect(await readRestore(world.store, third.id)).toMatchObject({ state: 'undo_failed' });
  await leaveLock(third.id);
  const next = expect.stringContaining(`runback restore undo ${third.id}`) as string;
  await expect(apply()).rejects.toMatchObject({ code: 'locked', next });
  await expect(undoRestore(id, 'lee', world.deps)).rejects.toMatchObject({ code: 'locked', next });
  expect(await undoRestore(third.id, 'lee', world.deps)).toMatchObject({ state: 'undone' });
  expect(await undoRestore(other.id, 'lee', world.deps)).toMatchObject({ state: 'undone' });
});

test('a restore that is done gives its own dead lock back when it is resumed, an undone one when it is undone again', async () => {
  const { id } = await apply();
  await leaveLock(id);
  expect(await resumeRestore(id, 'lee', world.deps)).toMatchObject({ state: 'done' });
  expect(await held()).toBeUndefined();
  await undoRestore(id, 'lee', world.deps);
  await leaveLock(id);
  expect(await undoRestore(id, 'lee', world.deps)).toMatchObject({ state: 'undone' });
  expect(await held()).toBeUndefined();
});

test('a restore that is a step of a run may be resumed or undone by itself although the dead run holds the platform (G30)', async () => {
  const run = 'run-20261122-070000-bbbb';
  const { id } = await apply({ ...world.deps, run });
  await leaveLock(run);
  // What became of a run is not for a restore to know: it does not take a lock from one that it is no part of.
  await expect(apply()).rejects.toMatchObject({ code: 'locked', next: expect.stringContaining('runback ') as string });
  expect(await undoRestore(id, 'lee', world.deps)).toMatchObject({ state: 'undone' });
  expect(await held()).toBeUndefined();
});
