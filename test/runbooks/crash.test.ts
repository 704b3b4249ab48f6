import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { verifyEvidence } from '../../src/runbooks/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, runCrashing, supportScript, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, withoutFlushes } from '../support/sweeps.js';

const built = existsSync(new URL('../../dist/runbooks/index.js', import.meta.url));
if (!built) console.log('skipped: the crash sweep of runs needs the build (npm run build)');

test.skipIf(!built)(
  'kill -9 at any operation of a run, then resume: the same end, and nothing is done twice (G1, G2)',
  { timeout: 900_000 },
  async () => {
    const folder = await temporaryFolder();
    const rootOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`);
    const command = (root: string): { args: string[]; which: ['fs']; within: string[] } => ({
      args: [supportScript('runbook-workload.cjs'), root],
      which: ['fs'],
      within: [root],
    });
    const report = await sweep({
      // Before one operation is after the one before it.
      moments: fullSweeps ? ['before', 'half', 'after'] : ['half', 'after'],
      // The whole of a run against a real server is swept without leaving out any:
      // test/journeys/support/sweep-calls.ts.
      pick: everyNth(6, withoutFlushes),
      before: (point) => command(rootOf(point)),
      after: async (point) => {
        const root = rootOf(point);
        const resumed = await runCrashing(command(root));
        expect(resumed.stderr).toBe('');
        expect(resumed.code).toBe(0);
        expect((await readdir(join(root, 'world'))).sort()).toEqual(['effects.log', 'last', 'made-by-put', 'more', 'put']);
        for (const made of ['made-by-put', 'more']) expect((await readFile(join(root, 'world', made), 'utf8')).trimEnd().split('\n')).toHaveLength(1);
        const { run } = JSON.parse(resumed.stdout) as { run: string };
        const store = openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() });
        const evidence = await verifyEvidence(store, run);
        expect(evidence).toMatchObject({ ok: true, closed: true, view: { state: 'succeeded' } });
      },
    });
    console.log(describeSweep('runs', report));
    expect(report.points).toBeGreaterThan(fullSweeps ? 40 : 4);
  },
);
