import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { ApprovalPayload } from '../../src/escalation/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { verifyEvidence } from '../../src/runbooks/index.js';
import { openFileStore } from '../../src/store/index.js';
import { describeSweep, runCrashing, supportScript, sweep } from '../support/crash.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, fullSweeps, thinned } from '../support/sweeps.js';
import { dana, kim, signed, two } from './approval-stage.js';

const built = existsSync(new URL('../../dist/runbooks/index.js', import.meta.url));
if (!built) console.log('skipped: the crash sweep of approvals needs the build (npm run build)');

test.skipIf(!built)(
  'kill -9 at any operation between two approvals and what they allow: no approval is lost or counted twice',
  { timeout: 900_000 },
  async () => {
    const folder = await temporaryFolder();
    const now = Date.now();
    const payload = (by: string): ApprovalPayload => ({
      v: 1,
      of: 'a'.repeat(64),
      authority: 'approve-restore',
      by,
      at: new Date(now).toISOString(),
      expires: new Date(now + 3_600_000).toISOString(),
    });
    const given = join(folder, 'given.json');
    await writeFile(given, JSON.stringify({ file: two(), blocks: [signed(kim, payload('kim')), signed(dana, payload('dana'))] }));
    const rootOf = (point: { n: number; when: string }): string => join(folder, `${point.n}-${point.when}`);
    const command = (root: string): { args: string[]; which: ['fs']; within: string[] } => ({
      args: [supportScript('approval-workload.cjs'), root, given],
      which: ['fs'],
      within: [root],
    });
    const report = await sweep({
      moments: fullSweeps ? ['before', 'half', 'after'] : ['after'],
      pick: everyNth(4, thinned(1)),
      before: (point) => command(rootOf(point)),
      after: async (point) => {
        const root = rootOf(point);
        const resumed = await runCrashing(command(root));
        expect(resumed.stderr).toBe('');
        const { run } = JSON.parse(resumed.stdout) as { run: string };
        const store = openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() });
        const evidence = await verifyEvidence(store, run);
        expect(evidence).toMatchObject({ ok: true, closed: true, view: { state: 'succeeded' } });
        expect(evidence.approvals.map((one) => `${one.by} ${one.authenticated}`).sort()).toEqual(['dana true', 'kim true']);
        const effects = (await readFile(join(root, 'effects.log'), 'utf8')).trimEnd().split('\n');
        for (const line of effects) expect(line).toMatch(/(kim|dana) true, (kim|dana) true/u);
      },
    });
    console.log(describeSweep('approvals', report));
    expect(report.points).toBeGreaterThan(fullSweeps ? 20 : 2);
  },
);
