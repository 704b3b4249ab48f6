import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Fields, Value } from '../../src/records/index.js';
import { comparable, differ } from '../../src/restores/decide/comparable.js';
import { differing } from '../../src/restores/decide/conflicts.js';
import { field, objectType } from '../support/restore-world.js';

const schemaOf = (platformType: string) =>
  objectType('people', [
    field('text'),
    field('padded', { type: 'string', platformType }),
    field('amount', { type: 'number', platformType: 'numeric(10,2)' }),
    field('at', { type: 'datetime', platformType: 'timestamp with time zone' }),
    field('tags', { type: 'set' }),
    field('touched', { setByItself: true }),
  ]);
const value = fc.constantFrom<Value>(null, '', 'a', 'a ', '1.5', '1.50', '2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000+00', [], ['a'], true, 7);
const names = ['text', 'padded', 'amount', 'at', 'tags', 'touched', 'unknown', '__proto__'] as const;
const fields = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }).map((entries): Fields => Object.fromEntries(entries));

test('two snapshots of a record differ exactly where a field does once they are in one form', () => {
  const [then, now] = [schemaOf('character(5)'), schemaOf('text')];
  let found = 0;
  fc.assert(
    fc.property(fields, fields, (base, damaged) => {
      const sides = comparable({ base, damaged, live: undefined }, then, now);
      const expected = differing(sides.base ?? {}, sides.damaged ?? {}).length > 0;
      if (expected) found += 1;
      expect(differ(base, damaged, then, now)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
  expect(found).toBeGreaterThan(100);
});

test('names that differ are found on either side, each once and sorted', () => {
  const alone = (names: readonly string[]): Fields => Object.fromEntries(names.map((name) => [name, 'x']));
  expect(differing(alone(['b', 'a']), alone(['b', 'c']))).toEqual(['a', 'c']);
  expect(differing({}, alone(['b', 'a']))).toEqual(['a', 'b']);
  expect(differing({ a: null, b: 'x' }, { b: 'y', c: [] })).toEqual(['b']);
});
