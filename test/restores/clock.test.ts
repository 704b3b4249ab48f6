import { expect, onTestFinished, test } from 'vitest';

import { Redactor } from '../../src/lib/index.js';
import { planRestore, readPlan } from '../../src/restores/index.js';
import { foldRestore, RESTORES } from '../../src/restores/records/journal.js';
import { openFileStore } from '../../src/store/index.js';
import { crmSchema, FILTERS, openWorld, tickingClock } from '../support/restore-world.js';
import { temporaryFolder } from '../support/store.js';

// A user would lose: a record that was created before the laptop's clock was put right is not found again, and created
// a second time.
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
  const { apply, began } = await foldRestore(store, 'restore-1');
  expect(apply.pending.map(({ clockMoved }) => clockMoved)).toEqual([expected]);
  // So it is of all that was written since the restore began.
  expect(began.clockMoved).toBe(expected);
});

// A user would lose: what a colleague corrected before the damage, or the good value itself, where the laptop's clock
// was wrong when the good snapshot was taken.
test.each([0, 26, -26])(
  'whether a change is older than the base is told by the clock of the platform, not by one that is off by %i hours',
  async (hours) => {
    const world = await openWorld({ ...crmSchema(), clock: tickingClock(), tellsTime: true });
    onTestFinished(world.close);
    const { connector } = world;
    connector.put('contacts', 'edited', { name: 'Old' }, 'user:maya');
    // Long before the base, the sync wrote over what a person had, and that was right.
    connector.put('contacts', 'synced', { name: 'Typed' }, 'user:maya');
    connector.put('contacts', 'synced', { name: 'Right' }, 'sync:crm');
    world.clock.move(hours * 3_600_000);
    const base = await world.take();
    connector.put('contacts', 'edited', { name: 'Corrected' }, 'user:lee');
    for (const key of ['edited', 'synced']) connector.put('contacts', key, { name: 'WRONG' }, 'sync:crm');
    world.clock.move(-hours * 3_600_000);
    const damaged = await world.take();
    const plan = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, world.deps);
    const names: Record<string, unknown> = {};
    for await (const line of (await readPlan(world.store, plan.header.id)).lines())
      if (line.kind === 'change' && 'fields' in line) names[line.key] = line.fields['name']?.to;
    expect(names).toEqual({ edited: 'Corrected', synced: 'Right' });
  },
);

// A user would lose: every record after the first few, where the platform had said that these were written, and they were not.
test.each([
  [[], true],
  [['1'], false],
])('a first batch of which %j was not there is remembered as such (passed: %s)', async (wrong, passed) => {
  const clock = tickingClock();
  const store = openFileStore({ dir: await temporaryFolder(), clock, redactor: new Redactor() });
  const writer = await store.journal(RESTORES, 'restore-1').open({ by: 'maya', holder: 'restore-1', purpose: 'a test' });
  await writer.append({ by: 'maya', type: 'restore.created', data: { plan: 'plan-1', settings: {}, approvals: [], total: 1 } });
  await writer.append({ by: 'maya', type: 'batch.canary', data: { checked: 1, wrong } });
  await writer.close();
  expect((await foldRestore(store, 'restore-1')).canaryPassed).toBe(passed);
});
