import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { nestedDeeper } from '../../src/lib/index.js';

/** How deep a value nests. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('nesting is told from the text as from the value, whatever brackets stand in texts', () => {
  const text = fc.oneof(fc.constantFrom('[', '{', '[[{{', '\\"[', '"', '\\'), fc.string());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6 }, text, fc.boolean(), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(text, tie('value'), { maxKeys: 3 })),
  }));
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 8 }), (one, limit) => {
      expect(nestedDeeper(Buffer.from(JSON.stringify(one)), limit)).toBe(depthOf(one) > limit);
    }),
    { numRuns: 2000 },
  );
});

test('many shallow ones are not deep, and one that is too deep is found among them', () => {
  const shallow = JSON.stringify(Array.from({ length: 2000 }, () => ({ a: [1] })));
  expect([nestedDeeper(Buffer.from(shallow), 3), nestedDeeper(Buffer.from(shallow), 2)]).toEqual([false, true]);
  expect(nestedDeeper(Buffer.from(`[${'['.repeat(600)}${']'.repeat(600)}]`), 500)).toBe(true);
});
