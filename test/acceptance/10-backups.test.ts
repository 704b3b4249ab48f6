import { describe, test } from 'vitest';

import { expectTests, told } from './support.js';

/** "Scheduled backup jobs that can be trusted": what it must show, as far as it is there. What they take, against restic, are lines of `npm run bench`. */
describe('issue 10', () => {
  const shows: readonly (readonly [string, string])[] = [
    ['thirty days of a job on HubSpot, each state exact (RUNBACK_TEST_FULL=1: 200,000 contacts)', 'test/backups/thirty-days'],
    [
      'kill -9 in a job, prune, an import, encrypting again, forgetting, copying',
      'test/backups/run-crash test/backups/prune test/snapshots/import-crash test/snapshots/re-encrypt-crash test/backups/forget-sweep test/backups/copies-sweep',
    ],
    [
      'storage that fails, lies, is slow or full: folder and bucket in one contract suite',
      'test/snapshots/storage-contract test/snapshots/s3.test.ts test/snapshots/s3-faults test/snapshots/s3-leftovers test/snapshots/s3-catalog',
    ],
    ['an encrypted snapshot opened by the public age program and ordinary unzip', 'test/snapshots/encryption test/backups/encrypted'],
    ['retention against a slow obvious model, ten thousand histories with clocks that jump', 'test/backups/retention'],
    [
      'planted damage is found by the next backup; a year of ordinary growth raises no false alarm',
      'test/backups/watch.test.ts test/backups/watch-year test/backups/watch-record',
    ],
    [
      'a pair: writes during the window are named, a plan for both leaves 0 differences, kill -9 while it is made or applied',
      'test/backups/sets test/snapshots/set.test.ts test/cli/plan-set test/restores/both-sides',
    ],
    ['a job in a real terminal with progress; Ctrl-C says how it continues', 'test/backups/run-terminal'],
    ['restore tests fail on an unreadable part, a wrong cell, and past restore_within', 'test/stages/restore-test test/backups/scheduled-tests'],
    [
      'an imported file, and a restored pg_dump, claim no deletions and no links',
      'test/snapshots/import.test.ts test/restores/imported test/cli/import',
    ],
    ['missed, overlapping and DST runs, under the daemon and under --once', 'test/backups/schedule test/backups/commands test/backups/limits'],
    ['what was forgotten is found nowhere, byte by byte, and every chain verifies', 'test/cli/forget test/snapshots/forget.test.ts'],
    ['the printed systemd units, read by systemd itself', 'test/daemon/systemd'],
    ['what this version leaves is read, built on, continued and undone by later ones', 'test/upgrade/backups'],
    [
      'copies in a second place, read again, waited for, tried again; and back on a new machine',
      'test/backups/copies.test.ts test/backups/copies-required test/cli/copies',
    ],
  ];
  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
  });
});
