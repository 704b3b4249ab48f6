import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { command, expectTests, figure, figures, missingPrograms, root, told } from './support.js';

/** "Undo a bad sync end to end: a guided runbook on HubSpot and PostgreSQL": what it must show. */
describe('issue 2', () => {
  test('the demo does the whole job unattended in under 90 s, and the truth agrees cell by cell', async () => {
    const { code, stdout, seconds } = await command('npm run --silent demo -- --no-input --json');
    expect(code).toBe(0);
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      readonly data: { readonly score: Readonly<Record<string, number>>; readonly requests: Readonly<Record<'made' | 'least' | 'limited', number>> };
    };
    const { score, requests } = last.data;
    expect(score).toMatchObject({ damagedLeft: 0, innocentChanged: 0, legitimateLost: 0 });
    expect(score['damagedCells']).toBeGreaterThan(400);
    expect(score['innocentCells']).toBeGreaterThan(80_000);
    expect(score['legitimateEdits']).toBeGreaterThan(150);
    expect(requests.made / requests.least).toBeLessThanOrEqual(1.1);
    expect(requests.limited).toBe(0);
    expect(seconds).toBeLessThan(90);
    told(
      'npm run demo -- --no-input',
      `${seconds.toFixed(0)} s; left 0 of ${score['damagedCells']}, innocent changed 0 of ${score['innocentCells']}, edits kept 100 % of ${score['legitimateEdits']}, requests ${requests.made} against ${requests.least}`,
    );
  });

  test('the guided run in a real terminal: whole, Ctrl-C at each prompt and in apply, no terminal, NO_COLOR, 80 columns, --accessible', async () => {
    await expectTests('test/cli');
  });

  test('the three runbooks on a real PostgreSQL, compared row by row by SQL', async () => {
    const { output } = await expectTests('test/journeys/postgres.test.ts');
    const damaged = figures(output, /damaged cells (\d+), left 0;/u);
    expect(damaged.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...damaged)).toBeGreaterThan(500);
    expect(figures(output, /innocent cells \d+, changed (\d+);/u)).toEqual(damaged.map(() => 0));
    expect(figures(output, /kept (\d+) %/u)).toEqual(damaged.map(() => 100));
    told('test/journeys/postgres.test.ts', `damaged ${damaged.join(' / ')}, left 0`);
  });

  test('the crash sweep of G1 and G14: kill -9 at every journal write, platform call and storage operation', async () => {
    const { output } = await expectTests(
      'test/journeys/crash-sweep test/journeys/crash-storage test/snapshots/crash.test.ts test/store/crash.test.ts',
      { RUNBACK_TEST_POINTS: 'all' },
    );
    expect(figure(output, /all (\d+) platform calls that write, /u)).toBeGreaterThan(6);
    expect(figure(output, /platform calls that write, all (\d+) that read, /u)).toBeGreaterThan(20);
    expect(figure(output, /all (\d+) journal lines of a whole run/u)).toBeGreaterThan(40);
    expect(figure(output, /(\d+) of \d+ storage operations of a whole run, part/u)).toBeGreaterThan(100);
    expect(figure(output, /G14: killed at (\d+) points/u)).toBeGreaterThan(30);
    told('crash sweep', figures(output, /killed at (\d+) points/u).join(' + ') + ' kills');
  });

  test('G2, G8 over 1,000 stories, G15, G16', async () => {
    const { output, skipped } = await expectTests(
      'test/store/journal.test.ts test/restores/innocent-data.test.ts test/snapshots/damage.test.ts test/snapshots/round-trip.test.ts test/connectors/postgres-types.test.ts',
      { RUNBACK_TEST_RUNS: '1000', RUNBACK_TEST_POINTS: 'all' },
    );
    expect(figure(output, /(\d+) random stories/u)).toBe(1000);
    expect(figure(output, /G15: (\d+) of \d+ bytes flipped one by one; all found/u)).toBeGreaterThan(2000);
    expect(skipped).toEqual([]);
  });

  test('what bad input gets', async () => {
    await expectTests(
      'test/journeys/bad-input.test.ts test/journeys/trouble.test.ts test/journeys/guards.test.ts test/journeys/credentials.test.ts test/snapshots/hostile.test.ts',
    );
  });

  test('a snapshot opens with an ordinary unzip and reads with jq', async ({ skip }) => {
    const missing = await missingPrograms('unzip', 'jq');
    if (missing.length > 0) skip(`not on this machine: ${missing.join(', ')}`);
    const folder = await mkdtemp(join(tmpdir(), 'runback-acceptance-'));
    try {
      const demo = await command('node dist/runback.js demo --no-input --small --keep', { TMPDIR: folder });
      expect(demo.code).toBe(0);
      const zips = (await command(`find ${folder} -name 'snap-*.zip'`)).stdout.trim().split('\n');
      expect(zips.length).toBeGreaterThan(1);
      const opened = await command(
        `for zip in ${zips.join(' ')}; do unzip -tq "$zip" || exit 1; unzip -p "$zip" 'data/hubspot/contacts/*' | jq -r .key | wc -l; done`,
      );
      expect(opened.code).toBe(0);
      expect(opened.stdout).toMatch(/^3\d\d$/mu);
      told('unzip -t, unzip -p | jq -r .key | wc -l', figures(opened.stdout, /^(\d+)$/mu).join(', '));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('npm run bench prints every line of the table, each with its ratio', async () => {
    const { code, stdout, output } = await command('npm run --silent bench');
    expect(code, output).toBe(0);
    const rows = tableOf(stdout);
    const known = tableOf(await readFile(join(root, 'docs/benchmarks.md'), 'utf8')).map(nameOf);
    expect(known.length).toBeGreaterThan(20);
    expect(rows.map(nameOf)).toEqual(expect.arrayContaining(known));
    for (const [what = '', , , ratio = '', , verdict = ''] of rows) {
      expect(ratio, what).toMatch(/^\d+(\.\d+)? ×$/u);
      told(what, `${ratio} ${verdict}`);
    }
    // What the machine has no part in.
    const requests = rows.find(([what]) => what?.startsWith('requests of a HubSpot snapshot'));
    expect(requests?.at(-1)).toBe('reached');
  });
});

/** What a row measures, without the figures in it that are others on each machine: `(the first time 3.0 s)`. */
const nameOf = ([what = '']: readonly string[]): string => what.replaceAll(/ \([^)]*\)/gu, '');

/** The rows of the benchmark table, without its head. */
function tableOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes(' × |'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
