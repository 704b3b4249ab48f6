import { expect, test } from 'vitest';

import { applyRestore, confirmationOf, planRestore, verifyRestore } from '../../src/restores/index.js';
import { crmSchema, FILTERS, openWorld } from '../support/restore-world.js';

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
