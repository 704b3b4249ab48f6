import { mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { restoreTable, runback, startPostgres } from '../support.mjs';

const CHANGES = Number(process.env.RUNBACK_BENCH_CHANGES ?? 200_000);
const REACH = 2.5;

/**
 * Where a journal of a restore holds `share` of its batches, in bytes, and the keys of the records in the batches
 * behind that place.
 */
async function cutAt(path, share) {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const intents = lines.flatMap((line, at) => (line.includes('"type":"batch.intent"') ? [at] : []));
  const from = intents[Math.floor(intents.length * share)];
  const keys = lines.slice(from).flatMap((line) => (line.includes('"type":"batch.intent"') ? JSON.parse(line).data.items.map(({ key }) => key) : []));
  return { bytes: Buffer.byteLength(`${lines.slice(0, from).join('\n')}\n`), keys };
}

/** Resuming a restore of which a tenth is left: what is done already costs as little as can be. */
export async function measure() {
  const what = `resume of the last tenth of ${CHANGES.toLocaleString('en')} changes`;
  const server = await startPostgres();
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  try {
    const restore = await restoreTable(server, folder, CHANGES, options);
    const journal = join(folder, '.runback/restores', restore, 'journal.ndjson');
    const whole = await readFile(journal);
    const { bytes, keys } = await cutAt(journal, 0.9);
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      // As if it had been killed there: its journal ends, and the rest of the table is damaged.
      await writeFile(journal, whole);
      await truncate(journal, bytes);
      await unlink(join(journal, '../journal.head')).catch(() => undefined);
      await server.query(`update people set first_name = 'Valued Customer' where id in (${keys.join()})`);
      times.push((await runback(folder, ['restore', 'resume', restore], options)).seconds);
    }
    const best = Math.min(...times);
    return [
      {
        what,
        ours: `${best.toFixed(2)} s`,
        against: `${keys.length.toLocaleString('en')} written`,
        ratio: '–',
        reach: `≤ ${REACH} s`,
        verdict: best <= REACH ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await server.stop();
    if (process.env.RUNBACK_BENCH_KEEP === undefined) await rm(folder, { recursive: true, force: true });
  }
}
