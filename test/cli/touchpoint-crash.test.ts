import { afterEach, expect, it } from 'vitest';

import { describeSweep, runCrashing, sweep } from '../support/crash.js';
import { everyNth, leastLeft, leastPoints, morePoints, thinned } from '../support/sweeps.js';
import { program } from './support/child.js';
import { openSyncWorkspace, type SyncWorkspace } from './support/sync-workspace.js';

let workspace: SyncWorkspace | undefined;
afterEach(async () => {
  await workspace?.close();
});

it('a test with steps that is killed at any request is cleaned up on both sides, copies that came later too', async () => {
  let left = 0;
  const inDir = (...words: readonly string[]) => {
    if (workspace === undefined) throw new Error('no world');
    return { args: [program, 'test', ...words, '--no-input'], cwd: workspace.dir, which: ['http'] as const };
  };
  const counted = (): readonly number[] => {
    if (workspace === undefined) return [];
    const { crm, map } = workspace.world;
    return [[...crm.truth().records('Contact')].length, [...map.truth().records('contacts')].length];
  };
  const report = await sweep({
    moments: ['before', 'after'],
    pick: everyNth(2, thinned(morePoints ? 3 : 1)),
    before: async () => {
      await workspace?.close();
      workspace = await openSyncWorkspace({ count: 6, deletes: false });
      return inDir('run', 'lifecycle');
    },
    after: async () => {
      // The sync carries what is there, whoever is gone.
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (counted().some((number) => number > 0)) left += 1;
      const cleaned = await runCrashing(inDir('cleanup'));
      // Of what was killed, more may arrive: it says so.
      expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(cleaned.stdout.includes('More may arrive') ? 3 : 0);
      expect(counted()).toEqual([0, 0]);
    },
  });
  console.log(describeSweep('test run with steps', report));
  expect(report.points).toBeGreaterThanOrEqual(leastPoints(11, 5));
  expect(left).toBeGreaterThanOrEqual(leastLeft);
}, 600_000);
