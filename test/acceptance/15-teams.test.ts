import { describe, test } from 'vitest';

import { expectTests, missingPrograms, told } from './support.js';

/** "A team's shared state": what it must show, as far as it is there. RUNBACK_TEST_FULL=1 takes every point of the kills. */
describe('issue 15', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['one contract for files and PostgreSQL', 'test/store/contract test/store/postgres-contract test/store/held-lease'],
    ['kill -9 of PostgreSQL with four writers: nothing acknowledged is lost, each lost answer is settled', 'test/store/postgres-crash'],
    ['a black hole, an older copy, roles, TLS', 'test/store/postgres-answers test/store/postgres-tls'],
    [
      'stopped past its lease between intent and outcome: nothing is written to the platform',
      'test/restores/stopped-past-lease test/cli/stopped-past-lease test/connectors/guarded',
    ],
    [
      'every command that writes: nothing is sent to a platform, a sync or a form under a lock that it cannot prove',
      'test/structure/guarded-writes test/cli/guarded-writes',
    ],
    ['a drill, a restore and a test on one account: one at a time, each told of the other', 'test/stages/exclusive'],
    ['a standby that takes over, with and without what was confirmed last', 'test/store/postgres-failover'],
    ['where work cannot be shared, each daemon does it, and the screens say so', 'test/cli/crew'],
    ['state move: there and back byte for byte, killed at each step', 'test/store/move'],
    ['two workspaces on one incident', 'test/cli/team'],
    [
      'two terminals on one incident; a run and a restore continued from another laptop, the truth compared; what can be read while the database is away',
      'test/cli/two-laptops',
    ],
    [
      'three daemons, killed at random: every nightly job ran, none twice, none late beyond its target',
      'test/daemon/shared/nights test/daemon/shared/commands test/backups/scheduled-prune',
    ],
    ['pages through three daemons that are killed: none lost, repeats marked', 'test/notify/shared'],
    ['the database away: what is on its way goes out, no ping is sent', 'test/daemon/shared/away'],
    ['pauses of syncs under a lock that was lost: nothing is sent', 'test/syncs/under-lock'],
    ['a cut cable (ip netns)', 'test/store/postgres-cable'],
    [
      'snapshots in a bucket: published by a marker that overwrites nothing; servers that ignore the condition are refused',
      'test/snapshots/s3.test test/snapshots/storage-contract test/snapshots/s3-faults test/snapshots/radosgw',
    ],
  ];
  test.each(shows)('%s', async (line, files) => {
    // What was promised is held to the second here; `npm test` leaves room for a busy machine.
    const { passed, skipped } = await expectTests(files, { RUNBACK_TEST_STRICT: '1' });
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });

  test('a pooler that gives each transaction another connection', async ({ skip }) => {
    const missing = await missingPrograms('pgbouncer');
    if (missing.length > 0) skip(`not on this machine: ${missing.join(', ')}`);
    const { passed } = await expectTests('test/store/postgres-pooler');
    told('a pooler in transaction mode', `${passed} tests passed`);
  });
});
