import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { command, expectTests, figure, full, root, told } from './support.js';

/** "Drill mode: failures staged in sandboxes, rollbacks proven": what it must show, as far as it is there. */

interface Shown {
  readonly drill: string;
  readonly passed: boolean;
  readonly mustFail?: readonly string[];
  readonly faults: readonly string[];
  readonly runbook: { readonly id: string };
  readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly found: string }[];
}

const MINUTES = 5;

/** Those that ship, but for those that lead through and write nothing: a drill of them would have nothing to prove. */
async function runbooksThatRestore(): Promise<readonly string[]> {
  const folder = join(root, 'runbooks');
  const restoring: string[] = [];
  for (const name of await readdir(folder))
    if ((await readFile(join(folder, name), 'utf8')).includes('action: restore.apply')) restoring.push(name.replace(/\.yml$/u, ''));
  return restoring;
}

describe('issue 9', () => {
  test('all shipped drills, unattended, in under five minutes; each that is built to fail fails for its reason', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runback-drills-'));
    try {
      const { code, output, seconds } = await command(`node dist/runback.js drill run --all --report ${folder}`);
      expect(code, output.slice(-6000)).toBe(0);
      const { results } = JSON.parse(await readFile(join(folder, 'drills.json'), 'utf8')) as { readonly results: readonly Shown[] };
      const passing = new Map<string, number>();
      for (const { runbook, mustFail, checks, drill, faults } of results) {
        if (mustFail === undefined) passing.set(runbook.id, (passing.get(runbook.id) ?? 0) + 1);
        for (const name of mustFail ?? []) expect(checks.find((check) => check.name === name)?.passed, `${drill}: ${name}`).toBe(false);
        const found = (name: string): string => checks.find((check) => check.name === name)?.found ?? '';
        told(
          `${faults.join(', ')} × ${runbook.id}`,
          `${drill}: ${mustFail === undefined ? `repaired ${found('repaired')}, innocent ${found('innocent_changed')}` : `fails ${mustFail.join(', ')}`}`,
        );
      }
      const shipped = await runbooksThatRestore();
      expect(shipped.length).toBeGreaterThanOrEqual(10);
      for (const id of shipped) {
        expect(passing.get(id), id).toBeGreaterThanOrEqual(2);
        expect(
          results.filter(({ drill, mustFail }) => drill === `fails-${id}` && mustFail !== undefined),
          id,
        ).toHaveLength(1);
      }
      told('runback drill run --all', `${results.length} drills in ${seconds.toFixed(0)} s`);
      // Last: what the machine has no part in is told on a busy one too.
      expect(seconds).toBeLessThan(MINUTES * 60);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('the same with kills, limits, partial and dropped answers at random points', async () => {
    const { output } = await expectTests('test/drills/disturbed.test.ts', full ? { RUNBACK_TEST_RUNS: '200' } : {});
    told(
      'disturbed drills',
      `${figure(output, /disturbed drills: (\d+) runs/u)} runs, ${figure(output, /(\d+) repaired after at most one resume/u)} repaired soon, ${figure(output, /(\d+) stops/u)} stops`,
    );
  });

  test('a drill from a real PostgreSQL snapshot, in a staging database, guarded and cleaned up', async () => {
    await expectTests('test/drills/staging test/stages');
  });

  test('every fault, the scorecard that can fail, the schedule', async () => {
    await expectTests('test/drills/faults test/drills/verdict test/drills/schedule test/drills/machinery test/drills/command');
  });

  test('a surprise at a real terminal, using only the screen', async () => {
    await expectTests('test/drills/guided-drill');
  });

  test('game days: an unanswered page, a missing permission and a missing key are findings with owners', async () => {
    await expectTests('test/drills/game-day test/drills/people test/incidents/drills');
  });

  test('the report in a real browser', async () => {
    await expectTests('test/drills/browser');
  });

  test.runIf(full)('each deliberate bug is caught by a drill (minutes: RUNBACK_TEST_FULL=1 only)', async () => {
    const { code, output, seconds } = await command('npm run drills:mutants');
    expect(code, output.slice(-6000)).toBe(0);
    told('npm run drills:mutants', `${figure(output, /(\d+ of \d+) caught/u)} caught in ${seconds.toFixed(0)} s`);
  });
});
