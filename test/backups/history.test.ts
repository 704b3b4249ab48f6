import { writeFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { type History, pruneHistory } from '../../src/backups/index.js';
import { logFiles } from '../../src/cli/session/log-files.js';
import { RunbackError, systemClock } from '../../src/lib/index.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

const owner = { by: 'maya', holder: 'x', purpose: 'a test' };
const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const idAt = (kind: string, day: number): string => {
  const text = new Date(START + day * DAY).toISOString().replaceAll(/[-:]/gu, '');
  return `${kind}-${text.slice(0, 8)}-${text.slice(9, 15)}-a${String(day).padStart(3, '0')}`;
};

/** A state with one of each kind a day; a restore of day `recreating` made a record anew, one of day `open` is not finished. */
async function stateOf(days: readonly number[], { recreating = -1, open = -1 } = {}) {
  const { store } = await temporaryStore();
  const logDir = await temporaryFolder();
  await mkdir(logDir, { recursive: true });
  for (const day of days) {
    await store.ledger('plans', idAt('plan', day)).write(['{}']);
    const run = await store.journal('runs', idAt('run', day)).open(owner);
    await run.append({
      by: 'maya',
      type: 'run.created',
      data: { steps: [], inputs: {}, limits: {}, runbook: { id: 'small', text: 'x', digest: 'd', file: 'f' } },
    });
    await run.append({ by: 'maya', type: 'run.closed', data: { state: 'succeeded' } });
    await run.close();
    const restore = await store.journal('restores', idAt('restore', day)).open(owner);
    const settings = { canary: 3, errorsPercent: 5, skippedPercent: 25 };
    const created = { plan: idAt('plan', day), hash: 'h', platform: 'crm', account: 'a', total: 1, confirmed: 'sandbox:1', settings, approvals: [] };
    await restore.append({ by: 'maya', type: 'restore.created', data: created });
    const item = day === recreating ? { action: 'create', set: {} } : { action: 'update', set: {}, replaced: {} };
    await restore.append({ by: 'maya', type: 'batch.intent', data: { batch: 1, items: [{ id: '1', object: 'contacts', key: '1', ...item }] } });
    await restore.append({
      by: 'maya',
      type: 'batch.outcome',
      data: { batch: 1, results: [{ id: '1', status: 'applied', key: day === recreating ? '2' : '1' }] },
    });
    if (day !== open) await restore.append({ by: 'maya', type: 'restore.closed', data: { counts: {} } });
    await restore.close();
    await writeFile(join(logDir, `${new Date(START + day * DAY).toISOString().slice(0, 10)}.ndjson`), '{}\n');
  }
  return { store, logDir };
}

const DAYS = Array.from({ length: 20 }, (_, n) => n * 10);
const keep: Partial<Record<History, string>> = { plans: '60d', runs: '60d', restores: '60d', logs: '60d' };

async function prune(state: Awaited<ReturnType<typeof stateOf>>, { day = 190, dry = false, rules = keep } = {}) {
  const clock = { ...systemClock, now: () => new Date(START + day * DAY) };
  const deps = {
    store: state.store,
    clock,
    by: 'maya',
    logs: logFiles(state.logDir),
    keep: rules,
    planMaxAge: '24h',
    signal: new AbortController().signal,
  };
  return await pruneHistory(deps, dry);
}

const left = async ({ store, logDir }: Awaited<ReturnType<typeof stateOf>>) => ({
  plans: (await store.ledgers('plans')).length,
  runs: (await store.journals('runs')).length,
  restores: (await store.journals('restores')).length,
  logs: (await readdir(logDir)).length,
});

/** A user would lose: the undo of a restore, the memory of which records were created again, or the disk. */
it('deletes what is older than its kind is kept, and nothing that is needed', async () => {
  const state = await stateOf(DAYS, { recreating: 0, open: 20 });
  expect(await prune(state, { dry: true })).toHaveLength(13 * 4);
  expect(await left(state)).toEqual({ plans: 20, runs: 20, restores: 20, logs: 20 });
  const judged = await prune(state);
  expect(judged.filter(({ needed }) => needed !== undefined).map(({ kind, id }) => [kind, id])).toEqual([
    ['plans', idAt('plan', 0)],
    ['plans', idAt('plan', 20)],
    ['restores', idAt('restore', 0)],
    ['restores', idAt('restore', 20)],
  ]);
  expect(judged.some(({ why }) => why !== undefined)).toBe(false);
  expect(await left(state)).toEqual({ plans: 9, runs: 7, restores: 9, logs: 7 });
  expect((await prune(state)).filter(({ needed }) => needed === undefined)).toEqual([]);
});

it('keeps a kind without a rule, the three newest, and everything where the clock jumped', async () => {
  const state = await stateOf([0, 1, 2, 3]);
  expect(await prune(state, { day: 4, rules: { plans: '1d' } })).toMatchObject([
    { kind: 'plans', id: idAt('plan', 0), needed: expect.any(String) as string },
  ]);
  expect(await prune(state, { day: 4, rules: { runs: '1h' } })).toEqual([]);
  // The clock was ten years ahead once: that pause ages nothing.
  const ahead = await stateOf([0, 1, 2, 3650, 3651, 3652]);
  expect(await prune(ahead, { day: 3653 })).toEqual([]);
  expect(await left(state)).toEqual({ plans: 4, runs: 4, restores: 4, logs: 4 });
});

// The plan names groups by number: without the investigation nobody can look up what they were.
it('keeps an investigation as long as a plan that was made of it, or one that may be', async () => {
  const state = await stateOf(DAYS);
  const { store } = state;
  for (const day of DAYS) await store.ledger('investigations', idAt('inv', day)).write(['{}']);
  await store.ledger('plans', idAt('plan', 185)).write([JSON.stringify({ filters: { investigation: { id: idAt('inv', 10) } } })]);
  await store.ledger('plans', idAt('plan', 5)).write([JSON.stringify({ filters: { investigation: { id: idAt('inv', 0) } } })]);
  const rules = { plans: '60d', investigations: '60d' };
  const judged = await prune(state, { rules });
  expect(judged.filter(({ kind, needed }) => kind === 'investigations' && needed !== undefined)).toMatchObject([
    { id: idAt('inv', 10), needed: `${idAt('plan', 185)} was made of it` },
  ]);
  const ids = await store.ledgers('investigations');
  expect(ids).toContain(idAt('inv', 10));
  expect(ids).not.toContain(idAt('inv', 0));
  expect(await store.ledgers('plans')).not.toContain(idAt('plan', 5));
  // Nothing is said of them, so all stay.
  expect(await prune(state, { rules: { plans: '1d' } })).not.toContainEqual(expect.objectContaining({ kind: 'investigations' }));
});

it('keeps the investigation of a plan that could not be deleted', async () => {
  const state = await stateOf(DAYS);
  const { store } = state;
  for (const day of DAYS) await store.ledger('investigations', idAt('inv', day)).write(['{}']);
  await store.ledger('plans', idAt('plan', 5)).write([JSON.stringify({ filters: { investigation: { id: idAt('inv', 0) } } })]);
  const stuck = new Proxy(store, {
    get: (target, name) => {
      if (name !== 'ledger') return (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
      return (kind: string, id: string) => {
        const ledger = target.ledger(kind, id);
        if (id === idAt('plan', 5)) ledger.delete = () => Promise.reject(new RunbackError('disk-denied', 'no'));
        return ledger;
      };
    },
  });
  const judged = await prune({ ...state, store: stuck }, { rules: { plans: '60d', investigations: '60d' } });
  expect(judged).toContainEqual(expect.objectContaining({ id: idAt('plan', 5), deleted: false }));
  expect(await store.ledgers('investigations')).toContain(idAt('inv', 0));
});
