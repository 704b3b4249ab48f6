import { describe, expect, test } from 'vitest';

import { expectBench, expectTests, figure, full, told } from './support.js';

/** Lines of `npm run bench` that it must show: files, and words of their rows. */
const FILES = ['10-postgres', '38-', '39-thirty-days'] as const;
const SPEED = [
  'between two neighbours of a chain of increments',
  'requests of the HubSpot snapshot of an ordinary day',
  '30 daily snapshots of 200,000 rows',
  'reading the last of them (30 of 30 read back exactly)',
  '30 daily snapshots of 200,000 HubSpot contacts',
  'encrypted snapshot of a PostgreSQL table',
  'verifying it: every byte decrypted',
] as const;

/** What tests print as they pass, for the closing note. */
const PRINTED = /^.*killed at \d+ points.*$/gmu;

/** "Scheduled backup jobs that can be trusted": what it must show. */
describe('issue 10', () => {
  const shows: readonly (readonly [string, string])[] = [
    [
      'kill -9 in a job, while a snapshot is built on another, in prune, an import, encrypting again, forgetting, copying',
      'test/backups/run-crash test/snapshots/crash.test.ts test/backups/prune test/snapshots/import-crash test/snapshots/re-encrypt-crash test/backups/forget-sweep test/backups/copies-sweep',
    ],
    [
      'storage that fails, lies, is slow or full: folder and bucket in one contract suite',
      'test/snapshots/storage-contract test/snapshots/s3.test.ts test/snapshots/s3-faults test/snapshots/s3-leftovers test/snapshots/s3-catalog test/snapshots/s3-crash test/snapshots/radosgw test/contracts/s3-server',
    ],
    ['an encrypted snapshot opened by the public age program and ordinary unzip', 'test/snapshots/encryption test/backups/encrypted'],
    [
      'planted damage is found by the next backup; a year of ordinary growth raises no false alarm',
      'test/backups/watch.test.ts test/backups/watch-year test/backups/watch-record',
    ],
    [
      'a pair: writes during the window are named, a plan for both leaves 0 differences, kill -9 while it is made or applied',
      'test/backups/sets test/snapshots/set.test.ts test/cli/plan-set test/restores/both-sides',
    ],
    [
      'a job in a real terminal with progress, and its events with --json; Ctrl-C says how it continues',
      'test/backups/run-terminal test/backups/run.test.ts',
    ],
    ['restore tests fail on an unreadable part, a wrong cell, and past restore_within', 'test/stages/restore-test test/backups/scheduled-tests'],
    [
      'an imported file, and a restored pg_dump, claim no deletions and no links',
      'test/snapshots/import.test.ts test/restores/imported test/cli/import',
    ],
    [
      'missed, overlapping and DST runs, under the daemon and under --once',
      'test/backups/schedule test/backups/commands test/backups/limits test/daemon/shared/nights',
    ],
    ['what was forgotten is found nowhere, byte by byte, and every chain verifies', 'test/cli/forget test/snapshots/forget.test.ts'],
    ['the printed systemd units, read by systemd itself', 'test/daemon/systemd'],
    ['what this version leaves is read, built on, continued and undone by later ones', 'test/upgrade/backups'],
    [
      'copies in a second place, read again, waited for, tried again; and back on a new machine',
      'test/backups/copies.test.ts test/backups/copies-required test/cli/copies',
    ],
  ];
  const long = full ? { RUNBACK_TEST_FULL: '1', NODE_OPTIONS: '--max-old-space-size=9000' } : {};

  test('thirty days of a job on PostgreSQL: each state exact (RUNBACK_TEST_FULL=1: 200,000 rows)', async () => {
    const { output } = await expectTests('test/backups/thirty-days-postgres.test.ts', long);
    const [rows, exact] = [figure(output, /30 days of (\d+) rows/u), figure(output, /rows: (\d+) read back exactly/u)];
    expect(exact).toBe(30);
    if (full) expect(rows).toBe(200_000);
    told('states of a table that read back exactly', `${exact} of 30, ${rows} rows`);
  });

  test('retention against a slow obvious model, ten thousand histories with clocks that jump', async () => {
    const { output } = await expectTests('test/backups/retention', { RUNBACK_TEST_FULL: '1' });
    const histories = figure(output, /(\d+) histories/u);
    expect(histories).toBeGreaterThanOrEqual(10_000);
    told('retention against its model', `${histories} histories, ${figure(output, /(\d+) snapshots went/u)} snapshots went`);
  });

  test('thirty days of a job on HubSpot: each state exact, and what an ordinary day asks (RUNBACK_TEST_FULL=1: 200,000 contacts)', async () => {
    const { output } = await expectTests('test/backups/thirty-days.test.ts', long);
    const exact = figure(output, /contacts: (\d+) read back exactly/u);
    expect(exact).toBe(30);
    const [day, all] = [figure(output, /in (\d+) requests at most/u), figure(output, /all of it took (\d+);/u)];
    told('requests of an ordinary day, at most', `${day} of ${all} for reading everything; ${exact} of 30 states read back exactly`);
    if (full) expect(day).toBeLessThanOrEqual(0.2 * all);
  });

  test.each(shows)('%s', async (line, files) => {
    const { passed, skipped, output } = await expectTests(files);
    told(line, `${passed} tests passed, ${skipped.length} skipped`);
    for (const [said] of output.matchAll(PRINTED)) told(line, said.trim());
  });

  test.skipIf(!full)('npm run bench prints each line of its table, and each is reached (RUNBACK_TEST_FULL=1)', async () => {
    await expectBench(FILES, SPEED);
  });
});
