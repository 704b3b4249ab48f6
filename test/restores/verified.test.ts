import { expect, test } from 'vitest';

import { verifySummaryText } from '../../src/cli/views/restores/restore.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { applyRestore, confirmationOf, planRestore, verifyRestore } from '../../src/restores/index.js';
import { crmSchema, FILTERS, openWorld } from '../support/restore-world.js';

const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-22T17:00:00Z') });

test('a verification names what is not as planned: a record that somebody deleted, and one that was damaged again', async () => {
  const world = await openWorld(crmSchema());
  try {
    for (let n = 0; n < 3; n += 1) world.connector.put('contacts', `p${n}`, { name: 'good', email: `${n}@x` }, 'import');
    const base = await world.take();
    for (let n = 0; n < 3; n += 1) world.connector.put('contacts', `p${n}`, { name: 'bad' }, 'sync:crm');
    const { header } = await planRestore({ base, damaged: await world.take(), filters: FILTERS, by: 'maya' }, world.deps);
    await applyRestore({ plan: header.id, by: 'lee', confirmed: confirmationOf(header) }, world.deps);
    world.connector.put('contacts', 'p0', null, 'ui:maya');
    world.connector.put('contacts', 'p1', { name: 'bad' }, 'sync:crm');
    expect(await verifyRestore(header.id, world.deps)).toMatchObject({
      checked: 3,
      remaining: 2,
      damaged: 1,
      examples: [
        { object: 'contacts', key: 'p0', why: 'it does not exist' },
        { object: 'contacts', key: 'p1', field: 'name', expected: 'good', live: 'bad', why: 'the damage is still there' },
      ],
    });
  } finally {
    await world.close();
  }
});

test('what somebody wrote between plan and restore is left, and not counted among what is as planned', async () => {
  const world = await openWorld(crmSchema());
  try {
    for (let n = 0; n < 3; n += 1) world.connector.put('contacts', `p${n}`, { name: 'good', email: `${n}@x` }, 'import');
    const base = await world.take();
    for (let n = 0; n < 3; n += 1) world.connector.put('contacts', `p${n}`, { name: 'bad' }, 'sync:crm');
    const { header } = await planRestore({ base, damaged: await world.take(), filters: FILTERS, by: 'maya' }, world.deps);
    world.connector.put('contacts', 'p1', { name: 'mine' }, 'ui:maya');
    const request = { plan: header.id, by: 'lee', confirmed: confirmationOf(header) };
    expect(await applyRestore(request, world.deps)).toMatchObject({ state: 'partial', applied: 2 });
    const verified = await verifyRestore(header.id, world.deps);
    expect(verified).toMatchObject({ checked: 3, remaining: 0, conflicts: 1, edited: 1 });
    expect(verifySummaryText(verified, style)).toContain('Proved: 2 of 3 changes are on the platform as planned');
  } finally {
    await world.close();
  }
});
