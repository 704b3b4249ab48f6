import { afterEach, expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, resumeRestore, undoRestore } from '../../src/restores/index.js';
import type { Journal, Store } from '../../src/store/index.js';
import { CONFIG, crmSchema, FILTERS, openWorld, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

/** A store that counts the lines of restores that are read. */
function counting(store: Store, seen: { lines: number }): Store {
  const wrap = (journal: Journal): Journal => ({
    kind: journal.kind,
    id: journal.id,
    exists: () => journal.exists(),
    writer: () => journal.writer(),
    async *read(options) {
      for await (const entry of journal.read(options)) {
        seen.lines += 1;
        yield entry;
      }
    },
    rewrite: (owner, change) => journal.rewrite(owner, change),
    delete: (owner) => journal.delete(owner),
    open: (owner, options) =>
      journal.open(owner, {
        ...options,
        visit: (entry) => {
          seen.lines += 1;
          options?.visit?.(entry);
        },
      }),
  });
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'journal') return (kind: string, id: string) => wrap(target.journal(kind, id));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function linesOf(store: Store, id: string): Promise<number> {
  let lines = 0;
  for await (const _ of store.journal('restores', id).read()) lines += 1;
  return lines;
}

// A user would lose: the minutes in which a large restore reads its journal again and again before it writes the rest.
test('a resume and an undo read the journal of their restore once, and what it says of others only as far as its first line', async () => {
  world = await openWorld({ ...crmSchema(), batch: 2 }, { ...CONFIG, canary: 1 });
  const { connector, store, take, deps } = world;
  for (let i = 0; i < 40; i += 1) connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x` }, 'import');
  const base = await take();
  for (let i = 0; i < 40; i += 1) connector.put('contacts', `p${i}`, { name: 'bad', email: `${i}@x` }, 'sync:crm');
  const plan = await planRestore({ base, damaged: await take(), filters: FILTERS, by: 'maya' }, deps);

  const stop = new AbortController();
  connector.fault = ({ n }) => (n === 10 ? (stop.abort(), undefined) : undefined);
  const stopped: unknown = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps, {
    signal: stop.signal,
  }).catch((error: unknown) => error);
  const id = isRunbackError(stopped, 'interrupted') ? String(stopped.data['restore']) : 'it was not stopped';

  const seen = { lines: 0 };
  const before = await linesOf(store, id);
  expect(before).toBeGreaterThan(15);
  expect((await resumeRestore(id, 'maya', { ...deps, store: counting(store, seen) })).state).toBe('done');
  expect(seen.lines).toBeLessThanOrEqual(before + 1);

  seen.lines = 0;
  const done = await linesOf(store, id);
  expect((await resumeRestore(id, 'maya', { ...deps, store: counting(store, seen) })).state, 'nothing is left to do').toBe('done');
  expect(seen.lines).toBeLessThanOrEqual(done + 1);

  seen.lines = 0;
  expect((await undoRestore(id, 'maya', { ...deps, store: counting(store, seen) })).state).toBe('undone');
  expect(seen.lines).toBeLessThanOrEqual(done + 1);
});
