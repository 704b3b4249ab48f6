import { expect, it } from 'vitest';

import { otherKeys } from '../../src/restores/index.js';
import { temporaryStore } from '../support/store.js';

/** A user would lose: a promise to a person whose record was created again under another key. */
it('finds the keys that a record had before, and those it was created again under, on its own platform only', async () => {
  const { store } = await temporaryStore();
  const settings = { canary: 3, errorsPercent: 5, skippedPercent: 25 };
  for (const [id, platform, moves] of [
    [
      'restore-1',
      'crm',
      [
        ['1', '11'],
        ['5', '6'],
      ],
    ],
    ['restore-2', 'crm', [['11', '111']]],
    ['restore-3', 'erp', [['111', '9']]],
  ] as const) {
    const writer = await store.journal('restores', id).open({ by: 'maya', holder: id, purpose: 'a test' });
    const created = { plan: 'plan-1', hash: 'h', platform, account: 'a', total: 1, confirmed: 'sandbox:1', settings, approvals: [] };
    await writer.append({ by: 'maya', type: 'restore.created', data: created });
    const items = moves.map(([key], n) => ({ id: String(n + 1), action: 'create', object: 'contacts', key, set: {} }));
    await writer.append({ by: 'maya', type: 'batch.intent', data: { batch: 1, items } });
    const results = moves.map(([, key], n) => ({ id: String(n + 1), status: 'applied', key }));
    await writer.append({ by: 'maya', type: 'batch.outcome', data: { batch: 1, results } });
    await writer.close();
  }
  for (const key of ['1', '11', '111']) expect([key, ...(await otherKeys(store, 'crm', 'contacts', [key]))].sort()).toEqual(['1', '11', '111']);
  expect([...(await otherKeys(store, 'crm', 'contacts', ['7']))]).toEqual([]);
  expect([...(await otherKeys(store, 'crm', 'companies', ['1']))]).toEqual([]);
});
