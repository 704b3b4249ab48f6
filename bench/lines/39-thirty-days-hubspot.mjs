import { createWriteStream, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redactor, systemClock } from '../../dist/lib/index.js';
import { integration, seedMessy, startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { openCatalog } from '../../dist/snapshots/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { run, runback, which } from '../support.mjs';

const CONTACTS = Number(process.env.RUNBACK_BENCH_CONTACTS ?? 200_000);
const DAYS = Number(process.env.RUNBACK_BENCH_DAYS ?? 30);
const REACH = 0.15;
const FIELD = { contacts: 'city', companies: 'city', deals: 'description' };

/** What a day does: 1 % of the records get another value, some go, some are new. */
function live(sandbox, day) {
  const writer = sandbox.writeAs(integration('48621', 'Some tool'));
  for (const [object, field] of Object.entries(FIELD)) {
    const ids = sandbox.records(object).flatMap(({ id, archived }) => (archived ? [] : [id]));
    ids.forEach((id, n) => {
      if ((n * 7919 + day * 104_729) % 100 === 0) writer.update(object, id, { [field]: `Changed ${day} ${n % 31}` });
      else if ((n * 31 + day) % 4000 === 0) writer.archive(object, id);
    });
  }
  for (let n = 0; n < CONTACTS / 4000; n += 1)
    writer.create('contacts', { email: `new${n}-${day}@example.com`, firstname: 'New', lastname: 'Person' });
  sandbox.catchUpSearch();
}

/** Thirty snapshots of a job on HubSpot, in bytes, against a restic repository of the same lines. That each reads back exactly is for test/backups/thirty-days.test.ts. */
export async function measure() {
  const restic = which('restic');
  const what = `${DAYS} daily snapshots of ${CONTACTS.toLocaleString('en')} HubSpot contacts, 1 % changed a day`;
  if (restic === undefined)
    return [{ what, ours: '–', against: 'missing: restic is not installed', ratio: '–', reach: '–', verdict: 'not measured' }];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const sandbox = await startHubSpotSandbox({
    limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 },
    seed: 5,
    searchLagMs: 200,
  });
  const repository = join(folder, 'restic');
  const options = { env: { ...process.env, BENCH_TOKEN: sandbox.token, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(folder, 'cache') } };
  try {
    seedMessy(sandbox, { contacts: CONTACTS, companies: CONTACTS / 10, deals: CONTACTS / 10, seed: 5 });
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  hubspot:\n    connector: hubspot\n    environment: sandbox\n    url: ${sandbox.url}\n    credentials: { token: env:BENCH_TOKEN }\n    objects: [contacts, companies, deals]\n    limits: { requests_per_10s: 100000 }\n    options: { search_lag: 1s }\nbackups: { jobs: { nightly: { platforms: [hubspot], incremental: true, read_all_every: 7d, watch: "off" } } }\n`,
    );
    await run(restic, ['init', '--repo', repository, '--quiet'], { ...options, cwd: folder });
    for (let day = 0; day < DAYS; day += 1) {
      if (day > 0) live(sandbox, day);
      const { id } = (await runback(folder, ['backup', 'run', 'nightly'], options)).data.jobs[0].snapshot;
      await linesOf(folder, id, join(folder, 'account.ndjson'));
      await run(restic, ['backup', '--repo', repository, '--quiet', 'account.ndjson'], { ...options, cwd: folder });
    }
    const [ours, theirs] = [sizeOf(join(folder, 'backups')), sizeOf(repository)];
    const ratio = ours / theirs;
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    return [
      {
        what,
        ours: megabytes(ours),
        against: `restic ${megabytes(theirs)}`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: ratio <= REACH ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every line of a snapshot, records and links, in one file. */
async function linesOf(folder, id, to) {
  const store = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
  const reader = await openCatalog({ dir: join(folder, 'backups'), store, clock: systemClock }).open(id);
  const out = createWriteStream(to);
  for (const info of [...reader.manifest.objects, ...reader.manifest.links])
    for (const part of info.parts) if (!out.write(await reader.partBytes(info, part))) await new Promise((resolve) => out.once('drain', resolve));
  out.end();
  await new Promise((resolve) => out.once('close', resolve));
  await reader.close();
}

const sizeOf = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : statSync(path).size;
