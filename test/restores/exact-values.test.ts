import { dirname, join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { Redactor } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, undoRestore, type ApplyDeps } from '../../src/restores/index.js';
import { openCatalog } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { field, FILTERS, objectType, openWorld, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

/** The world as a process sees it that knows a secret. */
function knowing(secret: string): ApplyDeps {
  const redactor = new Redactor();
  redactor.add(secret);
  const store = openFileStore({ dir: join(dirname(world.backups), '.runback'), clock: world.clock, redactor });
  return { ...world.deps, store, catalog: openCatalog({ dir: world.backups, store, clock: world.clock }) };
}

test('an undo puts back a value that holds the text of a secret exactly, and never [redacted]', async () => {
  world = await openWorld({ objects: [objectType('contacts', [field('name'), field('note')])], links: [] });
  world.connector.put('contacts', 'p1', { name: 'good', note: 'dial 4711 then hunter22 at the door' }, 'import');
  world.connector.put('contacts', 'hunter22', { name: 'good', note: 'x' }, 'import');
  const base = await world.take();
  world.connector.put('contacts', 'p1', { name: 'hunter22', note: 'hunter22!' }, 'sync:crm');
  world.connector.put('contacts', 'hunter22', { name: 'bad' }, 'sync:crm');
  const damaged = await world.take();
  const before = world.connector.state();
  const deps = knowing('hunter22');
  const plan = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, deps);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  expect(done).toMatchObject({ state: 'done', applied: 2 });
  expect((await undoRestore(done.id, 'maya', deps)).state).toBe('undone');
  expect(world.connector.state()).toEqual(before);
});

test('a record created again is deleted again by the undo, although its new key and its fields hold the text of a secret', async () => {
  world = await openWorld({ objects: [objectType('contacts', [field('name'), field('hunter22')])], links: [] });
  world.connector.put('contacts', 'p1', { name: 'hunter22', hunter22: 'yes' }, 'import');
  const base = await world.take();
  world.connector.put('contacts', 'p1', null, 'sync:crm');
  const damaged = await world.take();
  const deps = knowing('hunter22');
  const filters = { ...FILTERS, unattributed: 'include' } as const;
  const plan = await planRestore({ base, damaged, filters, by: 'maya' }, deps);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  expect(done).toMatchObject({ state: 'done', applied: 1 });
  expect(JSON.stringify(world.connector.state())).toContain('"hunter22":"yes"');
  expect((await undoRestore(done.id, 'maya', deps)).state).toBe('undone');
  expect(JSON.stringify(world.connector.state())).not.toContain('yes');
});
