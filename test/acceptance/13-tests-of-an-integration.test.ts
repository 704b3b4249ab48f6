import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/** "Mapping, reconciliation and tests of an integration": what it must show, as far as it is there. */
describe('issue 13', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['each way to break a schema is found, nothing in pairs that are in order; loops equal brute force', 'test/mappings test/cli/mapping'],
    [
      'reconcile: on disk equals in memory equals brute force; edits during the reads give no false difference; a planted divergence is repaired to 0',
      'test/checks/reconcile test/journeys/reconcile test/cli/reconcile',
    ],
    [
      'parity: planted differences found, an expired acceptance fails, one credential under two names is found, production is not written to',
      'test/checks/parity',
    ],
    ['twelve faults of a sync and more, each told as what it is; clean runs accuse nobody', 'test/checks/touchpoints test/cli/touchpoint-test'],
    ['changes on either side, orphans, opt-outs; 1,000 records by 1.1 times the least calls', 'test/checks/touchpoints-back test/checks/import'],
    [
      'triggers: the table of 32 conditions equals an oracle; twelve faults of a workflow are found, a right one is not accused',
      'test/checks/triggers',
    ],
    [
      'journeys: a field lost at step 4 is named at step 4; 200 interleavings with each planted race found, 200 clean ones accuse nobody',
      'test/checks/journeys',
    ],
    ['a load that is disturbed; what to do after each failed check', 'test/cli/disturbed-load test/cli/offers test/checks/offers'],
    ['planted drops, doubles and reorders are found in 1,000 random histories; 1,000 clean ones accuse nobody', 'test/checks/verdict'],
    ["350 at once; at the vendor's limit the excess is refused, and nothing lost; production is not written to", 'test/cli/load-test'],
    [
      'kill -9 at every call of a test, then a clean-up: the census is the one before, an innocent twin stays',
      'test/cli/load-crash test/cli/touchpoint-crash',
    ],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
