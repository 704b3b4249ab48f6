import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { integration, seedMessy, startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { runback } from '../support.mjs';

const CONTACTS = Number(process.env.RUNBACK_BENCH_HISTORIES ?? 60_000);
/** What HubSpot keeps of a property of most object types. */
const ENTRIES = 20;
const REACH_MB = 200;
const DAY_MS = 86_400_000;

/**
 * What happened where every contact was emptied and every one has a long history: memory of the investigation, which must
 * not hold the histories.
 */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const sandbox = await startHubSpotSandbox({
    limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 },
    seed: 5,
    searchLagMs: 200,
  });
  const options = { env: { ...process.env, BENCH_TOKEN: sandbox.token }, expect: [0, 2] };
  try {
    const { contacts } = seedMessy(sandbox, { contacts: CONTACTS, companies: 10, deals: 10, seed: 5 });
    const sync = sandbox.writeAs(integration('48621', 'Some tool'));
    const now = Date.now();
    for (let entry = ENTRIES - 1; entry > 0; entry -= 1)
      contacts.forEach((id, n) =>
        sync.update(
          'contacts',
          id,
          { phone: `+49 30 ${1_000_000 + ((n * 7919 + entry * 104_729) % 8_999_999)}` },
          now - entry * DAY_MS - (n % 40_000) * 1000,
        ),
      );
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  hubspot:\n    connector: hubspot\n    environment: sandbox\n    url: ${sandbox.url}\n    credentials: { token: env:BENCH_TOKEN }\n    objects: [contacts]\n    limits: { requests_per_10s: 100000 }\n    options: { search_lag: 1s }\n`,
    );
    const snapshot = async () => (await runback(folder, ['snapshot', 'create', '--platform', 'hubspot'], options)).data.id;
    const base = await snapshot();
    for (const id of contacts) sync.update('contacts', id, { phone: '' });
    const damaged = await snapshot();
    const compared = await runback(folder, ['diff', base, damaged], options);
    const found = await runback(folder, ['investigate', '--base', base, '--damaged', damaged], options);
    const { reading, groups } = found.data;
    const damage = groups.reduce((sum, { verdict, cells }) => sum + (verdict === 'damage' ? cells : 0), 0);
    return [
      {
        what: `memory of investigating ${CONTACTS.toLocaleString('en')} emptied contacts with ${ENTRIES} entries each`,
        ours: `${found.peakMb.toFixed(0)} MB`,
        against: `runback diff ${compared.peakMb.toFixed(0)} MB`,
        ratio: '–',
        reach: `≤ ${REACH_MB} MB, ${CONTACTS.toLocaleString('en')} of damage`,
        verdict:
          found.peakMb <= REACH_MB && damage >= 0.98 * reading.changed
            ? 'reached'
            : `MISSED (${damage} of ${reading.changed}, ${found.seconds.toFixed(1)} s)`,
      },
    ];
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
