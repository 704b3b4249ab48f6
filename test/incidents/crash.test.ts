import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Incidents } from '../../src/incidents/index.js';
import { isRunbackError, Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, runCrashing, supportScript, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, thinned, withoutFlushes } from '../support/sweeps.js';
import { ESCALATION } from './support.js';

const built = existsSync(new URL('../../dist/incidents/index.js', import.meta.url));
if (!built) console.log('skipped: the crash sweep of incidents needs the build (npm run build)');

/** An incident of which a kill left no first line is none; one that cannot be read is a failure. */
const unlessMissing = (error: unknown): undefined => {
  if (!isRunbackError(error, 'not-found')) throw error;
};

interface Sent {
  readonly key: string;
  readonly kind: string;
  readonly to: string;
  readonly attempt: number;
}

/** Whom an undisturbed process tells, in the order of the keys. Times in keys are of no importance. */
const TOLD = [
  'alert lee@example.com',
  'alert maya@example.com',
  'alert ops',
  'alert env:MAYA_PHONE',
  'acknowledged ops',
  'resolved ops',
  'update-due maya@example.com',
].sort();

test.skipIf(!built)(
  'kill -9 at any operation of an incident from its opening to its end: everybody is told, nobody of what is over, and it ends',
  { timeout: 900_000 },
  async () => {
    const folder = await temporaryFolder();
    const policy = join(folder, 'policy.json');
    await writeFile(policy, JSON.stringify(ESCALATION));
    const rootOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`);
    const command = (root: string): { args: string[]; which: ['fs']; within: string[] } => ({
      args: [supportScript('incident-workload.cjs'), root, policy],
      which: ['fs'],
      within: [root],
    });
    let repeated = 0;
    const look = async (root: string): Promise<void> => {
      const sent = (await readFile(join(root, 'pages.log'), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Sent);
      const keys = [...new Map(sent.map((one) => [one.key, one])).values()];
      expect(keys.map(({ kind, to }) => `${kind} ${to}`).sort()).toEqual(TOLD);
      // Whoever is told twice is told under the same key, and that it may be a repetition.
      for (const [n, one] of sent.entries()) if (sent.slice(0, n).some(({ key }) => key === one.key)) expect(one.attempt).toBeGreaterThan(1);
      repeated += sent.length - keys.length;
      const store = openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() });
      const incidents = new Incidents({ store, clock: systemClock, escalation: undefined, outbox: undefined });
      expect(await incidents.listOpen()).toEqual([]);
      const ids = await incidents.list();
      const ended = await Promise.all(ids.map((id) => incidents.read(id).catch(unlessMissing)));
      expect(ended.filter((one) => one !== undefined).map(({ status, pages }) => [status, pages.every(({ state }) => state === 'accepted')])).toEqual(
        [['resolved', true]],
      );
      expect(await store.agenda('incidents').next()).toBeUndefined();
      expect(await store.list('pages')).toEqual([]);
    };
    const report = await sweep({
      moments: fullSweeps ? ['before', 'half', 'after'] : ['after'],
      pick: everyNth(10, (all) => thinned(1)(withoutFlushes(all))),
      before: (point) => command(rootOf(point)),
      after: async (point) => {
        const resumed = await runCrashing(command(rootOf(point)));
        expect(resumed.stderr).toBe('');
        expect(resumed.code).toBe(0);
        await look(rootOf(point));
      },
    });
    await look(rootOf({ n: 0, when: 'before' }));
    console.log(`${describeSweep('incidents', report)}; ${repeated} pages repeated`);
    expect(report.points).toBeGreaterThan(fullSweeps ? 100 : 3);
  },
);
