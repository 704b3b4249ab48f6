import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { command, expectTests, figure, full, told } from './support.js';

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

describe('issue 9', () => {
  test('all shipped drills, unattended, in under five minutes; each that is built to fail fails for its reason', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runback-drills-'));
    try {
      const { code, output, seconds } = await command(`node dist/runback.js drill run --all --report ${folder}`);
      expect(code, output.slice(-6000)).toBe(0);
      expect(seconds).toBeLessThan(MINUTES * 60);
      const { results } = JSON.parse(await readFile(join(folder, 'drills.json'), 'utf8')) as { readonly results: readonly Shown[] };
      const runbooks = new Map<string, { passing: number; failing: number }>();
      for (const { runbook, mustFail, checks, drill, faults } of results) {
        const id = mustFail === undefined ? runbook.id : drill.replace(/^fails-/u, '');
        const counted = runbooks.get(id) ?? { passing: 0, failing: 0 };
        runbooks.set(id, mustFail === undefined ? { ...counted, passing: counted.passing + 1 } : { ...counted, failing: counted.failing + 1 });
        for (const name of mustFail ?? []) expect(checks.find((check) => check.name === name)?.passed, `${drill}: ${name}`).toBe(false);
        const found = (name: string): string => checks.find((check) => check.name === name)?.found ?? '';
        told(
          `${faults.join(', ')} × ${runbook.id}`,
          `${drill}: ${mustFail === undefined ? `repaired ${found('repaired')}, innocent ${found('innocent_changed')}` : `fails ${mustFail.join(', ')}`}`,
        );
      }
      expect(runbooks.size).toBe(10);
      for (const [id, { passing, failing }] of runbooks) expect([passing >= 2, failing], id).toEqual([true, 1]);
      told('runback drill run --all', `${results.length} drills in ${seconds.toFixed(0)} s`);
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
    await expectTests('test/drills/faults test/drills/verdict test/drills/schedule test/cli/drill');
  });
});
