import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import type { SnapshotReader } from '../../src/snapshots/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { AccountDays, OBJECTS } from './support/account-days.js';
import { bytesIn, differences, heldIn, truthOf } from './support/account-truth.js';
import { moveToNextRun, openSession, runDue } from './support/scheduled-run.js';
import { StoryClock } from './support/story-clock.js';

/** A user would lose: the state of one of the last thirty days, or would get another one back than the platform held. */

const DAYS = 30;
/** RUNBACK_TEST_FULL=1: so many that an import of a day is more than one search gives; from 60,000 on it is. */
const CONTACTS = Number(process.env['RUNBACK_TEST_CONTACTS'] ?? (fullSweeps ? 200_000 : 1200));
/** What is written is found by a search only so much later. */
const LAG_MS = 20_000;
/** The clocks of Berlin are put back on 25 October 2026, at the very time of the job. */
const START = '2026-10-05T12:00:00Z';

const config = (url: string): string => `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    url: ${url}
    credentials: { token: file:token }
    objects: [${OBJECTS.join(', ')}]
    limits: { requests_per_10s: 100000 }
    options: { search_lag: ${LAG_MS / 1000}s }
backups:
  jobs:
    nightly: { platforms: [hubspot], schedule: "30 2 * * *", timezone: Europe/Berlin, incremental: true, read_all_every: 7d, watch: "off" }
`;

async function world() {
  const clock = new StoryClock(START);
  const sandbox = await startHubSpotSandbox({
    clock,
    seed: 5,
    searchLagMs: LAG_MS,
    shortSearchPageEvery: 3,
    limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 },
  });
  seedMessy(sandbox, { contacts: CONTACTS, companies: CONTACTS / 10, deals: CONTACTS / 10, seed: 5 });
  const dir = await mkdtemp(join(tmpdir(), 'runback-thirty-'));
  await writeFile(join(dir, 'token'), sandbox.token, { mode: 0o600 });
  await writeFile(join(dir, 'runback.yml'), config(sandbox.url));
  afterAll(async () => {
    await sandbox.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { clock, sandbox, dir };
}

/** Of this process, which holds the account too. */
const peakMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

it(
  `thirty days of a job on HubSpot: every state reads back exactly, also with what its search and its lists do not show`,
  { timeout: 7_200_000 },
  async () => {
    const { clock, sandbox, dir } = await world();
    const days = new AccountDays(sandbox, clock, 11);
    const taken: { readonly id: string; readonly read: string; readonly requests: number; readonly asked: number; readonly bytes: number }[] = [];
    const session = await openSession(dir, clock, 'maya');
    const catalog = await session.catalog();
    const opened = async <T>(id: string, work: (reader: SnapshotReader) => Promise<T>): Promise<T> => {
      const reader = await catalog.open(id);
      try {
        return await work(reader);
      } finally {
        await reader.close();
      }
    };
    const started = performance.now();
    const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);
    for (let day = 1; day <= DAYS; day += 1) {
      days.live(day);
      await moveToNextRun(dir, clock);
      days.lastMoment(day);
      const truth = truthOf(sandbox, OBJECTS);
      sandbox.resetCounts();
      const outcome = await runDue(dir, clock);
      if (outcome.state !== 'taken') throw new Error(`day ${String(day)}: ${JSON.stringify(outcome)}`);
      const { id, bytes } = outcome.snapshot;
      const { requests } = sandbox.counts();
      const hash = createHash('sha256');
      const { held, asked } = await opened(id, async (reader) => ({
        held: await heldIn(reader, 'hubspot', (part) => hash.update(part)),
        asked: reader.manifest.objects.filter(({ askedSince }) => askedSince !== undefined).length,
      }));
      expect({ day, differences: differences(held, truth) }).toEqual({ day, differences: [] });
      if (fullSweeps)
        console.log(
          `day ${String(day)}: ${String(requests)} requests, ${(bytes / 1e6).toFixed(1)} MB; ${seconds()} s, ${String(peakMb())} MB at most`,
        );
      taken.push({ id, read: hash.digest('hex'), requests, asked, bytes });
    }
    // After all of them, each still holds its own day: byte for byte what was compared with the account then.
    let exact = 0;
    for (const { id, read } of taken) {
      expect((await catalog.verify(id)).damage).toEqual([]);
      expect(await opened(id, bytesIn)).toBe(read);
      exact += 1;
    }
    await session.close();
    // The day of the import is no ordinary one.
    const askedDays = taken.filter(({ asked }, n) => asked === OBJECTS.length && n !== 10);
    console.log(
      `${String(DAYS)} days of ${String(CONTACTS)} contacts: ${String(exact)} read back exactly; ${String(askedDays.length)} days were asked only for changes, in ${String(Math.max(...askedDays.map(({ requests }) => requests)))} requests at most; ` +
        `all of it took ${String(taken[0]?.requests)}; ${(taken.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB, the first ${((taken[0]?.bytes ?? 0) / 1e6).toFixed(1)}; ` +
        `${seconds()} s, ${String(peakMb())} MB of memory at most`,
    );
    expect(askedDays.length).toBeGreaterThan(10);
    // Few records have more links than changes: what a day costs shows where there are many.
    if (CONTACTS > 50_000) expect(Math.max(...askedDays.map(({ requests }) => requests))).toBeLessThanOrEqual(0.2 * (taken[0]?.requests ?? 0));
  },
);
