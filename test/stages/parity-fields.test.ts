import { expect, test } from 'vitest';

import type { FieldSchema } from '../../src/records/index.js';
import { compareSetups } from '../../src/stages/parity/compare.js';
import { fieldSettings } from '../../src/stages/parity/described.js';
import type { Setup } from '../../src/stages/parity/setup.js';
import { field, object } from '../mappings/support/pair.js';

/** A user would lose: a test that passes where production would refuse the same record. */

const setupOf = (more: Partial<FieldSchema>): Setup => ({
  told: [{ area: 'fields', of: 'A', settings: fieldSettings(object('A', [field('x', 'string', more)])) }],
  unread: [],
  absent: [],
  none: [],
});
const differences = (test_: Partial<FieldSchema>, production: Partial<FieldSchema>): readonly string[] =>
  compareSetups(setupOf(test_), setupOf(production), ['fields']).items.flatMap(({ item, is }) => (is === 'same' ? [] : [`${item} ${is}`]));

test.each<[string, Partial<FieldSchema>]>([
  ['bytes', { maxBytes: 255 }],
  ['required of programs', { requiredOfOthers: true }],
  ['options by', { optionsBy: 'country' }],
  ['currency in', { currencyIn: 'CurrencyIsoCode' }],
  ['encrypted', { masked: true }],
])('what only production wants of a field is told: %s', (facet, more) => {
  expect(differences({}, more)).toEqual([`fields/A.x#${facet} different`]);
  expect(differences(more, more)).toEqual([]);
});
