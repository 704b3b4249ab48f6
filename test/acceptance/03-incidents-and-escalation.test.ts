import { describe, expect, test } from 'vitest';

import { command, expectTests, figure, figures, told } from './support.js';

/** "Incidents and severity-based escalation": what it must show. */
describe('issue 3', () => {
  test('two weeks on a fake clock: every expected message and no other, DST both ways, a new process state for each tick', async () => {
    await expectTests('test/incidents/two-weeks.test.ts');
  });

  test('10,000 pages with kill -9 at random writes: none lost, repeats counted, each with the same key', async () => {
    const { output } = await expectTests('test/notify/crash.test.ts', { RUNBACK_TEST_PAGES: '10000' });
    const [pages = 0] = figures(output, /G19: (\d+) pages/u);
    expect(pages).toBe(10_000);
    expect(figure(output, /G19: \d+ pages, (\d+) kills/u)).toBeGreaterThan(2);
    expect(figure(output, /, (\d+) lost,/u)).toBe(0);
    told('pages through killed processes', `${pages}, 0 lost, ${figure(output, /lost, (\d+) repeated/u)} repeated`);
  });

  test("bodies against the services' published rules; webhook by the published library; mail by a real SMTP server", async () => {
    const { passed } = await expectTests('test/notify/channels.test.ts');
    expect(passed).toBeGreaterThan(150);
  });

  test('one channel that hangs delays no other page; a storm of 500 reaches a person as a handful of messages', async () => {
    const { output } = await expectTests('test/notify/outbox.test.ts');
    expect(figure(output, /storm: (\d+) messages/u)).toBeLessThan(10);
  });

  test('the guided path in a real terminal from respond to a finished restore and the report', async () => {
    await expectTests('test/cli/guided.test.ts');
  });

  test('the page and the report in a real browser, keyboard and contrast checked with axe', async ({ skip }) => {
    const { passed, skipped } = await expectTests('test/daemon test/reports/report.test.ts test/reports/browser.test.ts');
    expect(passed).toBeGreaterThan(0);
    if (skipped.length > 0) skip(`no browser on this machine: ${skipped.length} tests were skipped`);
  });

  test('a tick over 10,000 open incidents costs what is due, not what is open', async () => {
    const { code, output, stdout } = await command('npm run --silent bench 60');
    expect(code, output).toBe(0);
    const ratio = figure(stdout, /among 10,000 open ones \|[^|]*\|[^|]*\| ([\d.]+) ×/u);
    expect(ratio).toBeLessThan(2);
    told('npm run bench 60', `${ratio} ×`);
  });

  test('an approval for another plan, of an edited plan, expired, by oneself, by an unknown key is refused with the reason', async () => {
    await expectTests('test/runbooks/approvals.test.ts test/journeys/authority.test.ts test/escalation');
  });
});
