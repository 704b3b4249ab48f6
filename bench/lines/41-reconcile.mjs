import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { paired, peopleTable, root, run, runback, startPostgres } from '../support.mjs';

const ROWS = Number(process.env.RUNBACK_BENCH_ROWS ?? 1_000_000);
const REACH = { ratio: 1.5, memoryMb: 200 };
const FIELDS = ['first_name', 'last_name', 'phone', 'city', 'score', 'opted_out', 'born', 'notes'];

/** Two tables of one database, of which one row in ten thousand differs, from snapshots that are there. */
export async function measure() {
  const server = await startPostgres();
  const what = `reconcile ${ROWS.toLocaleString('en')} × ${ROWS.toLocaleString('en')} records, ${FIELDS.length} fields`;
  if (server.missing) return [{ what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  try {
    await server.query("alter database postgres set runback.environment = 'staging'");
    for (const table of ['ours', 'theirs']) await server.query(peopleTable(table, ROWS));
    await server.query('update theirs set phone = null where id % 10000 = 0');
    await writeFile(
      join(folder, 'runback.yml'),
      'version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.ours, public.theirs]\n',
    );
    await mkdir(join(folder, 'mappings'));
    await writeFile(
      join(folder, 'mappings', 'people.yml'),
      `version: 1\nid: people\nbetween: { a: db/public.ours, b: db/public.theirs }\nmatch: [{ a: email, b: email, as: email }]\nsettle: 0s\nfields:\n${FIELDS.map((field) => `  - { a: ${field}, b: ${field}, authority: a }\n`).join('')}`,
    );
    const { id, path } = (await runback(folder, ['snapshot', 'create', '--platform', 'db'], options)).data;
    return await against(folder, id, path, what, options);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function against(folder, id, path, what, options) {
  const peakMb = { ours: 0, theirs: 0 };
  let differences = 0;
  const { ours, theirs, ratio } = await paired(
    3,
    async () => {
      const found = await runback(folder, ['reconcile', 'run', 'people', '--snapshot', id], { ...options, expect: [2] });
      peakMb.ours = Math.max(peakMb.ours, found.peakMb);
      ({ differences } = found.data);
      return found.seconds;
    },
    async () => {
      const parsed = await run(process.execPath, [join(root, 'bench/parse-snapshot.mjs'), path]);
      peakMb.theirs = Math.max(peakMb.theirs, parsed.peakMb);
      return parsed.seconds;
    },
  );
  const verdict = (isReached) => (isReached ? 'reached' : 'MISSED');
  return [
    {
      what: `${what}, ${differences} differences found and confirmed`,
      ours: `${ours.toFixed(2)} s`,
      against: `reading and parsing both ${theirs.toFixed(2)} s`,
      ratio: `${ratio.toFixed(2)} ×`,
      reach: `≤ ${REACH.ratio} ×`,
      verdict: verdict(ratio <= REACH.ratio),
    },
    {
      what: 'its memory',
      ours: `${peakMb.ours.toFixed(0)} MB`,
      against: `reading and parsing both ${peakMb.theirs.toFixed(0)} MB`,
      ratio: '–',
      reach: `≤ ${REACH.memoryMb} MB`,
      verdict: verdict(peakMb.ours <= REACH.memoryMb),
    },
  ];
}
