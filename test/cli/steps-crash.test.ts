import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { describeSweep, runCrashing, sweep } from '../support/crash.js';
import { everyNth, leastLeft, leastPoints, thinned, withoutFlushes } from '../support/sweeps.js';
import { program } from './support/child.js';
import { type Census, openStepsWorkspace, type StepsTest, type StepsWorkspace } from './support/steps-workspace.js';

let workspace: StepsWorkspace | undefined;
afterEach(async () => {
  await workspace?.close();
  workspace = undefined;
});

// A user would lose: a person whom no test has made, or an account that is full of people whom nobody knows.
it.each(['import', 'copies', 'events', 'trigger'] as const satisfies readonly StepsTest[])(
  '%s: killed at any call or file operation, a clean-up leaves what was there before, an innocent twin too',
  async (test) => {
    let left = 0;
    let before: Census = {};
    const open = (): StepsWorkspace => {
      if (workspace === undefined) throw new Error('no world');
      return workspace;
    };
    const inDir = (...words: readonly string[]) => {
      const { dir } = open();
      return {
        args: [program, 'test', ...words, '--no-input'],
        cwd: dir,
        which: ['http', 'fs'] as const,
        within: [join(dir, '.runback')],
      };
    };
    const report = await sweep({
      moments: ['before', 'after'],
      pick: everyNth(12, (all) => thinned(1)(withoutFlushes(all))),
      before: async () => {
        await workspace?.close();
        workspace = await openStepsWorkspace();
        if (test === 'trigger') workspace.callOnGo();
        if (test === 'events') workspace.tellOfTasks();
        before = workspace.census();
        return inDir('run', test);
      },
      after: async () => {
        // The sync and the automation carry what is there, whoever is gone.
        open().world.work();
        open().world.work();
        if (JSON.stringify(open().census()) !== JSON.stringify(before)) left += 1;
        const cleaned = await runCrashing(inDir('cleanup'));
        // Of what was killed, more may arrive: it says so.
        expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(cleaned.stdout.includes('More may arrive') ? 3 : 0);
        expect(open().census()).toEqual(before);
      },
    });
    console.log(describeSweep(`test run ${test}`, report));
    expect(report.points).toBeGreaterThanOrEqual(leastPoints(21, 4));
    expect(left).toBeGreaterThanOrEqual(leastLeft);
  },
  3_600_000,
);
