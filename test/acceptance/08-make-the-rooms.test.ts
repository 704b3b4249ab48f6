import { describe, expect, test } from 'vitest';

import { command, expectBench, expectTests, figure, full, told } from './support.js';

/** "Make the rooms before more moves in: the layout, the kits, the speed, one file to ship": what it must show. */

/** Files of its lines. */
const FILES = ['10-postgres', '35-', '40-', '45-', '48-', '50-'] as const;
/** Measured on the same table, and shown by the issue about backup jobs. */
const CHAIN = 'between two neighbours of a chain of increments';
/** Lines of its table that `npm run bench` prints, by words of their first column. */
const SPEED = [
  'snapshot of a PostgreSQL table',
  'its processor time',
  'memory of that snapshot',
  'HubSpot snapshot of 100,000 contacts',
  'undo of 200,000 changes',
  'lying together',
  'spread evenly',
  'resume of the last tenth',
  '`status` with 2000 runs',
  '--help',
  'in an empty workspace',
  'two durable lines of a journal',
  'the last 400 of 100,000 lines',
] as const;

describe('issue 8', () => {
  test('no upward arrow and no circle, types included, and every rule of the layers bites', async () => {
    const { code, output } = await command('npm run check');
    expect(code, output.slice(-4000)).toBe(0);
    told('npm run check', `${figure(output, /dependency-cruiser (\d+) modules/u)} modules seen`);
    await expectTests('test/structure');
  });

  test('the kits serve a second vendor, and each seam has a contract that its drivers pass', async () => {
    await expectTests(
      'test/mailer test/connectors test/sandbox test/store/contract test/snapshots/storage-contract test/notify/channels test/syncs/controllers',
    );
  });

  test('one bundle: npm pack, then npx in an empty folder', async () => {
    await expectTests('test/cli/package');
  });

  test('every command has its page, every sentence of writing-a-connector a test, and every thing one word', async () => {
    await expectTests('test/cli/pages test/structure/connector-page test/structure/words');
  });

  test('what earlier versions left open is read, resumed and undone', async () => {
    const { names } = await expectTests('test/upgrade');
    expect(names.filter((name) => name.includes('what issue-8 left'))).not.toEqual([]);
  });

  test('the size of files and functions is told', async () => {
    const { code, stdout } = await command('node scripts/measure-code.mjs');
    expect(code).toBe(0);
    for (const line of stdout.trim().split('\n')) told(...(line.split(/: (.*)/su).slice(0, 2) as [string, string]));
    expect(figure(stdout, /files: (\d+)/u)).toBeGreaterThan(400);
  });

  test.skipIf(!full)('npm run bench prints each line of the table, and each is reached (RUNBACK_TEST_FULL=1)', async () => {
    await expectBench(FILES, SPEED, [CHAIN]);
  });
});
