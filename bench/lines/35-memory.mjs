import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { seedMessy, startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { restoreTable, runback, startPostgres } from '../support.mjs';

const CONTACTS = Number(process.env.RUNBACK_BENCH_CONTACTS ?? 100_000);
const CHANGES = Number(process.env.RUNBACK_BENCH_CHANGES ?? 200_000);
const REACH_MB = 200;

const row = (what, peakMb) => ({
  what,
  ours: `${peakMb.toFixed(0)} MB`,
  against: '–',
  ratio: '–',
  reach: `≤ ${REACH_MB} MB`,
  verdict: peakMb <= REACH_MB ? 'reached' : 'MISSED',
});

/**
 * Peak memory of what holds the most: a HubSpot account with its links, and putting back every change of a large
 * restore.
 */
export async function measure() {
  return [await hubspotSnapshot(), await undo()];
}

async function hubspotSnapshot() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const sandbox = await startHubSpotSandbox({ limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 }, seed: 5 });
  try {
    seedMessy(sandbox, { contacts: CONTACTS, companies: CONTACTS / 10, deals: CONTACTS / 10, seed: 5 });
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  hubspot:\n    connector: hubspot\n    environment: sandbox\n    url: ${sandbox.url}\n    credentials: { token: env:BENCH_TOKEN }\n    objects: [contacts, companies, deals]\n    limits: { requests_per_10s: 100000 }\n`,
    );
    const options = { env: { ...process.env, BENCH_TOKEN: sandbox.token } };
    const { peakMb } = await runback(folder, ['snapshot', 'create', '--platform', 'hubspot'], options);
    return row(`memory of a HubSpot snapshot of ${CONTACTS.toLocaleString('en')} contacts with their links`, peakMb);
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function undo() {
  const what = `memory of the undo of ${CHANGES.toLocaleString('en')} changes`;
  const server = await startPostgres();
  if (server.missing) return { what, ours: '–', against: `missing: ${server.missing}`, ratio: '–', reach: '–', verdict: 'not measured' };
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  const options = { env: { ...process.env, BENCH_URL: server.url } };
  try {
    const restore = await restoreTable(server, folder, CHANGES, options);
    const { peakMb } = await runback(folder, ['restore', 'undo', restore], options);
    return row(what, peakMb);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
