import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openPlatform } from '../../dist/connectors/index.js';
import { stageBadSync } from '../../dist/drills/index.js';
import { Redactor, systemClock } from '../../dist/lib/index.js';
import { applyRestore, planRestore, verifyRestore } from '../../dist/restores/index.js';
import { createSnapshot, openCatalog } from '../../dist/snapshots/index.js';
import { writeSampleWorkspace } from '../../dist/stages/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { loadWorkspace } from '../../dist/workspace/index.js';
import { main, run } from '../support.mjs';

const verdict = (ratio, reach) => (ratio <= reach ? 'reached' : 'MISSED');
const PER_10S = 40;

/**
 * Requests of the whole demo (snapshot, plan, restore, verify) against the least possible, and the wall time of a
 * restore under a limit.
 */
export async function measure() {
  const { stdout } = await run(process.execPath, [main, 'demo', '--no-input', '--json']);
  const { made, least, limited } = JSON.parse(stdout.trim().split('\n').at(-1)).data.requests;
  const rows = [
    {
      what: 'requests of a HubSpot snapshot, plan, restore and verification, 5,000 contacts',
      ours: `${made}, ${limited} refused by rate limits`,
      against: `least possible ${least}`,
      ratio: `${(made / least).toFixed(2)} ×`,
      reach: '≤ 1.02 ×',
      verdict: verdict(made / least, 1.02),
    },
  ];
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const story = await stageBadSync({ contacts: 6000, companies: 10, deals: 10, seed: 5 });
  try {
    await fetch(`${story.integration.url}/sync/pause`, { method: 'POST' });
    await writeSampleWorkspace(folder, { hubspot: story.sandbox.url, sync: story.integration.url, token: story.sandbox.token });
    const workspace = await loadWorkspace(folder);
    const store = openFileStore({ dir: workspace.stateDir, clock: systemClock, redactor: new Redactor() });
    const catalog = openCatalog({ dir: workspace.backupsDir, store, clock: systemClock });
    const open = (perTenSeconds) =>
      openPlatform(
        { ...workspace.config.platforms.hubspot, objects: ['contacts'], limits: { requests_per_10s: perTenSeconds } },
        { secret: () => Promise.resolve(story.sandbox.token), clock: systemClock, writes: 'private' },
      );
    const fast = await open(100);
    const snapshot = async () =>
      (await createSnapshot({ platforms: [fast], by: 'bench' }, { dir: workspace.backupsDir, store, clock: systemClock })).id;
    const base = await snapshot();
    for (const { id } of story.sandbox.records('contacts').slice(0, 4000))
      story.sandbox.writeAs({ type: 'INTEGRATION', id: '48621' }).update('contacts', id, { jobtitle: 'Overwritten' });
    const damaged = await snapshot();
    const filters = { suspects: ['INTEGRATION:48621'], unattributed: 'unknown', deleteCreated: false };
    const deps = { store, clock: systemClock, catalog, platform: fast, config: { ...workspace.config.restores, limits: {} } };
    const { header } = await planRestore({ base, damaged, filters, by: 'bench' }, deps);
    await fast.close();
    story.sandbox.setLimits({ per10s: PER_10S });
    const slow = await open(PER_10S);
    await systemClock.sleep(10_500);
    story.sandbox.resetCounts();
    const started = performance.now();
    const limitedDeps = { ...deps, platform: slow };
    await applyRestore({ plan: header.id, by: 'bench', confirmed: `sandbox:${header.counts.records}` }, limitedDeps);
    await verifyRestore(header.id, limitedDeps);
    const seconds = (performance.now() - started) / 1000;
    const counts = story.sandbox.counts();
    await slow.close();
    const floor = (counts.requests / PER_10S) * 10;
    rows.push({
      what: `wall time of a HubSpot restore and verification of ${header.counts.records.toLocaleString('en')} records under ${PER_10S} requests in 10 s`,
      ours: `${seconds.toFixed(1)} s, ${counts.limited} refused by rate limits`,
      against: `${counts.requests} calls ÷ limit ${floor.toFixed(1)} s`,
      ratio: `${(seconds / floor).toFixed(2)} ×`,
      reach: '≤ 1.05 ×',
      verdict: counts.limited > 0 ? 'MISSED' : verdict(seconds / floor, 1.05),
    });
  } finally {
    await story.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return rows;
}
