import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/**
 * "Rollback without a snapshot" on PostgreSQL: from the audit table that runback.yml describes. Real servers, real
 * triggers.
 */
describe('issue 11, audit tables of PostgreSQL', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['the commands from the refusal that names writers to the proved repair and its undo, for four shapes', 'test/cli/from-audit.test.ts'],
    [
      'random work of several writers: a window of one goes back to the truth where it is told, nothing else is written; a reading continues',
      'test/restores/from-audit-truth.test.ts',
    ],
    ['what a trigger does not tell is not claimed; wrong descriptions are refused by name', 'test/connectors/postgres-audit.test.ts'],
    ['every driver with a history keeps the same contract', 'test/connectors/postgres-contract.test.ts'],
    ['an investigation goes by it, and its plan writes nothing but the damage', 'test/investigations/postgres.test.ts'],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
