import { expect, test } from 'vitest';

import type { Fields } from '../../src/records/index.js';
import { orderCreates, orderDeletes } from '../../src/restores/decide/order.js';

/** Staff whose boss is named by a number that is not the key. */
const SCHEMA = {
  objects: [],
  links: [{ kind: 'boss', from: 'staff', to: 'staff', viaFields: ['boss'], refersTo: ['code'] }],
};
/** A chain: each refers to the one after it, by codes that are keys of quite other records. */
const CHAIN: Readonly<Record<string, Fields>> = {
  1: { code: 3, boss: 1 },
  2: { code: 2, boss: null },
  3: { code: 1, boss: 2 },
};

const drafts = (action: 'create' | 'delete', side: 'from' | 'to', records = CHAIN) =>
  Object.entries(records).map(([key, fields]) => ({
    action,
    object: 'staff',
    key,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { [side]: value }])),
    attribution: { state: 'attributed' as const },
    why: '',
  }));

test('records that refer to a unique value which is no key are created after those they refer to, and deleted before them', () => {
  const created = orderCreates(SCHEMA, drafts('create', 'to'));
  expect([created.first.map((draft) => draft.key), created.last, created.conflicts]).toEqual([['2', '3', '1'], [], []]);
  const deleted = orderDeletes(SCHEMA, drafts('delete', 'from'));
  expect([deleted.first, deleted.last.map((draft) => draft.key), deleted.conflicts]).toEqual([[], ['1', '3', '2'], []]);
});

test('records that refer to each other are deleted once one reference is emptied; where none may be empty, it is a conflict', () => {
  const ring = drafts('delete', 'from', { 1: { code: 1, boss: 2 }, 2: { code: 2, boss: 1 } });
  const free = orderDeletes(SCHEMA, ring);
  expect(free.conflicts).toEqual([]);
  expect(free.first).toMatchObject([{ action: 'update', key: '1', interim: true, fields: { boss: { to: null } } }]);
  expect(free.last.map(({ action, key }) => `${action} ${key}`)).toEqual(['delete 2', 'delete 1']);
  const bound = orderDeletes({ ...SCHEMA, links: SCHEMA.links.map((link) => ({ ...link, required: true })) }, ring);
  expect([bound.first, bound.last, bound.conflicts.map(({ key }) => key)]).toEqual([[], [], ['1', '2']]);
});
