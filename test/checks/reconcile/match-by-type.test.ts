import { expect, test } from 'vitest';

import { comparisonOf, matchForms } from '../../../src/checks/reconcile/rows/columns.js';
import { parseMapping } from '../../../src/mappings/index.js';
import type { FieldSchema, Value } from '../../../src/records/index.js';
import { field, object } from '../../mappings/support/pair.js';

/** A user would lose: records that are there on both sides told as missing, and created a second time. */

function forms(sides: readonly [FieldSchema, FieldSchema], as: string, left: Value, right: Value): readonly (string | undefined)[] {
  const text = `version: 1\nid: m\nbetween: { crm: s/Contact, map: h/contacts }\nmatch: [{ crm: x, map: y${as} }]\nfields:\n  - { crm: x, map: y, authority: crm }\n`;
  const comparison = comparisonOf(parseMapping(text, 'm.yml'), [object('Contact', [sides[0]]), object('contacts', [sides[1]])]);
  return [left, right].flatMap((value, side) => matchForms(comparison, side === 0 ? 0 : 1, { key: '1', fields: { x: value, y: value }, meta: {} }));
}

const ADDRESS = field('x', 'string', { form: 'email' });
const ADDRESS_THERE = field('y', 'string', { form: 'email' });
const TEXT = field('x', 'string');
const TEXT_THERE = field('y', 'string');

test.each<[string, readonly [FieldSchema, FieldSchema], Value, Value, string]>([
  ['two addresses', [ADDRESS, ADDRESS_THERE], 'Anna@Example.com', 'anna@example.com', 'anna@example.com'],
  ['an address and a text', [TEXT, ADDRESS_THERE], ' Anna@Example.com ', 'anna@example.com', 'anna@example.com'],
  ['two numbers', [field('x', 'number'), field('y', 'number')], '7.00', '7', '7'],
  ['a whole number and one with digits', [field('x', 'integer'), field('y', 'number')], 7, '7.0', '7'],
])('records are matched by what their fields hold, where the mapping does not say: %s', (_, sides, left, right, form) => {
  expect(forms(sides, '', left, right)).toEqual([form, form]);
});

test('texts are matched letter by letter, also against a number, and what a mapping says counts', () => {
  expect(forms([TEXT, TEXT_THERE], '', 'A-1', 'a-1')).toEqual(['A-1', 'a-1']);
  expect(forms([TEXT, field('y', 'integer')], '', '007', 7)).toEqual(['007', '7']);
  expect(forms([TEXT, field('y', 'integer')], ', as: number', '007', 7)).toEqual(['7', '7']);
  expect(forms([ADDRESS, ADDRESS_THERE], ', as: exact', 'A@b.c', 'a@b.c')).toEqual(['A@b.c', 'a@b.c']);
});
