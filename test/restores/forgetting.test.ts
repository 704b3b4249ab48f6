import { expect, it } from 'vitest';

import { scrubber } from '../../src/backups/forget/scrub.js';
import { forgetInRestore, restoreTellsOf, type ToForget } from '../../src/restores/index.js';
import { temporaryStore } from '../support/store.js';

const what: ToForget = {
  has: (platform, object, key) => platform === 'crm' && object === 'contacts' && ['7', 'zed@example.com'].includes(key),
  scrub: scrubber({ keys: [], values: ['Zed'] }),
};

/** A user would lose: the records of others, which an undo would fill with what stands where the person's values stood. */
it('empties what is told of a record and its links, and leaves every value of others as it is', async () => {
  const { store } = await temporaryStore();
  const owner = { by: 'maya', holder: 'restore-1', purpose: 'a test' };
  const writer = await store.journal('restores', 'restore-1').open(owner);
  const settings = { canary: 3, errorsPercent: 5, skippedPercent: 25 };
  const created = { plan: 'plan-1', hash: 'h', platform: 'crm', account: 'a', total: 4, confirmed: 'sandbox:4', settings, approvals: [] };
  await writer.append({ by: 'maya', type: 'restore.created', data: created });
  const link = { link: 'knows', fromObject: 'contacts', toObject: 'contacts', from: '8', to: '7' };
  const other = { id: '2', action: 'update', object: 'contacts', key: '8', set: { name: 'Ann' }, replaced: { name: 'Zed', why: 'Zed' } };
  const deleted = { id: '4', action: 'delete', object: 'contacts', key: '9', replaced: { name: 'Bo' }, links: [link, { ...link, to: '10' }] };
  const items = [
    { id: '1', action: 'update', object: 'contacts', key: '7', set: { name: 'Zed' }, replaced: { name: 'X' } },
    other,
    { id: '3', action: 'link', ...link },
    deleted,
  ];
  await writer.append({ by: 'maya', type: 'batch.intent', data: { batch: 1, items } });
  const results = [
    { id: '1', status: 'rejected', message: 'Zed is taken', stored: { name: 'Zed' } },
    { id: '2', status: 'applied', key: '8', stored: { name: 'Zed' } },
    { id: '3', status: 'applied' },
    { id: '4', status: 'applied', message: 'as Zed said' },
  ];
  await writer.append({ by: 'maya', type: 'batch.outcome', data: { batch: 1, results } });
  await writer.append({ by: 'maya', type: 'restore.closed', data: { besideBy: [{ object: 'contacts', field: 'name', count: 500, key: '7' }] } });
  await writer.close();
  expect(await restoreTellsOf(store, 'restore-1', what)).toBe(true);
  expect(await forgetInRestore(store, 'restore-1', owner, what)).toMatchObject({ entries: 2 });
  expect(await restoreTellsOf(store, 'restore-1', what)).toBe(false);
  const entries: unknown[] = [];
  for await (const { data } of store.journal('restores', 'restore-1').read({ whole: true })) entries.push(data);
  expect(entries.slice(1)).toEqual([
    {
      batch: 1,
      items: [
        { id: '1', action: 'update', object: 'contacts', key: '7', set: {}, replaced: {}, forgotten: true },
        other,
        { id: '3', action: 'link', ...link, forgotten: true },
        { ...deleted, links: [{ ...link, to: '10' }] },
      ],
    },
    {
      batch: 1,
      results: [
        { id: '1', status: 'moved', stored: {}, forgotten: true },
        { id: '2', status: 'applied', key: '8', stored: { name: 'Zed' } },
        { id: '3', status: 'applied', forgotten: true },
        { id: '4', status: 'applied', message: 'as (forgotten) said' },
      ],
    },
    { besideBy: [{ object: 'contacts', field: 'name', count: 500, key: '7' }] },
  ]);
});
