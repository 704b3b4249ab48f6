import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/** "Watching integrations, and alerts that people still believe": what it must show, as far as it is there. */
describe('issue 14', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['baselines equal a slow model, and what is kept judges as the whole history does', 'test/monitors/baseline test/monitors/judges'],
    ['simulated years: false pages, and how soon stops and halves are found', 'test/monitors/simulation.test'],
    ['one incident a group, none lost, none repeated; a replay says what was said', 'test/monitors/alerts test/monitors/replay'],
    [
      'a quota is foreseen three hours before, an expired token is one incident; hours are counted once, within the budget',
      'test/monitors/live/end-to-end test/monitors/live/counts',
    ],
    ['kill -9 at the writes of a round: one incident a group, none lost', 'test/monitors/live/kill'],
    ['the canary: thirty days, its own record alone, verified before each write; killed at requests', 'test/monitors/canary'],
    ['planted creeps are the first lines of the review of the week; no value is kept', 'test/monitors/review'],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
