import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { repairOfAlone } from '../../../src/checks/reconcile/repair/records.js';
import { comparisonOf } from '../../../src/checks/reconcile/rows/columns.js';
import { parseMapping } from '../../../src/mappings/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';

/** A user would lose: records that a repair deletes or doubles because one side was read in part, or because nobody was asked. */

const ON_DELETE = ['deleted', 'inactive', 'kept', undefined] as const;
const CREATES = [['map'], ['crm'], ['crm', 'map'], undefined] as const;
const schema = (createWithKey: boolean): ObjectSchema => ({
  object: 'people',
  keyFields: [],
  fields: ['email', 'title', 'phone', 'status'].map((name) => ({ name, type: 'string', platformType: 'text', readOnly: false })),
  createWithKey,
  undelete: false,
  sideEffects: [],
});
const world = fc.record({
  onDelete: fc.constantFrom(...ON_DELETE),
  creates: fc.constantFrom(...CREATES),
  // A deletion is wanted in one of 80, and has to be among them.
  census: fc.oneof({ weight: 3, arbitrary: fc.constant<[boolean, boolean]>([true, true]) }, fc.tuple(fc.boolean(), fc.boolean())),
  deleteExtra: fc.boolean(),
  keyed: fc.tuple(fc.boolean(), fc.boolean()),
  side: fc.constantFrom(0 as const, 1 as const),
  email: fc.constantFrom('a@example.com', '', null),
  title: fc.constantFrom('Head', '', null),
  phone: fc.constantFrom('1', null),
});

test('nothing is created or deleted of what was read in part, nothing is deleted unasked, and a new record is found again', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(world, ({ onDelete, creates, census, deleteExtra, keyed, side, email, title, phone }) => {
      const text = `version: 1
id: people
between: { crm: crm/people, map: map/people }
match: [{ crm: email, map: email, as: email }]
${creates === undefined ? '' : `creates: [${creates.join(', ')}]\n`}${onDelete === undefined ? '' : `on_delete: { crm: ${onDelete} in map }\n`}${onDelete === 'inactive' ? 'inactive: { map: { status: GONE } }\n' : ''}fields:
  - { crm: title, map: title, authority: crm }
  - { crm: phone, map: phone, authority: map }
`;
      const schemas = [schema(keyed[0]), schema(keyed[1])] as const;
      const rules = { comparison: comparisonOf(parseMapping(text, 'people.yml'), schemas), schemas, census, deleteExtra };
      const repair = repairOfAlone(rules, side, { key: '1', fields: { email, title, phone }, meta: {} });
      // The slow way: what a person would say of one record, case by case.
      const there = side === 0 ? 'map' : 'crm';
      const isCreated = creates === undefined || (creates as readonly string[]).includes(there);
      const expected = ((): object => {
        if (census.includes(false)) return { left: 'partial' };
        if (isCreated) {
          if (keyed[side === 0 ? 1 : 0]) return { left: 'no-key' };
          if (email === '' || email === null) return { left: 'no-match' };
          return { create: { email, ...(title === 'Head' && { title }), ...(phone !== null && { phone }) } };
        }
        if (side === 1 && onDelete === 'deleted') return deleteExtra ? { delete: true } : { left: 'not-asked' };
        if (side === 1 && onDelete === 'inactive') return { update: { status: 'GONE' } };
        return { left: 'record' };
      })();
      seen.add(Object.keys(expected)[0] ?? '');
      expect(repair).toEqual(expected);
    }),
    { numRuns: 1500 },
  );
  expect([...seen].sort()).toEqual(['create', 'delete', 'left', 'update']);
});
