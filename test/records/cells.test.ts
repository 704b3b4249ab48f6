import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson, defined } from '../../src/lib/index.js';
import { type Cell, differingCells, type Fields, recordLine, type Value } from '../../src/records/index.js';

const line = (fields: Fields, meta: Fields = {}, key = '7'): string => recordLine({ key, fields, meta });

/** Names and values that look like what lies between them in a line. */
const NAMES = [
  'a',
  'b',
  'name',
  'first_name',
  'a.b',
  'ab-c',
  'x y',
  '',
  ',',
  ':',
  '{',
  '}',
  '"',
  '\\',
  '":',
  '","',
  '__proto__',
  'meta',
  'fields',
  'é',
];
const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'b',
  ',',
  ':',
  '":"',
  '","b":"',
  '"',
  '\\',
  '\\"',
  '{',
  '}',
  '[',
  '},"meta":{',
  ',"fields":{',
  'null',
  '1',
  'é',
  '😀',
  '\n',
];
const plain = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, 12, -1, 1.5, 1e21, 1e-7),
  fc.constantFrom(...TEXTS),
  fc.string({ maxLength: 4 }),
);
const value = fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom<Value>([], ['a'], {}, { a: 'b' }, [{ a: ':' }]) });

const fieldsOf = (entries: readonly (readonly [string, Value])[]): Fields => {
  const fields = {};
  for (const [name, each] of entries) Object.defineProperty(fields, name, { value: each, enumerable: true, configurable: true, writable: true });
  return fields;
};
const entries = fc.uniqueArray(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 3 })), value), {
  selector: ([name]) => name,
  maxLength: 6,
});
/** Two records, of which the second is mostly the first with some values changed, and now and then others of its fields. */
const pair = fc.tuple(entries, entries, fc.array(fc.tuple(fc.nat(5), value), { maxLength: 3 }), fc.boolean()).map(([before, other, edits, same]) => {
  const after = same ? before.map(([name, each], i): readonly [string, Value] => [name, edits.find(([at]) => at === i)?.[1] ?? each]) : other;
  return [fieldsOf(before), fieldsOf(after)] as const;
});

/** The same, of all that is read. */
function slowly(a: Fields, b: Fields): readonly Cell[] {
  return Object.keys(a)
    .sort()
    .flatMap((name) => {
      const [one, other] = [Object.getOwnPropertyDescriptor(a, name)?.value as Value, Object.getOwnPropertyDescriptor(b, name)?.value as Value];
      return canonicalJson(one) === canonicalJson(other) ? [] : [{ name, a: one, b: other }];
    });
}

describe('the fields in which two lines differ', () => {
  test.each<[string, Fields, Fields, readonly Cell[]]>([
    ['nothing', { a: 1 }, { a: 1 }, []],
    ['the end of a text', { a: 'x', b: 'ab' }, { a: 'x', b: 'abc' }, [{ name: 'b', a: 'ab', b: 'abc' }]],
    ['a number of which one begins as the other', { a: 1, b: 'x' }, { a: 12, b: 'x' }, [{ name: 'a', a: 1, b: 12 }]],
    ['nothing there, and a text', { a: null, b: 1 }, { a: 'null', b: 1 }, [{ name: 'a', a: null, b: 'null' }]],
    ['an empty text', { a: '', b: '' }, { a: 'x', b: '' }, [{ name: 'a', a: '', b: 'x' }]],
    [
      'the first and the last, of other lengths',
      { a: 'one', b: 'x', c: true },
      { a: 'three', b: 'x', c: false },
      [
        { name: 'a', a: 'one', b: 'three' },
        { name: 'c', a: true, b: false },
      ],
    ],
    ['a text after one with signs', { a: '":",{', b: 'x' }, { a: '":",{', b: 'y' }, []],
  ])('%s', (what, a, b, cells) => {
    // A brace in a text is taken for an object: then the whole is read.
    expect(differingCells(line(a), line(b))).toEqual(what.includes('signs') ? undefined : cells);
  });

  test('are told only where they are all, whatever names and values hold', () => {
    let told = 0;
    fc.assert(
      fc.property(pair, fc.constantFrom('7', ',"fields":{', '"', 'é'), ([a, b], key) => {
        const cells = differingCells(line(a, { at: 1 }, key), line(b, { at: 22 }, key));
        if (cells === undefined) return;
        told += 1;
        expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
        expect(cells).toEqual(slowly(a, b).map((cell) => defined({ ...cell })));
      }),
      { numRuns: Number(process.env['RUNBACK_TEST_STORIES'] ?? 5000) },
    );
    expect(told).toBeGreaterThan(1000);
  });
});
