import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/**
 * "What happened? Find the damage, its writers and its beginning": what it must show, as far as it is there.
 * RUNBACK_TEST_FULL=1 takes plans of 200,000 changes and 100,000 contacts.
 */
describe('issue 11', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['stories by cell against kept truth, a third of them without damage, with history and without', 'test/investigations/stories'],
    ['real processes from the damage to a repaired account: nothing but the damage is written', 'test/investigations/thread'],
    ['a plan of groups writes their cells, records and links only, each as before the damage; samples of history', 'test/investigations/plan'],
    ['kinds of changes', 'test/investigations/kinds'],
    [
      'from history: every damaged cell that it covers is repaired, innocent 0, the rest is listed',
      'test/restores/from-history test/restores/rebuilt test/cli/from-history.test.ts',
    ],
    ['from history: kill -9 while planning and while applying, resumed', 'test/cli/from-history-killed'],
    [
      'a plan as a page: opens in under two seconds, no barrier, no value unless asked for; a table of all of it',
      'test/reports/plan-page test/cli/plan-page',
    ],
    ['what a restore and its plan leave, in one list', 'test/cli/left'],
    [
      'a rehearsal foretells calls and time, finds a planted cell, writes nothing, leaves nothing after kill -9; PostgreSQL too',
      'test/stages/foretold test/stages/rehearse.test.ts test/cli/rehearse.test.ts',
    ],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
