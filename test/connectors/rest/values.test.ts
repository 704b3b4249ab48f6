import { describe, expect, it } from 'vitest';

import type { FieldDescription } from '../../../src/connectors/rest/description/form.js';
import { canBeKey, valueOf, wireOf } from '../../../src/connectors/rest/wire/values.js';
import type { FieldType } from '../../../src/records/index.js';

/** A user would have a value written back as another one than the platform gave. */

const field = (type: Exclude<FieldType, 'bytes'>, more: Partial<FieldDescription> = {}): FieldDescription => ({ type, read_only: false, ...more });
const STRICT = { empty_is_null: false };

describe('a value goes back as it came', () => {
  it.each<[string, FieldDescription, unknown]>([
    ['a text', field('string'), ' =1+1\n👩‍👩‍👧‍👦 '],
    ['an empty text', field('string'), ''],
    ['nothing', field('string'), null],
    ['a text that is a number', field('string', { sent_as: 'number' }), 17],
    ['a yes', field('boolean'), true],
    ['a no as a number', field('boolean', { sent_as: 'number' }), 0],
    ['a yes as a number', field('boolean', { sent_as: 'number' }), 1],
    ['a whole number', field('integer'), -9_007_199_254_740_991],
    ['a decimal', field('number'), 12_345_678_901.25],
    ['a large number as a text', field('number', { sent_as: 'text' }), '123456789012345678901234567890.10'],
    ['a choice', field('enum'), 'gold'],
    ['a choice by number', field('enum', { sent_as: 'number' }), 3],
    ['several choices', field('set'), ['a', 'b']],
    ['a time', field('datetime'), '2026-11-29T12:00:00.000000+02:00'],
    ['a document', field('json'), { a: [1, { b: null }], c: 'x' }],
  ])('%s', (_, of, given) => {
    expect(wireOf(valueOf(given, 'f', of, STRICT), of)).toEqual(given);
  });

  it.each<[string, FieldDescription, unknown]>([
    ['a number where a text is', field('string'), 1],
    ['a text where a yes or no is', field('boolean'), 'true'],
    ['a number where a yes or no is', field('boolean'), 1],
    ['a 2 where a yes or no is', field('boolean', { sent_as: 'number' }), 2],
    ['more digits than JSON holds', field('integer'), 2 ** 53],
    ['the same as a number', field('number'), 2 ** 60],
    ['a list of numbers as choices', field('set'), [1, 2]],
    ['a group', field('string'), { a: 1 }],
    ['nothing at all', field('string'), undefined],
  ])('or is refused: %s', (_, of, given) => {
    expect(() => valueOf(given, 'f', of, STRICT)).toThrow(/is not there|and not of the type/u);
  });

  it('one that JSON cannot say is not sent', () => {
    for (const value of ['1.10', '9007199254740993', 'NaN', '1e3', ' 7']) expect(wireOf(value, field('number')), value).toBeUndefined();
    expect(wireOf('{broken', field('json'))).toBeUndefined();
  });
});

it.each(['', '.', '..', 'a\nb', '\ud800'])('%j is no key', (key) => expect(canBeKey(key, { key_type: 'text' })).toBe(false));
it.each(['1e3', '01', '+1', '1.0', ' 1', '9007199254740993', '-0'])('%j is no whole number', (key) =>
  expect(canBeKey(key, { key_type: 'integer' })).toBe(false),
);
