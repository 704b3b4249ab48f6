import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Incidents } from '../../../src/incidents/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { stateOf } from '../../../src/monitors/index.js';
import { openFileStore } from '../../../src/store/index.js';
import { describeSweep, runCrashing, supportScript, sweep } from '../../support/crash.js';
import { temporaryFolder } from '../../support/store.js';
import { everyNth, fullSweeps, isFlush, thinned, withoutFlushes } from '../../support/sweeps.js';

const built = existsSync(new URL('../../../dist/monitors/index.js', import.meta.url));
if (!built) console.log('skipped: the crash sweep of monitors needs the build (npm run build)');

test.skipIf(!built)(
  'kill -9 at any write of measuring and telling: one incident a group, none lost, each told once of what came after, and nothing is left to do',
  { timeout: fullSweeps ? 4 * 3_600_000 : 900_000 },
  async () => {
    const folder = await temporaryFolder();
    const rootOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`);
    const command = (root: string): { args: string[]; which: ['fs']; within: string[] } => ({
      args: [supportScript('monitor-workload.cjs'), root],
      which: ['fs'],
      within: [root],
    });
    const look = async (root: string): Promise<void> => {
      const store = openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() });
      const incidents = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
      const { incidents: all, unreadable } = await incidents.readAll(await incidents.list());
      expect(unreadable).toEqual([]);
      expect(all.map(({ platforms }) => platforms.join()).sort()).toEqual(['a', 'b']);
      for (const { timeline, noteKeys, found } of all) {
        expect(found?.monitors.length).toBeGreaterThan(0);
        expect(new Set(noteKeys).size).toBe(noteKeys.length);
        expect(timeline.filter(({ text }) => text.startsWith('All of it is well again'))).toHaveLength(1);
      }
      const state = await stateOf(store).read();
      expect(state?.pending).toEqual([]);
      expect(state?.alerts.open).toEqual([]);
    };
    const report = await sweep({
      // Before an operation is after the one before it, and a flush leaves nothing else: these are all places.
      moments: fullSweeps ? ['half', 'after'] : ['after'],
      pick: fullSweeps ? (all) => all.filter((operation) => !isFlush(operation)) : everyNth(4, (all) => thinned(1)(withoutFlushes(all))),
      before: (point) => command(rootOf(point)),
      after: async (point) => {
        const resumed = await runCrashing(command(rootOf(point)));
        expect(resumed.stderr).toBe('');
        expect(resumed.code).toBe(0);
        await look(rootOf(point));
      },
    });
    await look(rootOf({ n: 0, when: 'before' }));
    console.log(describeSweep('monitors', report));
    expect(report.points).toBeGreaterThan(fullSweeps ? 50 : 3);
  },
);
