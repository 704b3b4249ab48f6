import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  carried,
  type Carried,
  type Comparer,
  comparerOf,
  isBlank,
  type MappedField,
  matchForm,
  type TypePair,
  type ValueVerdict,
} from '../../src/mappings/index.js';
import { formOf, numberForm, plainText } from '../../src/mappings/values/forms.js';
import { phoneForm } from '../../src/mappings/values/phone.js';
import type { Value } from '../../src/records/index.js';

type Told = Partial<Omit<MappedField, 'names' | 'settleMs'>>;
const field = (told: Told = {}): MappedField => ({
  names: ['a', 'b'],
  flow: { kind: 'one-way', from: 0 },
  blank: 'clear',
  settleMs: 0,
  ...told,
});
const verdict = (left: Value | undefined, right: Value | undefined, told?: Told): ValueVerdict => comparerOf(field(told)).verdict(left, right);

test.each([
  ['(415) 555-0123', '+14155550123'],
  ['415.555.0123', '+14155550123'],
  ['1 415 555 0123', '+14155550123'],
  ['+1 (415) 555‑0123', '+14155550123'],
  ['011 44 20 7946 0123', '+442079460123'],
  ['+44 (0)20 7946 0123', '+442079460123'],
  ['４１５ ５５５ ０１２３', '+14155550123'],
  ['415 555 0123 x12', '+14155550123;ext=12'],
  ['+14155550123;ext=12', '+14155550123;ext=12'],
  ['(415) 555-0123 ext. 12', '+14155550123;ext=12'],
  ['\u202a+1 415 555 0123\u202c', '+14155550123'],
  ['415 555 0123 ext: 12', '+14155550123;ext=12'],
  ['\u2066+1 415 555 0123\u2069', '+14155550123'],
  ['+1 415\u200b555 0123', '+14155550123'],
  // What spreadsheets and web pages put before it, and after it.
  ["'+14155550123", '+14155550123'],
  ['tel:+1-415-555-0123', '+14155550123'],
  ['4155550123.0', '+14155550123'],
  // Digits were lost, or there were never enough of them.
  ['4.479E+11', undefined],
  ['555-0123', undefined],
  ['1-800-FLOWERS', undefined],
  ['n/a', undefined],
  ['+', undefined],
  ['+0123456789', undefined],
  ['+1 415 555 012', undefined],
])('the phone number %s of the United States is %s', (written, form) => {
  expect(phoneForm(written, 'US')).toBe(form);
});

test.each([
  ['GB', '020 7946 0123', '+442079460123'],
  // A spreadsheet ate the zero, or the plus.
  ['GB', '7911123456', '+447911123456'],
  ['GB', '447911123456', '+447911123456'],
  ['GB', '0044 7911 123456', '+447911123456'],
  ['DE', '030 1234567', '+49301234567'],
  // The zero of Italy is part of the number.
  ['IT', '06 1234 5678', '+390612345678'],
  ['IT', '+39 06 1234 5678', '+390612345678'],
  ['HU', '06 1 234 5678', '+3612345678'],
  ['FR', '06 12 34 56 78', '+33612345678'],
  ['AU', '0011 1 415 555 0123', '+14155550123'],
  ['NO', '22 12 34 56', '+4722123456'],
  // A spreadsheet took it for a number with a fraction; where lengths differ, its zero would make another number.
  ['DE', '0301234567.0', '+49301234567'],
  ['DE', '030.12345.0', '+4930123450'],
])('of %s, %s is %s', (country, written, form) => {
  expect(phoneForm(written, country)).toBe(form);
});

test.each([
  ['0049 30 1234567', 'DE', '+49301234567'],
  ['0049 (0)30 123456', 'DE', '+4930123456'],
  ['0043 1 1234567', 'DE', '+4311234567'],
  ['0043 1 1234567', 'AT', '+4311234567'],
  ['00358 9 123456', 'FI', '+3589123456'],
  ['00352 123456', 'LU', '+352123456'],
  ['0039 06 123456', 'IT', '+3906123456'],
  ['011 47 22 12 34 56', 'US', '+4722123456'],
])('the number %s with the international prefix is one wherever it has as many digits as one at home: in %s, %s', (written, country, form) => {
  expect(phoneForm(written, country)).toBe(form);
});

test('without a country only numbers with their code are read', () => {
  expect(phoneForm('415 555 0123')).toBeUndefined();
  expect(phoneForm('+1 415 555 0123')).toBe('+14155550123');
  // Of a country that is not in the list, the digits are the number.
  expect(phoneForm('+998 71 123 4567')).toBe('+998711234567');
});

test.each<[string, Told, Value | undefined, Value | undefined, string]>([
  ['text in another Unicode form', {}, 'Jose\u0301', 'José', 'same'],
  ['text with other spaces', {}, ' a \u00a0 b\r\nc ', 'a b\nc', 'same'],
  ['text in other case', {}, 'Ann', 'ann', 'different'],
  ['exact text with a space', { as: { kind: 'exact' } }, 'a ', 'a', 'different'],
  ['exact texts with a space, in lists', { as: { kind: 'exact' } }, ['a '], ['a'], 'different'],
  ['addresses in other case', { as: { kind: 'email' } }, 'Ann@Example.com ', 'ann@example.com', 'same'],
  ['an address and none', { as: { kind: 'email' } }, 'ann@example.com', 'ann', 'different'],
  ['two that are no addresses', { as: { kind: 'email' } }, 'n/a', 'n/a', 'same'],
  ['a plus-address', { as: { kind: 'email' } }, 'ann+x@example.com', 'ann@example.com', 'different'],
  ['numbers in other notation', { as: { kind: 'number' } }, '1.50', 1.5, 'same'],
  ['numbers beyond doubles', { as: { kind: 'number' } }, '12345678901234567890.1', '12345678901234567890.2', 'different'],
  ['numbers that are rounded', { as: { kind: 'number', digits: 2 } }, '1.005', '1.01', 'same'],
  ['numbers rounded apart', { as: { kind: 'number', digits: 2 } }, '1.004', '1.01', 'different'],
  ['days and moments', { as: { kind: 'date' } }, '2026-11-30', '2026-11-30T23:59:59Z', 'same'],
  ['a moment in a zone', { as: { kind: 'date', zone: 'America/New_York' } }, '2026-11-29', '2026-11-30T03:00:00Z', 'same'],
  ['a moment in UTC', { as: { kind: 'date' } }, '2026-11-29', '2026-11-30T03:00:00Z', 'different'],
  ['a day that is not there', { as: { kind: 'date' } }, '2026-02-30', '2026-03-02', 'different'],
  ['moments in other zones', { as: { kind: 'datetime' } }, '2026-11-30T14:00:00.250+01:00', '2026-11-30T13:00:00Z', 'same'],
  ['milliseconds and a moment', { as: { kind: 'datetime' } }, '1796047200000', '2026-11-30T14:00:00Z', 'same'],
  ['yes and true', { as: { kind: 'boolean' } }, 'Yes', true, 'same'],
  ['several in another order', { as: { kind: 'list' } }, 'b;a', 'a;b', 'order'],
  ['several in the same order', { as: { kind: 'list' } }, 'a;b', ['a', 'b'], 'same'],
  ['one of several missing', { as: { kind: 'list' } }, 'a;b', ['a'], 'different'],
  ['lists without a kind', {}, ['a', 'b'], ['b', 'a'], 'order'],
  ['options', { values: [['New', 'NEW']] }, 'New', 'NEW', 'same'],
  ['an option without a counterpart', { values: [['New', 'NEW']] }, 'Old', 'NEW', 'no-counterpart'],
  ['the same word on both sides that is in no table', { values: [['New', 'NEW']] }, 'Old', 'Old', 'no-counterpart'],
  [
    'options that share a counterpart',
    {
      values: [
        ['A', 'x'],
        ['A', 'y'],
        ['B', 'y'],
      ],
    },
    'B',
    'x',
    'same',
  ],
  [
    'options of a list',
    {
      as: { kind: 'list' },
      values: [
        ['A', '1'],
        ['B', '2'],
      ],
    },
    'A;B',
    ['1', '2'],
    'same',
  ],
  [
    'options of a list with spaces',
    {
      as: { kind: 'list' },
      values: [
        ['New', 'NEW'],
        ['Old', 'OLD'],
      ],
    },
    'New; Old',
    ['NEW', 'OLD'],
    'same',
  ],
  ['an option in another Unicode form', { values: [['Caf\u00e9', 'C']] }, 'Cafe\u0301', 'C', 'same'],
  ['an option with a space', { values: [['New', 'NEW']] }, 'New ', 'NEW', 'same'],
  [
    'an option that looks like two',
    {
      values: [
        ['A ', 'x'],
        ['A', 'y'],
      ],
    },
    'A  ',
    'y',
    'no-counterpart',
  ],
  [
    'two options that look the same',
    {
      values: [
        ['A ', 'x'],
        ['A', 'y'],
      ],
    },
    'A ',
    'x',
    'same',
  ],
  ['a list of nothing', { as: { kind: 'list' } }, [''], null, 'same'],
  ['a list of nothing in a text', { as: { kind: 'list' } }, ' ; ', [], 'same'],
  ['a list of null', { as: { kind: 'list' } }, [null], null, 'same'],
  ['ids in a document', { as: { kind: 'json' } }, '{"id":12345678901234567890}', '{ "id": 12345678901234567891 }', 'different'],
  ['the same id in a document', { as: { kind: 'json' } }, '{"id":12345678901234567890}', '{ "id": 12345678901234567890 }', 'same'],
  [
    'digits in the text of a document',
    { as: { kind: 'json' } },
    '{"a":"1 \\" 12345678901234567890"}',
    '{"a":"1 \\u0022 12345678901234567890"}',
    'same',
  ],
  ['empty and empty', {}, null, '', 'same'],
  ['empty and spaces', {}, undefined, '  ', 'same'],
  ['empty and spaces that count', { as: { kind: 'exact' } }, undefined, '  ', 'different'],
  ['empty that clears', {}, null, 'x', 'different'],
  ['empty that keeps', { blank: 'keep' }, null, 'x', 'same'],
  ['a target that is empty', { blank: 'keep' }, 'x', null, 'different'],
  ['empty that must not be', { blank: 'refuse' }, null, null, 'refused'],
  ['empty of the other authority', { blank: 'keep', flow: { kind: 'one-way', from: 1 } }, 'x', null, 'same'],
  ['what is cut', { max: 3 }, 'abcdef', 'abc', 'same'],
  ['what is cut in the middle of a sign', { max: 2 }, 'a😀b', 'a😀', 'same'],
  ['what is too long on the other side', { max: 3 }, 'abc', 'abcdef', 'different'],
  ['what is cut both ways', { max: 3, flow: { kind: 'two-way', reason: 'x', wins: 'newest' } }, 'abc', 'abcdef', 'same'],
])('%s', (_, told, left, right, expected) => {
  expect(verdict(left, right, told)).toBe(expected);
});

test('the kind follows from the types where the mapping does not say', () => {
  expect(comparerOf(field(), ['string', 'number']).verdict('1.0', '1')).toBe('same');
  expect(comparerOf(field(), ['string', 'set']).verdict('b;a', ['a', 'b'])).toBe('order');
  expect(comparerOf(field(), ['date', 'datetime']).verdict('2026-11-30', '2026-11-30T00:00:00Z')).toBe('same');
});

test('what is no value of its kind is told apart', () => {
  const phone: Comparer = comparerOf(field({ as: { kind: 'phone', country: 'US' } }));
  expect([phone.readable(0, '4.479E+11'), phone.readable(0, '415 555 0123'), phone.readable(0, null)]).toEqual([false, true, true]);
  expect(phone.normal(0, 'n/a')).toBe('?n/a');
});

test.each<[string, Told, Value, Carried]>([
  [
    'an option',
    {
      values: [
        ['New', 'NEW'],
        ['New', 'FRESH'],
      ],
    },
    'New',
    { write: 'NEW' },
  ],
  ['an option without one', { values: [['New', 'NEW']] }, 'Old', { problem: 'no-counterpart' }],
  ['what is too long', { max: 3 }, 'abcd', { write: 'abc' }],
  ['nothing, kept', { blank: 'keep' }, null, { keep: true }],
  ['nothing, cleared', {}, '', { write: null }],
  ['nothing, refused', { blank: 'refuse' }, '', { problem: 'blank' }],
  ['a number', { as: { kind: 'number', digits: 1 } }, '1.25', { write: '1.3' }],
  ['no number', { as: { kind: 'number' } }, 'x', { problem: 'unreadable' }],
  ['several', { as: { kind: 'list' } }, 'b; a', { write: ['a', 'b'] }],
  ['a list of nothing', { as: { kind: 'list' } }, [''], { write: null }],
  ['an option in another Unicode form', { values: [['Caf\u00e9', 'C']] }, 'Cafe\u0301', { write: 'C' }],
])('what is written for %s', (_, told, value, expected) => {
  expect(carried(field(told), 0, value, ['string', told.as?.kind === 'list' ? 'set' : 'string'])).toEqual(expected);
});

test('what is carried over is the same value there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const cut = field({ max });
      const there = carried(cut, 0, text);
      return 'write' in there && comparerOf(cut).verdict(text, there.write) === 'same';
    }),
    { seed: 20261130, numRuns: 2000 },
  );
});

test('numbers by their digits agree with arithmetic on whole cents', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 9 }), (cents, more) => {
      const sign = cents < 0 ? '-' : '';
      const size = Math.abs(cents);
      const text = `${sign}${Math.floor(size / 100)}.${String(size % 100).padStart(2, '0')}${more}`;
      const rounded = size + (more >= 5 ? 1 : 0);
      const expected = (sign === '-' && rounded !== 0 ? -1 : 1) * rounded;
      return Math.round(Number(numberForm(text, 2)) * 100) === expected;
    }),
    { seed: 20261130, numRuns: 2000 },
  );
});

test('what counts as empty, and what does not', () => {
  const text = { kind: 'text' } as const;
  expect([null, undefined, '', ' \u00a0', []].map((value) => isBlank(value, text))).toEqual([true, true, true, true, true]);
  expect([0, false, '0', ['']].map((value) => isBlank(value, text))).toEqual([false, false, false, false]);
});

test('each type of the other side is written in its own form', () => {
  const to = (told: Told, value: Value, types: TypePair): Carried => carried(field(told), 0, value, types);
  expect(to({ as: { kind: 'date', zone: 'America/New_York' } }, '2026-11-30', ['date', 'datetime'])).toEqual({ write: '2026-11-30T05:00:00.000Z' });
  expect(to({ as: { kind: 'boolean' } }, 'Yes', ['string', 'boolean'])).toEqual({ write: true });
  expect(to({ as: { kind: 'number', digits: 0 } }, '2.5', ['number', 'integer'])).toEqual({ write: 3 });
  expect(to({ as: { kind: 'list' } }, ['b', 'a'], ['set', 'string'])).toEqual({ write: 'b;a' });
});

test('days and moments agree with the calendar, whichever way they are read', () => {
  const at = fc.integer({ min: Date.UTC(1890, 0, 1), max: Date.UTC(2110, 0, 1) });
  fc.assert(
    fc.property(at, (ms) => {
      const iso = new Date(ms).toISOString();
      expect(formOf(iso, { kind: 'date' })).toBe(iso.slice(0, 10));
      expect(formOf(` ${iso} `, { kind: 'date' })).toBe(iso.slice(0, 10));
      expect(formOf(iso, { kind: 'datetime' })).toBe(`${iso.slice(0, 19)}Z`);
      expect(formOf(iso.replace('Z', '+00:00'), { kind: 'datetime' })).toBe(`${iso.slice(0, 19)}Z`);
      expect(formOf(iso.slice(0, 10), { kind: 'date', zone: 'Asia/Tokyo' })).toBe(iso.slice(0, 10));
    }),
    { seed: 20261130, numRuns: 2000 },
  );
  for (let month = 0; month <= 13; month += 1)
    for (let day = 0; day <= 32; day += 1)
      for (const year of [1900, 2000, 2023, 2024]) {
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        const parsed = new Date(Date.UTC(year, month - 1, day));
        const isThere = parsed.getUTCMonth() === month - 1 && parsed.getUTCDate() === day && month > 0 && month < 13;
        expect([text, formOf(text, { kind: 'date' })]).toEqual([text, isThere ? text : undefined]);
        expect(formOf(`${text}T10:00:00Z`, { kind: 'datetime' })).toBe(isThere ? `${text}T10:00:00Z` : undefined);
      }
});

test('text that is left as it is, is what the long way gives too', () => {
  const slow = (text: string): string =>
    text
      .normalize('NFC')
      .replaceAll(/\r\n?/gu, '\n')
      .replaceAll(/[^\S\n]+/gu, ' ')
      .replaceAll(/ ?\n ?/gu, '\n')
      .trim();
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '~', '!', '\n', '\t', 'é', '\u00a0', '\u0301') }),
      (text) => plainText(text) === slow(text),
    ),
    { seed: 20261130, numRuns: 2000 },
  );
});

test('records are matched by the form of their key', () => {
  expect(matchForm({ names: ['a', 'b'], as: { kind: 'email' } }, ' Ann@Example.com')).toBe('ann@example.com');
  expect(matchForm({ names: ['a', 'b'] }, 17)).toBe('17');
  expect(matchForm({ names: ['a', 'b'] }, ' ')).toBeUndefined();
  // Otherwise everybody without an address would be one person.
  expect(matchForm({ names: ['a', 'b'], as: { kind: 'email' } }, 'n/a')).toBeUndefined();
});

// A platform cuts a long text where its limit is: one such record would hold a comparison up for minutes.
test('a document that is cut in the middle of a text is none, however long it is', () => {
  const cut = `{"p":"${String.raw`\"ab\":1234567890123456789,`.repeat(40_000)}`;
  expect(formOf(cut, { kind: 'json' })).toBeUndefined();
});
