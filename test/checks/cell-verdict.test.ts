import { expect, test } from 'vitest';

import { cellVerdict } from '../../src/checks/touchpoints/cells.js';
import type { TestedField } from '../../src/checks/touchpoints/facts.js';
import { parseMapping } from '../../src/mappings/index.js';
import type { FieldSchema, PlatformRecord, Value } from '../../src/records/index.js';
import { field } from '../mappings/support/pair.js';

/** A user would lose: a sync accused of what the platform does by itself, or a cut that looks like any other wrong value. */

function verdict(from: FieldSchema, to: FieldSchema, more: string, [wrote, found]: readonly [Value, Value]): string | undefined {
  const { fields } = parseMapping(
    `version: 1\nid: m\nbetween: { a: p/A, b: q/B }\nmatch: [{ a: key, b: key }]\nfields:\n  - { a: x, b: y, authority: a${more} }\n`,
    'm.yml',
  );
  const [mapped] = fields;
  if (mapped === undefined) throw new Error('no field');
  const tested: TestedField = { field: mapped, from, to };
  const record = (name: string, value: Value): PlatformRecord => ({ key: '1', fields: { [name]: value }, meta: {} });
  return cellVerdict(tested, 0, record('x', wrote), record('y', found));
}

const TEXT = field('x', 'string');
const LIST = field('x', 'set', { options: ['a', 'b', 'c'] });
const EMAIL = field('y', 'string', { form: 'email' });
const LONG = 'A long title of a person';

test.each<[name: string, from: FieldSchema, to: FieldSchema, more: string, values: readonly [Value, Value], verdict: string]>([
  ['a cut', TEXT, TEXT, '', [LONG, 'A long t'], 'truncated'],
  ['a cut through the middle of a sign', TEXT, TEXT, '', ['abc😀def', 'abc\uD83D'], 'truncated'],
  ['a cut through the middle of its bytes', TEXT, TEXT, '', ['abc😀def', 'abc\uFFFD\uFFFD'], 'truncated'],
  ['a cut with three dots', TEXT, TEXT, '', [LONG, 'A long ti...'], 'truncated'],
  ['a cut with an ellipsis', TEXT, TEXT, '', [LONG, 'A long ti…'], 'truncated'],
  ['a cut of what was composed', TEXT, TEXT, '', ['Jose\u0301 Mari\u0301a', 'José Mar'], 'truncated'],
  ['a cut of what lost its double spaces', TEXT, TEXT, '', ['a  b  c', 'a b'], 'truncated'],
  ['a cut with a space at its end', TEXT, TEXT, '', [LONG, 'A long '], 'truncated'],
  ['a cut address in small letters', TEXT, EMAIL, ', as: email', ['Ann.Lee@Example.com', 'ann.lee@exam'], 'truncated'],
  ['three dots that were there', TEXT, TEXT, '', ['Wait...', 'Wait...'], 'right'],
  ['nothing but dots', TEXT, TEXT, '', [LONG, '...'], 'wrong'],
  ['the end instead of the beginning', TEXT, TEXT, '', [LONG, 'person'], 'wrong'],
  ['other letters', TEXT, TEXT, '', ['ABCDEF', 'abc'], 'wrong'],
  ['nothing', TEXT, TEXT, '', [LONG, null], 'wrong'],
  ['a number that lost its last digit', field('x', 'number'), field('y', 'number'), '', ['1500', '150'], 'wrong'],
  ['a day that lost its last digit', field('x', 'date'), field('y', 'date'), '', ['2026-11-30', '2026-11-3'], 'wrong'],
  [
    'the third of three options',
    LIST,
    LIST,
    '',
    [
      ['a', 'b', 'c'],
      ['a', 'b'],
    ],
    'option-lost',
  ],
  ['the third of three options in a text', LIST, TEXT, ', as: list', [['a', 'b', 'c'], 'a;b'], 'option-lost'],
  ['the second of three options in a text', LIST, TEXT, ', as: list', [['a', 'b', 'c'], 'c; a'], 'option-lost'],
  ['all options of a text', LIST, TEXT, ', as: list', [['a', 'b', 'c'], null], 'option-lost'],
  ['an option that nobody chose', LIST, TEXT, ', as: list', [['a', 'b'], 'a;c'], 'wrong'],
  ['an option in a text in another order', LIST, TEXT, ', as: list', [['a', 'b'], 'b;a'], 'normalised'],
  ['an address in small letters, where the platform keeps them so', TEXT, EMAIL, '', ['Ann@Example.com', 'ann@example.com'], 'normalised'],
  ['an address in small letters, where it does not', TEXT, TEXT, '', ['Ann@Example.com', 'ann@example.com'], 'wrong'],
  [
    'a document with its members in another order',
    field('x', 'json'),
    field('y', 'json'),
    '',
    ['{"a":1,"b":[2]}', '{"b": [2], "a": 1}'],
    'normalised',
  ],
  ['a document that says something else', field('x', 'json'), field('y', 'json'), '', ['{"a":1}', '{"a": 2}'], 'wrong'],
  ['a time of the day with its seconds', field('x', 'time'), field('y', 'time'), '', ['09:30:00', '09:30:00.000Z'], 'normalised'],
  ['another time of the day', field('x', 'time'), field('y', 'time'), '', ['09:30:00', '10:30:00.000Z'], 'wrong'],
  ['a phone number without its punctuation', TEXT, TEXT, ', as: phone/US', ['(415) 555-0123', '+14155550123'], 'normalised'],
  ['a phone number as a spreadsheet writes it', TEXT, TEXT, ', as: phone/US', ['4155550123', '4.15555E+09'], 'wrong'],
])('%s', (_, from, to, more, values, wanted) => {
  expect(verdict({ ...from, name: 'x' }, { ...to, name: 'y' }, more, values)).toBe(wanted);
});
