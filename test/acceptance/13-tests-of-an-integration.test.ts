import { describe, expect, test } from 'vitest';

import { command, expectTests, told } from './support.js';

/** "Mapping, reconciliation and tests of an integration": what it must show, as far as it is there. */
describe('issue 13', () => {
  const shows: readonly (readonly [string, string])[] = [
    [
      'each way to break a schema is found, nothing in pairs that are in order; loops equal brute force; production is only read',
      'test/mappings test/cli/mapping',
    ],
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
    [
      'whatever people did with the records of a test before the clean-up, merges too: no record of theirs is lost, nothing is left unsaid',
      'test/checks/cleanup',
    ],
    [
      'webhooks twice, late and out of order, lists that lag, shift or end, later forms of values, 429, lost answers: each verdict right, no clean sync accused',
      'test/cli/hostile-platforms test/sandbox/hostile',
    ],
    ['clean runs of the two-platform demo accuse nobody', 'test/cli/clean-runs'],
    ['a load that is disturbed; what to do after each failed check', 'test/cli/disturbed-load test/cli/offers test/checks/offers'],
    ['planted drops, doubles and reorders are found in 1,000 random histories; 1,000 clean ones accuse nobody', 'test/checks/verdict'],
    ["350 at once; at the vendor's limit the excess is refused, and nothing lost; production is not written to", 'test/cli/load-test'],
    [
      'sample data at the edge of what each field takes: each taken, or refused for the reason that it names; no value of a snapshot in it',
      'test/stages/samples test/cli/sandbox-data',
    ],
    ['forms and what follows them, as steps; triggers by the command', 'test/checks/touchpoints-events test/cli/trigger-test'],
    [
      'records that match twice are decided by a person, in a real terminal too; snapshots of reconciliations are kept by rules',
      'test/journeys/reconcile-records test/backups/prune',
    ],
    [
      'kill -9 at every call of a test, then a clean-up: the census is the one before, an innocent twin stays',
      'test/cli/load-crash test/cli/touchpoint-crash test/cli/steps-crash test/checks/journeys/killed',
    ],
  ];
  const benches: readonly (readonly [string, string])[] = [
    ['500 fields are checked within 100 ms of processor time, besides reading the schemas', 'npm run --silent bench 55'],
    // Times of a busy machine are no figures: it compares pairs that are measured one after the other.
    ['1,000,000 × 1,000,000 records: at most 1.5 times what reading and parsing both takes, in less than 200 MB', 'npm run --silent bench 41'],
  ];
  test.each(benches)('%s', async (line, words) => {
    const { code, stdout, output } = await command(words);
    expect(code, output).toBe(0);
    expect(stdout, output).toContain('reached');
    expect(stdout).not.toContain('MISSED');
    told(
      line,
      stdout
        .split('\n')
        .filter((row) => row.startsWith('| ') && row.includes('reached'))
        .join(' '),
    );
  });
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
