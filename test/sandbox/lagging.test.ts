import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { Lagging } from '../../src/sandbox/kit/lagging.js';
import { tries } from '../support/sweeps.js';

/** A write of a key, so long after the one before, or a read. */
const step = fc.record({
  key: fc.constantFrom('a', 'b'),
  value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  after: fc.nat(12),
  reads: fc.boolean(),
});

it('what is seen is what stood there a lag ago', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(15), (steps, lagMs) => {
      const lagging = new Lagging<number>(lagMs);
      const live = new Map<string, number>();
      const written: { readonly key: string; readonly value: number | undefined; readonly at: number }[] = [];
      let now = 0;
      for (const { key, value, after, reads } of steps) {
        now += after;
        if (!reads) {
          lagging.note(key, live.get(key), now);
          if (value === undefined) live.delete(key);
          else live.set(key, value);
          written.push({ key, value, at: now });
          continue;
        }
        for (const [each, stands] of live) {
          const model = written.findLast((one) => one.key === each && one.at + lagMs <= now)?.value;
          expect(lagging.seen(each, stands, now)).toBe(model);
        }
      }
    }),
    { numRuns: tries(8000) },
  );
});
