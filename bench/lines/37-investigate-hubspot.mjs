import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { integration, seedMessy, startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { main, run, runback } from '../support.mjs';

const CONTACTS = Number(process.env.RUNBACK_BENCH_CONTACTS ?? 20_000);
const NIGHTS = 30;
const REACH = 0.5;
const DAY_MS = 86_400_000;

/** The n-th of all records, in an order that means nothing. */
const each = (ids, night, share) => ids.filter((_, n) => (n * 7919 + night * 104_729) % 100 < share);

/**
 * What happened on HubSpot: requests to find out, against those that reading the history of every changed record takes. A nightly job
 * writes points to a tenth of the contacts for a month and catches up with half of them after the base; a sync empties some
 * phones. That what was judged by a sample is said on the screen belongs to it.
 */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const sandbox = await startHubSpotSandbox({
    limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 },
    seed: 5,
    searchLagMs: 200,
  });
  const options = { env: { ...process.env, BENCH_TOKEN: sandbox.token } };
  try {
    const { contacts } = seedMessy(sandbox, { contacts: CONTACTS, companies: 10, deals: 10, seed: 5 });
    const points = sandbox.writeAs(integration('990', 'Points'));
    const sync = sandbox.writeAs(integration('48621', 'Some tool'));
    const now = Date.now();
    for (let night = NIGHTS; night > 0; night -= 1) {
      for (const id of each(contacts, night, 10))
        points.update('contacts', id, { loyalty_points: String((Number(id) * night) % 9973) }, now - night * DAY_MS);
      for (const id of each(contacts, night + 3, 1))
        sync.update('contacts', id, { phone: `+49 30 ${1_000_000 + ((Number(id) * night) % 8_999_999)}` }, now - night * DAY_MS + DAY_MS / 3);
    }
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  hubspot:\n    connector: hubspot\n    environment: sandbox\n    url: ${sandbox.url}\n    credentials: { token: env:BENCH_TOKEN }\n    objects: [contacts]\n    limits: { requests_per_10s: 100000 }\n    options: { search_lag: 1s }\n`,
    );
    const snapshot = async () => (await runback(folder, ['snapshot', 'create', '--platform', 'hubspot'], options)).data.id;
    const base = await snapshot();
    for (let night = 1; night <= 5; night += 1)
      for (const id of each(contacts, night, 10)) points.update('contacts', id, { loyalty_points: String((Number(id) * (night + 77)) % 9973) });
    for (const id of contacts.slice(0, CONTACTS / 50)) sync.update('contacts', id, { phone: '' });
    const damaged = await snapshot();
    const asked = async (...more) => {
      const before = sandbox.counts().requests;
      const found = await runback(folder, ['investigate', '--base', base, '--damaged', damaged, ...more], { ...options, expect: [0, 2] });
      return { requests: sandbox.counts().requests - before, data: found.data };
    };
    const [sampled, all] = [await asked(), await asked('--everything')];
    const damage = ({ data }) => data.groups.flatMap(({ verdict, cells }) => (verdict === 'damage' ? [cells] : [])).reduce((a, b) => a + b, 0);
    const screen = (
      await run(process.execPath, [main, '--workspace', folder, 'investigate', '--show', sampled.data.id], { ...options, expect: [0, 2] })
    ).stdout;
    const isSaid = /[\d,]+ cells were judged by a sample of theirs/u.test(screen.replaceAll(/\s+/gu, ' '));
    const ratio = sampled.requests / all.requests;
    const what = `investigate ${CONTACTS.toLocaleString('en')} HubSpot contacts, ${sampled.data.reading.changed.toLocaleString('en')} changed: requests`;
    const isReached = ratio <= REACH && damage(sampled) === damage(all) && damage(all) > 0;
    return [
      {
        what,
        ours: String(sampled.requests),
        against: `every history ${all.requests}`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×, the same damage`,
        verdict: isReached ? 'reached' : `MISSED (${damage(sampled)} and ${damage(all)} cells of damage)`,
      },
      {
        what: 'that it judged by a sample is on the screen',
        ours: isSaid ? `${sampled.data.reading.bySample.toLocaleString('en')} cells` : 'not said',
        against: '–',
        ratio: '–',
        reach: 'said',
        verdict: isSaid ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
