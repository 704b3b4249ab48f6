import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';
import {
  compareKeys,
  contentDigest,
  keyOf,
  mergeSet,
  parseRecordLine,
  recordLine,
  sameValue,
  type PlatformRecord,
  type Value,
} from '../../src/records/index.js';
import { tries } from '../support/sweeps.js';

const text = fc.string({ unit: 'binary' });
const value: fc.Arbitrary<Value> = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<Value>;
const fields = fc.dictionary(text, value, { noNullPrototype: true });
const record: fc.Arbitrary<PlatformRecord> = fc.record({ key: text, fields, meta: fields });

/** The same value with every object's names in another order. */
function shuffled(input: Value): Value {
  if (Array.isArray(input)) return (input as readonly Value[]).map(shuffled);
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(
    Object.entries(input)
      .reverse()
      .map(([name, member]) => [name, shuffled(member)]),
  );
}

describe('the canonical form', () => {
  it('is one line that reads back as the same record', () => {
    fc.assert(
      fc.property(record, (input) => {
        const line = recordLine(input);
        expect(line).not.toContain('\n');
        expect(recordLine(parseRecordLine(line))).toBe(line);
        expect(parseRecordLine(line)).toEqual(JSON.parse(JSON.stringify(input)));
      }),
    );
  });

  it('does not depend on the order of names, and differs where a value does', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(canonicalJson(shuffled(a))).toBe(canonicalJson(a));
        expect(sameValue(a, shuffled(a))).toBe(true);
        expect(sameValue(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
    );
  });

  it('keeps null, empty and absent apart', () => {
    expect(sameValue(null, undefined)).toBe(false);
    expect(sameValue('', null)).toBe(false);
    expect(sameValue(undefined, undefined)).toBe(true);
    expect(sameValue([], {})).toBe(false);
    const digests = [{}, { a: null }, { a: '' }, { a: [] }, { a: {} }].map((found) => contentDigest({ key: '1', fields: found, meta: {} }));
    expect(new Set(digests).size).toBe(5);
  });

  it('leaves what changes by itself out of the content digest', () => {
    fc.assert(
      fc.property(record, fields, (input, meta) => {
        expect(contentDigest({ ...input, meta })).toBe(contentDigest(input));
      }),
    );
  });
});

describe('the order of keys', () => {
  const key = fc.string({
    unit: fc.oneof(
      fc.constantFrom('a', '\u00e9', '\uffff', '\ue000', '\u{10000}', '\u{10ffff}', '\u0000'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  });

  it('is the order of their UTF-8 bytes, as databases and file names have it', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: tries(2000) },
    );
  });

  it('keeps composite keys apart', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2 }), fc.array(text, { minLength: 2 }), (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
    );
  });
});

describe('merging sets', () => {
  const set = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'));

  it('undoes what the damage added and took, and nothing else', () => {
    fc.assert(
      fc.property(set, set, set, (base, damaged, live) => {
        const merged = new Set(mergeSet(base, damaged, live));
        for (const element of ['a', 'b', 'c', 'd', 'e']) {
          const [b, d, l] = [base.includes(element), damaged.includes(element), live.includes(element)];
          expect(merged.has(element)).toBe(b === d ? l : b);
        }
      }),
    );
  });

  it('gives the base back where nobody else wrote', () => {
    fc.assert(
      fc.property(set, set, (base, damaged) => {
        expect(mergeSet(base, damaged, damaged)).toEqual([...base].sort());
      }),
    );
  });
});
