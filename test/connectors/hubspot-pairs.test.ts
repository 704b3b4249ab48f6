import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { PairList } from '../../src/connectors/hubspot/read/pair-list.js';

// A user would lose: a link whose record has a number that a double cannot hold, tied to another record.
test('links come out with the ids that went in, whatever digits these have', () => {
  const id = fc.oneof(fc.nat().map(String), fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String), fc.stringMatching(/^\d{1,20}$/));
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id), { maxLength: 700 }), fc.integer({ min: 1, max: 300 }), (pairs, size) => {
      const list = new PairList();
      for (const [from, to] of pairs) list.add(from, to);
      const pieces = [...list.pieces(size)];
      expect(pieces.flat()).toEqual(pairs.map(([from, to]) => ({ from, to })));
      expect(pieces.every((piece) => piece.length <= size)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
