import { expect, test } from 'vitest';

import type { FieldSchema } from '../../src/records/index.js';
import { interimOf } from '../../src/restores/decide/interim.js';
import { hasLinksApart } from '../../src/restores/plan/links/names.js';
import { COMPANY_KEY, field, objectType, WORKS_AT } from '../support/restore-world.js';

/** What a record holds for a while in a field that has to hold something. */
function standIn(more: Partial<FieldSchema>, now: string | number): unknown {
  const schema = objectType('items', [field('code', { required: true, unique: true, ...more })]);
  const draft = { action: 'update', object: 'items', key: '1', fields: { code: { from: now, to: 'other' } } } as const;
  return interimOf(schema, { fields: ['code'] }, { ...draft, why: 'test', attribution: { state: 'unknown' } }, () => false)?.value;
}

test.each([
  ['numeric(5,2)', /^9\d{2}\.00$/u],
  ['numeric(9)', /^9\d{8}$/u],
  ['numeric(30,0)', /^9\d{17}$/u],
  ['bigint', /^9\d{17}$/u],
])('a stand-in for a number fits into %s', (platformType, form) => {
  expect(String(standIn({ type: 'number', platformType }, '12'))).toMatch(form);
});

test('there is none where the type has no room for one', () => {
  expect(standIn({ type: 'number', platformType: 'numeric(4,2)' }, '12')).toBeUndefined();
  expect(standIn({ type: 'number', platformType: 'real' }, '12')).toBeUndefined();
});

test('a stand-in for a text is no longer than its field', () => {
  expect(String(standIn({ maxLength: 10 }, 'abc'))).toHaveLength(10);
  expect(standIn({}, 'ada@example.com')).toMatch(/^runback-.*@example\.com$/u);
});

test('links apart are those of both ends, and none that a field carries', () => {
  const schema = { objects: [], links: [WORKS_AT] };
  expect(hasLinksApart(schema, objectType('contacts', []))).toBe(true);
  expect(hasLinksApart(schema, objectType('companies', []))).toBe(true);
  expect(hasLinksApart(schema, objectType('deals', []))).toBe(false);
  expect(hasLinksApart({ objects: [], links: [COMPANY_KEY] }, objectType('contacts', []))).toBe(false);
});
