import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { paired, peopleTable, runback, startPostgres } from '../support.mjs';

const ROWS = Number(process.env.RUNBACK_BENCH_ROWS ?? 1_000_000);
const REACH = { ratio: 1.3, memoryMb: 200 };

/**
 * What happened to one PostgreSQL table, against the comparison of the same two snapshots: once one in a hundred rows is
 * changed, then one in five, with the snapshot of the first in between. How much memory the second may take is not set.
 */
export async function measure() {
  const server = await startPostgres();
  const what = `investigate, ${ROWS.toLocaleString('en')} records`;
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  const snapshot = async () => (await runback(folder, ['snapshot', 'create', '--platform', 'db'], options)).data.id;
  try {
    await server.query("alter database postgres set runback.environment = 'staging'");
    await server.query(peopleTable('big', ROWS));
    await writeFile(
      join(folder, 'runback.yml'),
      'version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.big]\n',
    );
    const base = await snapshot();
    const rows = [];
    for (const [percent, each] of [
      [1, 100],
      [20, 5],
    ]) {
      await server.query(`update big set phone = '' where id % ${each} = 0`);
      rows.push(...(await against(folder, base, await snapshot(), percent, options)));
    }
    return rows;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function against(folder, base, damaged, percent, options) {
  const peakMb = { ours: 0, theirs: 0 };
  const { ours, theirs, ratio } = await paired(
    3,
    async () => {
      const found = await runback(folder, ['investigate', '--platform', 'db', '--base', base, '--damaged', damaged], { ...options, expect: [2] });
      peakMb.ours = Math.max(peakMb.ours, found.peakMb);
      return found.seconds;
    },
    async () => {
      const compared = await runback(folder, ['diff', base, damaged], { ...options, expect: [2] });
      peakMb.theirs = Math.max(peakMb.theirs, compared.peakMb);
      return compared.seconds;
    },
  );
  const what = `investigate, ${ROWS.toLocaleString('en')} records, ${percent} % changed`;
  return [
    {
      what,
      ours: `${ours.toFixed(2)} s`,
      against: `runback diff ${theirs.toFixed(2)} s`,
      ratio: `${ratio.toFixed(2)} ×`,
      reach: `≤ ${REACH.ratio} ×`,
      verdict: ratio <= REACH.ratio ? 'reached' : 'MISSED',
    },
    {
      what: 'its memory',
      ours: `${peakMb.ours.toFixed(0)} MB`,
      against: `runback diff ${peakMb.theirs.toFixed(0)} MB`,
      ratio: '–',
      reach: percent > 1 ? '–' : `≤ ${REACH.memoryMb} MB`,
      verdict: percent > 1 ? '' : peakMb.ours <= REACH.memoryMb ? 'reached' : 'MISSED',
    },
  ];
}
