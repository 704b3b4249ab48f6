import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/** "What happened?": what it must show, as far as it is there: finding the damage, and a plan of exactly that. */
describe('issue 11, finding', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['stories by cell against kept truth, a third of them without damage, with history and without', 'test/investigations/stories'],
    ['real processes from the damage to a repaired account: nothing but the damage is written', 'test/investigations/thread'],
    ['a plan of groups writes their cells, records and links only, each as before the damage; samples of history', 'test/investigations/plan'],
    ['kinds of changes', 'test/investigations/kinds'],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
