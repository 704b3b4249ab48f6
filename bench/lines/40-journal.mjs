import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Redactor, systemClock } from '../../dist/lib/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { median, root } from '../support.mjs';

/** One journaled step that does nothing (intent, outcome) against two fdatasync of the same disk; the 10,000th against the 10th. */
export async function measure() {
  const folder = await mkdtemp(join(root, '.bench-journal-'));
  try {
    const store = openFileStore({ dir: join(folder, 'state'), clock: systemClock, redactor: new Redactor() });
    const journal = await store.journal('runs', 'run-bench').open({ by: 'bench', holder: 'run-bench', purpose: 'benchmark' });
    const file = await open(join(folder, 'plain'), 'a');
    const line = Buffer.from(`${'x'.repeat(400)}\n`);
    const step = async (index) => {
      const started = performance.now();
      await journal.append({ by: 'bench', type: 'step.intent', step: 'nothing', attempt: index, data: { inputs: {}, effect: 'read' } });
      await journal.append({ by: 'bench', type: 'step.outcome', step: 'nothing', attempt: index, data: { state: 'succeeded', outputs: {} } });
      return performance.now() - started;
    };
    const plain = async () => {
      const started = performance.now();
      for (let i = 0; i < 2; i += 1) {
        await file.write(line);
        await file.datasync();
      }
      return performance.now() - started;
    };
    const [ours, theirs] = [[], []];
    for (let index = 0; index < 10_000; index += 1) {
      ours.push(await step(index));
      if (index < 300 || index >= 9_700) theirs.push(await plain());
    }
    await journal.close();
    await file.close();
    const early = median(ours.slice(0, 300));
    const late = median(ours.slice(-300));
    const base = median(theirs);
    const growth = late / early;
    const ratio = median(ours) / base;
    return [
      {
        what: 'one journaled step that does nothing',
        ours: `${median(ours).toFixed(2)} ms`,
        against: `two fdatasync ${base.toFixed(2)} ms`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: '≤ 1.5 ×',
        verdict: ratio <= 1.5 ? 'reached' : 'MISSED',
      },
      {
        what: 'the last 300 of 10,000 steps',
        ours: `${late.toFixed(2)} ms`,
        against: `the first 300 ${early.toFixed(2)} ms`,
        ratio: `${growth.toFixed(2)} ×`,
        reach: '≤ 1.15 ×',
        verdict: growth <= 1.15 ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
