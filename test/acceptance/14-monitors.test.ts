import { describe, expect, test } from 'vitest';

import { command, expectTests, figure, full, told } from './support.js';

/** "Watching integrations, and alerts that people still believe": each line that it must show, with its figure. */

/** What `MONITOR_TABLE=1` prints: rows by their first columns. */
const rowsOf = (output: string): readonly (readonly string[])[] =>
  output.split('\n').flatMap((line) =>
    line.startsWith('| ')
      ? [
          line
            .split('|')
            .map((cell) => cell.trim())
            .slice(1, -1),
        ]
      : [],
  );
const hoursOf = (cell: string | undefined): number => (cell?.endsWith(' h') === true ? Number.parseInt(cell, 10) : Number.POSITIVE_INFINITY);

describe('issue 14', () => {
  test('a simulated year: false pages and messages, stops and halves, and a z-score next to it', async () => {
    const { output } = await expectTests('test/monitors/simulation.test');
    const within = (what: string): number => figure(output, new RegExp(`${what}: found within (\\d+) h`, 'u'));
    expect(figure(output, /([\d.]+) pages and/u)).toBeLessThanOrEqual(0.2);
    expect(figure(output, /and ([\d.]+) messages a week/u)).toBeLessThanOrEqual(0.5);
    expect(within('stop at 5 an hour')).toBeLessThanOrEqual(6);
    expect(within('stop at 400 an hour')).toBeLessThanOrEqual(3);
    expect(within('half at 40 an hour')).toBeLessThanOrEqual(24);
    expect(within('half at 400 an hour')).toBeLessThanOrEqual(6);
    for (const [, line = ''] of output.matchAll(/^((?:20 series|z-score|stop at|half at) .*)$/gmu)) told('a year of the seeds in the tests', line);
  });

  test.skipIf(!full)('the table of held-out seeds (RUNBACK_TEST_FULL=1, about a quarter of an hour)', async () => {
    const { output } = await expectTests('test/monitors/simulation.test', { MONITOR_TABLE: '1' });
    const rows = rowsOf(output);
    const row = (...begins: readonly string[]): readonly string[] => {
      const found = rows.find((cells) => begins.every((cell, n) => cells[n] === cell));
      if (found === undefined) throw new Error(`no row ${begins.join(' | ')}\n${output.slice(-3000)}`);
      told(begins.join(', '), found.slice(begins.length).join(' | '));
      return found;
    };
    for (const name of ['20 volumes', '20 of all kinds']) {
      const [, pages, , messages] = row(name);
      expect(Number(pages)).toBeLessThanOrEqual(0.1);
      expect(Number(messages)).toBeLessThanOrEqual(0.5);
    }
    expect(hoursOf(row('5 an hour', 'stop', 'working')[5])).toBeLessThanOrEqual(6);
    expect(hoursOf(row('400 an hour', 'stop', 'ordinary')[5])).toBeLessThanOrEqual(3);
    expect(hoursOf(row('40 an hour', 'half', 'working')[5])).toBeLessThanOrEqual(24);
    expect(hoursOf(row('400 an hour', 'half', 'working')[5])).toBeLessThanOrEqual(6);
  });

  test('a round of 100 series of 400 days < 50 ms; memory flat; calls within budget to 1 %', async () => {
    const { code, stdout } = await command('npm run --silent bench 57');
    expect(code).toBe(0);
    const rows = rowsOf(stdout).filter(([what]) => what !== 'what' && what !== '---');
    expect(rows).toHaveLength(4);
    for (const [what = '', ours = '', , , reach = '', verdict] of rows) {
      told(what, `${ours} (${reach})`);
      expect(verdict, what).toBe('reached');
    }
  });

  const shows: readonly (readonly [string, string, RegExp?])[] = [
    ['baselines equal a slow model, and what is kept judges as the whole history does', 'test/monitors/baseline test/monitors/judges'],
    ['a replay is deterministic, and says what was said; one incident a group', 'test/monitors/alerts test/monitors/replay'],
    [
      'a quota is foreseen three hours before, an expired token is one incident; hours are counted once, within the budget',
      'test/monitors/live/end-to-end test/monitors/live/counts',
      /forecast ([\d.]+) h before exhaustion/u,
    ],
    ['an expired token: found within two runs of the canary by a daemon, one incident, symptoms silenced', 'test/cli/monitor/canary'],
    [
      'counts of PostgreSQL, Salesforce, HubSpot, Mailchimp and a described platform as the vendors answer; backup age, drift, lag and differences to an incident',
      'test/monitors/sources test/connectors/rest/counts',
    ],
    ['errors of every process of the workspace are counted', 'test/monitors/live/errors test/connectors/counted'],
    ['the commands, a real daemon that follows runback.yml, /metrics; pages and review in a browser', 'test/cli/monitor test/daemon/monitors'],
    ['kill -9 at the writes of a round: one incident a group, none lost', 'test/monitors/live/kill test/incidents/torn-first-line'],
    [
      'the canary, two pairs: thirty days, its own record alone, verified before each write; killed at requests',
      'test/monitors/canary',
      /(\d+) writes, all to the canary/u,
    ],
    ['planted creeps are the first lines of the review of the week; no value is kept', 'test/monitors/review'],
  ];
  test.each(shows.map(([line, files, printed]) => ({ line, files, printed })))('$line', async ({ line, files, printed }) => {
    const { passed, skipped, output } = await expectTests(files);
    const shown = printed === undefined ? '' : `; ${String(figure(output, printed))}`;
    told(line, `${passed} tests passed, ${skipped.length} skipped${shown}`);
  });
});
