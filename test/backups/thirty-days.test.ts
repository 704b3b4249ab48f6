import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { runBackupJob, jobOf } from '../../src/cli/flows/backups/backup-jobs.js';
import { Session } from '../../src/cli/session/session.js';
import type { CommandContext } from '../../src/cli/shell/command.js';
import { Interrupts } from '../../src/cli/shell/interrupts.js';
import { Live } from '../../src/cli/views/live/live.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { Redactor } from '../../src/lib/index.js';
import { seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { AccountDays, OBJECTS } from './support/account-days.js';
import { differences, digestOf, heldIn, truthOf } from './support/account-truth.js';
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

/** A run by schedule in a process of its own, as far as a clock of its own allows. */
async function runDue(dir: string, clock: StoryClock) {
  const interrupts = new Interrupts(
    () => {},
    () => undefined,
    () => {},
  );
  const session = await Session.open({
    folder: dir,
    cwd: dir,
    env: {},
    by: 'daemon',
    clock,
    redactor: new Redactor(),
    signal: interrupts.signal,
  });
  const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => clock.now() });
  const live = new Live({ mode: 'silent', clock, style, stream: process.stderr, emit: () => {}, log: () => {} });
  const context = { clock, interrupts, live, style, call: { signal: interrupts.signal, reporter: live } } as unknown as CommandContext;
  try {
    return await runBackupJob(context, session, jobOf(session, 'nightly'), true);
  } finally {
    await session.close();
  }
}

it(
  `thirty days of a job on HubSpot: every state reads back exactly, also with what its search and its lists do not show`,
  { timeout: 7_200_000 },
  async () => {
    const { clock, sandbox, dir } = await world();
    const days = new AccountDays(sandbox, clock, 11);
    const taken: { readonly id: string; readonly digest: string; readonly requests: number; readonly asked: number; readonly bytes: number }[] = [];
    const session = await Session.open({
      folder: dir,
      cwd: dir,
      env: {},
      by: 'maya',
      clock,
      redactor: new Redactor(),
      signal: new AbortController().signal,
    });
    const catalog = await session.catalog();
    const state = async (id: string) => {
      const reader = await catalog.open(id);
      try {
        return { held: await heldIn(reader, 'hubspot'), asked: reader.manifest.objects.filter(({ askedSince }) => askedSince !== undefined).length };
      } finally {
        await reader.close();
      }
    };
    for (let day = 1; day <= DAYS; day += 1) {
      days.live(day);
      const before = await runDue(dir, clock);
      expect(before.state).toBe('not-due');
      clock.moveTo(Date.parse((before as { readonly next: string }).next) + 2_500);
      days.lastMoment(day);
      const truth = truthOf(sandbox, OBJECTS);
      sandbox.resetCounts();
      const outcome = await runDue(dir, clock);
      if (outcome.state !== 'taken') throw new Error(`day ${String(day)}: ${JSON.stringify(outcome)}`);
      const { id, bytes } = outcome.snapshot;
      const { requests } = sandbox.counts();
      const { held, asked } = await state(id);
      expect({ day, differences: differences(held, truth) }).toEqual({ day, differences: [] });
      if (fullSweeps) console.log(`day ${String(day)}: ${String(requests)} requests, ${(bytes / 1e6).toFixed(1)} MB`);
      taken.push({ id, digest: digestOf(truth), requests, asked, bytes });
    }
    // After all of them, each still holds its own day.
    for (const { id, digest } of taken) {
      expect((await catalog.verify(id)).damage).toEqual([]);
      expect(digestOf((await state(id)).held)).toBe(digest);
    }
    await session.close();
    // The day of the import is no ordinary one.
    const askedDays = taken.filter(({ asked }, n) => asked === OBJECTS.length && n !== 10);
    console.log(
      `${String(DAYS)} days of ${String(CONTACTS)} contacts: ${String(askedDays.length)} days were asked only for changes, in ${String(Math.max(...askedDays.map(({ requests }) => requests)))} requests at most; ` +
        `all of it took ${String(taken[0]?.requests)}; ${(taken.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB, the first ${((taken[0]?.bytes ?? 0) / 1e6).toFixed(1)}`,
    );
    expect(askedDays.length).toBeGreaterThan(10);
    // Few records have more links than changes: what a day costs shows where there are many.
    if (CONTACTS > 50_000) expect(Math.max(...askedDays.map(({ requests }) => requests))).toBeLessThanOrEqual(0.2 * (taken[0]?.requests ?? 0));
  },
);
