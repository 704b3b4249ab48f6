import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { type Edit, foundAs, type Planted, story } from './support/story.js';

/** A user would lose: the trust in a report that accuses a sync of what was only on its way, or passes over what is wrong. */

const PEOPLE = 24;
const EDITED = 16;
const MINUTE_MS = 60_000;

// People below EDITED are edited while both sides are read; the others hold what was planted. Some are new.
const EDIT: fc.Arbitrary<Edit> = fc.record({
  atMs: fc.integer({ min: -6 * MINUTE_MS, max: 25 * MINUTE_MS }),
  takesMs: fc.integer({ min: 0, max: 4.5 * MINUTE_MS }),
  person: fc.integer({ min: 0, max: EDITED - 1 }),
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('title' as const, 'phone' as const) },
    { weight: 1, arbitrary: fc.constantFrom('delete' as const, 'create' as const) },
  ),
  value: fc.constantFrom('a', 'b', 'c'),
});
const PLANTED: fc.Arbitrary<Planted> = fc.record({
  person: fc.integer({ min: EDITED, max: PEOPLE - 1 }),
  what: fc.constantFrom('title' as const, 'phone' as const, 'missing' as const, 'extra' as const, 'twice' as const),
});

test('what people edit while both sides are read gives no difference, and every difference that was there before is found', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(EDIT, { maxLength: 60 }),
      fc.uniqueArray(PLANTED, { maxLength: 6, selector: ({ person }) => person }),
      async (edits, planted) => {
        const { found, writes } = await story(PEOPLE, edits, planted);
        expect(found).toEqual(planted.map(foundAs).sort());
        expect(writes).toBe(0);
      },
    ),
    { numRuns: 500 },
  );
});

test('a value that is changed again and again is in flight, and accuses nobody', async () => {
  const edits = Array.from({ length: 40 }, (_, n): Edit => ({
    atMs: (n - 5) * MINUTE_MS,
    takesMs: 4 * MINUTE_MS,
    person: 3,
    what: 'title',
    value: `v${n}`,
  }));
  expect((await story(PEOPLE, edits, [])).found).toEqual([]);
});
