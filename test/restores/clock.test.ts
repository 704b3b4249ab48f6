import { expect, test } from 'vitest';

import { Redactor } from '../../src/lib/index.js';
import { foldRestore, RESTORES } from '../../src/restores/journal.js';
import { openFileStore } from '../../src/store/index.js';
import { tickingClock } from '../support/restore-world.js';
import { temporaryFolder } from '../support/store.js';

// A user would lose: a record that was created before the laptop's clock was put right is not found again, and created a second time.
test.each([
  ['put back by half an hour', -1_800_000, true],
  ['kept right by the second', -3_000, undefined],
  ['put forward', 1_800_000, undefined],
])('a create whose answer was lost is not judged by its time where the clock was %s meanwhile', async (_, moved, expected) => {
  const clock = tickingClock();
  const store = openFileStore({ dir: await temporaryFolder(), clock, redactor: new Redactor() });
  const writer = await store.journal(RESTORES, 'restore-1').open({ by: 'maya', holder: 'restore-1', purpose: 'a test' });
  const by = 'maya';
  await writer.append({ by, type: 'restore.created', data: { plan: 'plan-1', settings: {}, approvals: [], total: 1 } });
  const items = [{ id: '1', action: 'create', object: 'contacts', key: 'c1', set: { name: 'Ann' } }];
  await writer.append({ by, type: 'batch.intent', data: { batch: 1, items } });
  clock.move(moved);
  await writer.append({ by, type: 'restore.resumed', data: {} });
  await writer.close();
  const { apply } = await foldRestore(store, 'restore-1');
  expect(apply.pending.map(({ clockMoved }) => clockMoved)).toEqual([expected]);
});
