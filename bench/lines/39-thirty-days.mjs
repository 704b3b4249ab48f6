import { createWriteStream, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redactor, systemClock } from '../../dist/lib/index.js';
import { openCatalog } from '../../dist/snapshots/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { peopleTable, run, runback, startPostgres, which } from '../support.mjs';

const ROWS = Number(process.env.RUNBACK_BENCH_DAILY_ROWS ?? 200_000);
const DAYS = Number(process.env.RUNBACK_BENCH_DAYS ?? 30);
const REACH = 0.15;
const READ_REACH = 1.3;

/** What a day does: 1 % of the rows get another value, some go, some are new. */
const day = (n) => `
  update people set score = score + 1, updated_at = updated_at + interval '1 day' where (id * 7919 + ${n} * 104729) % 100 = 0;
  delete from people where (id * 31 + ${n}) % 4000 = 0;
  insert into people select ${ROWS} + ${n} * 100 + i, 'new' || i || '-${n}@example.com', 'New', 'Person', null, null, 'US', 0, false, null, now(), md5((${n} * 1000 + i)::text)
    from generate_series(1, 50) i;`;

/** Thirty snapshots of a job against a restic repository of the same lines; and each of the thirty read back. */
export async function measure() {
  const server = await startPostgres();
  const restic = which('restic');
  const what = `${DAYS} daily snapshots of ${ROWS.toLocaleString('en')} rows, 1 % changed a day`;
  const missing = server.missing ?? (restic === undefined ? 'restic is not installed' : undefined);
  if (missing) {
    await server.stop?.();
    return [{ what, ours: '–', against: `missing: ${missing}`, ratio: '–', reach: '–', verdict: 'not measured' }];
  }
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const options = { env: { ...process.env, BENCH_URL: server.url, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(folder, 'cache') } };
  const repository = join(folder, 'restic');
  try {
    await server.query("alter database postgres set runback.environment = 'staging'");
    await server.query(peopleTable('people', ROWS));
    await writeFile(
      join(folder, 'runback.yml'),
      'version: 1\nplatforms:\n  db:\n    connector: postgres\n    environment: staging\n    url: env:BENCH_URL\n    objects: [public.people]\nbackups: { jobs: { nightly: { platforms: [db], incremental: true, watch: "off" } } }\n',
    );
    await run(restic, ['init', '--repo', repository, '--quiet'], { ...options, cwd: folder });
    const digests = [];
    for (let n = 0; n < DAYS; n += 1) {
      if (n > 0) await server.query(day(n));
      const { id } = (await runback(folder, ['backup', 'run', 'nightly'], options)).data.jobs[0].snapshot;
      const whole = (await runback(folder, ['snapshot', 'create', '--platform', 'db'], options)).data;
      digests.push({ id, digest: await digestOf(folder, whole.id, options) });
      await linesOf(whole.path, join(folder, 'people.ndjson'));
      await run(restic, ['backup', '--repo', repository, '--quiet', 'people.ndjson'], { ...options, cwd: folder });
      await runback(folder, ['snapshot', 'delete', whole.id, '--confirm', `staging:${whole.rows}`], options);
    }
    let exact = 0;
    for (const { id, digest } of digests) {
      await runback(folder, ['snapshot', 'verify', id], options);
      if ((await digestOf(folder, id, options)) === digest) exact += 1;
    }
    const [ours, theirs] = [sizeOf(join(folder, 'backups')), sizeOf(repository)];
    const last = digests.at(-1).id;
    const first = digests[0].id;
    const [ofLast, ofFirst] = [[], []];
    for (let round = 0; round < 5; round += 1) {
      ofLast.push(await readSeconds(folder, last));
      ofFirst.push(await readSeconds(folder, first));
    }
    const [slow, fast] = [Math.min(...ofLast), Math.min(...ofFirst)];
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    const line = (name, mine, other, ratio, reach) => ({
      what: name,
      ours: mine,
      against: other,
      ratio: `${ratio.toFixed(2)} ×`,
      reach: `≤ ${reach} ×`,
      verdict: ratio <= reach ? 'reached' : 'MISSED',
    });
    return [
      {
        ...line(what, megabytes(ours), `restic ${megabytes(theirs)}`, ours / theirs, REACH),
        ...(exact < DAYS ? { verdict: `${exact} of ${DAYS} read back` } : {}),
      },
      line(
        `reading the last of them (${exact} of ${DAYS} read back exactly)`,
        `${slow.toFixed(2)} s`,
        `the first, which holds everything ${fast.toFixed(2)} s`,
        slow / fast,
        READ_REACH,
      ),
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function digestOf(folder, id, options) {
  return (await runback(folder, ['snapshot', 'show', id], options)).data.objects[0].digest;
}

async function linesOf(path, to) {
  const out = createWriteStream(to);
  const { spawn } = await import('node:child_process');
  const child = spawn('unzip', ['-p', path, 'data/*'], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.pipe(out);
  await new Promise((resolve) => out.once('close', resolve));
}

/** Seconds for reading every part of a snapshot, against its digests. */
async function readSeconds(folder, id) {
  const store = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
  const reader = await openCatalog({ dir: join(folder, 'backups'), store, clock: systemClock }).open(id);
  const started = performance.now();
  for (const info of reader.manifest.objects) for (const part of info.parts) await reader.partBytes(info, part);
  const seconds = (performance.now() - started) / 1000;
  await reader.close();
  return seconds;
}

const sizeOf = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : statSync(path).size;
