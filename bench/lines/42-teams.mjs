import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Redactor, systemClock } from '../../dist/lib/index.js';
import { openStore } from '../../dist/store/index.js';
import { median, root, startPostgres } from '../support.mjs';

const SAMPLE = 300;
const REACH = 1.5;

/** One durable line of a journal, and one change of a document, in a database on this machine against files on the same disk, in turn. */
export async function measure() {
  const server = await startPostgres();
  const what = 'a durable line in a database';
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(root, '.bench-teams-'));
  const options = { clock: systemClock, redactor: new Redactor() };
  const stores = [await openStore(server.url, options), await openStore(join(folder, 'state'), options)];
  try {
    const writers = await Promise.all(
      stores.map((store) => store.journal('runs', 'run-bench').open({ by: 'bench', holder: 'bench', purpose: 'bench' })),
    );
    const documents = stores.map((store) => store.document('notes', 'bench'));
    const timed = async (work) => {
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const line = async (n) =>
      await timed(async () => await writers[n].append({ by: 'bench', type: 'step.intent', data: { inputs: {}, effect: 'read' } }));
    const change = async (n) => await timed(async () => await documents[n].update((current) => ({ n: (current?.n ?? 0) + 1 })));
    const rows = [];
    for (const [name, work] of [
      [what, line],
      ['a change of a document in a database', change],
    ]) {
      const [ours, theirs] = [[], []];
      for (let n = 0; n < 20; n += 1) for (const one of [0, 1]) await work(one);
      for (let n = 0; n < SAMPLE; n += 1) {
        ours.push(await work(0));
        theirs.push(await work(1));
      }
      const ratio = median(ours) / median(theirs);
      rows.push({
        what: name,
        ours: `${median(ours).toFixed(2)} ms`,
        against: `in a file ${median(theirs).toFixed(2)} ms`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: ratio <= REACH ? 'reached' : 'MISSED',
      });
    }
    for (const writer of writers) await writer.close();
    return rows;
  } finally {
    for (const store of stores) await store.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
