import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { seedMessy, startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { runback } from '../support.mjs';

const CONTACTS = Number(process.env.RUNBACK_BENCH_CONTACTS ?? 200_000);
const REACH = 0.2;

/** Requests of the snapshot of an ordinary day, 1 % of the records changed and some archived, against reading everything. */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const sandbox = await startHubSpotSandbox({
    limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 },
    seed: 5,
    searchLagMs: 200,
  });
  try {
    seedMessy(sandbox, { contacts: CONTACTS, companies: CONTACTS / 10, deals: CONTACTS / 10, seed: 5 });
    sandbox.catchUpSearch();
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  hubspot:\n    connector: hubspot\n    environment: sandbox\n    url: ${sandbox.url}\n    credentials: { token: env:BENCH_TOKEN }\n    objects: [contacts, companies, deals]\n    limits: { requests_per_10s: 100000 }\n    options: { search_lag: 1s }\nbackups: { jobs: { nightly: { platforms: [hubspot], incremental: true, read_all_every: 7d, watch: "off" } } }\n`,
    );
    const options = { env: { ...process.env, BENCH_TOKEN: sandbox.token } };
    const requests = async () => {
      sandbox.resetCounts();
      const { data } = await runback(folder, ['backup', 'run', 'nightly'], options);
      return { requests: sandbox.counts().requests, bases: data.jobs[0].snapshot.bases };
    };
    const all = await requests();
    const other = sandbox.writeAs({ type: 'INTEGRATION', id: '48621' });
    for (const object of ['contacts', 'companies', 'deals']) {
      const ids = sandbox.records(object).map(({ id }) => id);
      const field = object === 'deals' ? 'description' : 'city';
      for (let n = 0; n < ids.length; n += 100) other.update(object, ids[n], { [field]: `Changed ${n}` });
      for (let n = 50; n < ids.length; n += 5000) other.archive(object, ids[n]);
    }
    sandbox.catchUpSearch();
    const day = await requests();
    if (day.bases.length !== 1) throw new Error('the second snapshot builds on nothing');
    return [
      {
        what: `requests of the HubSpot snapshot of an ordinary day, 1 % of ${CONTACTS.toLocaleString('en')} contacts changed`,
        ours: String(day.requests),
        against: `reading everything ${all.requests}`,
        ratio: `${(day.requests / all.requests).toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: day.requests <= REACH * all.requests ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
