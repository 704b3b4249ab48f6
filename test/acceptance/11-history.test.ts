import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/** "What happened?", its third part: rollback without a snapshot. RUNBACK_TEST_FULL=1 takes 100,000 contacts. */
describe('issue 11: rollback from history', () => {
  const shows: readonly (readonly [string, string])[] = [
    [
      'every damaged cell that history covers is repaired, innocent 0, the rest is listed',
      'test/restores/from-history test/restores/rebuilt test/cli/from-history.test.ts',
    ],
    ['kill -9 while planning and while applying, resumed', 'test/cli/from-history-killed'],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
