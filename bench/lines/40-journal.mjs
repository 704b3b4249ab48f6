import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Redactor, systemClock } from '../../dist/lib/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { median, root } from '../support.mjs';

const LINES = 100_000;
const SAMPLE = 400;

/**
 * One durable line of a journal against what a disk needs for one: a write and an fdatasync, in turn on the same disk;
 * and the 100,000th line against the 100th. Those between are written without waiting for the disk, which changes
 * nothing for those that are measured.
 */
export async function measure() {
  const folder = await mkdtemp(join(root, '.bench-journal-'));
  try {
    const store = openFileStore({ dir: join(folder, 'state'), clock: systemClock, redactor: new Redactor() });
    const journal = await store.journal('runs', 'run-bench').open({ by: 'bench', holder: 'run-bench', purpose: 'benchmark' });
    const file = await open(join(folder, 'plain'), 'a');
    const plainLine = Buffer.from(`${'x'.repeat(400)}\n`);
    const entry = (index) => ({ by: 'bench', type: 'step.intent', step: 'nothing', attempt: index, data: { inputs: {}, effect: 'read' } });
    const timed = async (work) => {
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const ours = async (index) => await timed(async () => await journal.append(entry(index)));
    const theirs = async () =>
      await timed(async () => {
        await file.write(plainLine);
        await file.datasync();
      });
    let index = 1;
    for (; index < 100; index += 1) await ours(index);
    const [early, late, base] = [[], [], []];
    for (; early.length < SAMPLE; index += 1) {
      early.push(await ours(index));
      base.push(await theirs());
    }
    for (; index < LINES - SAMPLE; index += 1) await journal.append(entry(index), { durable: false });
    await ours(index);
    for (; late.length < SAMPLE; index += 1) {
      late.push(await ours(index));
      base.push(await theirs());
    }
    await journal.close();
    await file.close();
    const ratio = median([...early, ...late]) / median(base);
    // Disks have good and bad minutes: each of the two is compared with what the same disk needed in between.
    const growth = median(late) / median(base.slice(SAMPLE)) / (median(early) / median(base.slice(0, SAMPLE)));
    const line = (what, mine, against, value, reach) => ({
      what,
      ours: `${mine.toFixed(2)} ms`,
      against,
      ratio: `${value.toFixed(2)} ×`,
      reach: `≤ ${reach} ×`,
      verdict: value <= reach ? 'reached' : 'MISSED',
    });
    return [
      line('two durable lines of a journal', 2 * median([...early, ...late]), `two fdatasync ${(2 * median(base)).toFixed(2)} ms`, ratio, 1.25),
      line(`the last ${SAMPLE} of 100,000 lines`, median(late), `${SAMPLE} from the 100th on ${median(early).toFixed(2)} ms`, growth, 1.1),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
