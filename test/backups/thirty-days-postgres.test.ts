import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { startPostgres } from '../support/postgres.js';
import { fullSweeps } from '../support/sweeps.js';
import { differences, digestOf } from './support/account-truth.js';
import { DatabaseDays } from './support/database-days.js';
import { rowsHeld, rowsIn } from './support/database-truth.js';
import { moveToNextRun, openSession, runDue } from './support/scheduled-run.js';
import { StoryClock } from './support/story-clock.js';

/** A user would lose: the state of one of the last thirty days, or would get another one back than the database held. */

const DAYS = 30;
/** RUNBACK_TEST_FULL=1: so many that each table lies in many parts. */
const ROWS = Number(process.env['RUNBACK_TEST_ROWS'] ?? (fullSweeps ? 200_000 : 6000));
/** The clocks of Berlin are put back on 25 October 2026, at the very time of the job. */
const START = '2026-10-05T12:00:00Z';

const CONFIG = `version: 1
platforms:
  warehouse:
    connector: postgres
    environment: sandbox
    url: file:database-url
    objects: [public.people, public.visits]
backups:
  jobs:
    nightly: { platforms: [warehouse], schedule: "30 2 * * *", timezone: Europe/Berlin, incremental: true, watch: "off" }
`;

/** A database with its first rows, a workspace that backs it up, and two clients beside it. */
async function world() {
  const server = await startPostgres();
  const name = await server.createDatabase();
  const [client, other] = [await server.connect(name), await server.connect(name)];
  const days = new DatabaseDays(client, ROWS);
  await days.begin();
  const dir = await mkdtemp(join(tmpdir(), 'runback-thirty-'));
  await writeFile(join(dir, 'database-url'), server.url(name), { mode: 0o600 });
  await writeFile(join(dir, 'runback.yml'), CONFIG);
  afterAll(async () => {
    for (const one of [client, other]) await one.end();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { client, other, days, dir, clock: new StoryClock(START) };
}

it(
  'thirty days of a job on PostgreSQL: every state reads back exactly, whatever happened to rows, columns and tables in between',
  { timeout: 7_200_000 },
  async () => {
    const { client, other, days, dir, clock } = await world();
    const session = await openSession(dir, clock, 'maya');
    const catalog = await session.catalog();
    const held = async (id: string) => {
      const reader = await catalog.open(id);
      try {
        return await rowsHeld(reader);
      } finally {
        await reader.close();
      }
    };
    const taken: { readonly id: string; readonly digest: string; readonly bases: number; readonly bytes: number }[] = [];
    for (let day = 1; day <= DAYS; day += 1) {
      await days.live(day);
      await moveToNextRun(dir, clock);
      const late = await days.open(other, day);
      const truth = await rowsIn(client);
      const outcome = await runDue(dir, clock);
      if (outcome.state !== 'taken') throw new Error(`day ${String(day)}: ${JSON.stringify(outcome)}`);
      await late.commit();
      const { id, bytes, bases } = outcome.snapshot;
      expect({ day, differences: differences(await held(id), truth) }).toEqual({ day, differences: [] });
      if (fullSweeps) console.log(`day ${String(day)}: ${(bytes / 1e6).toFixed(1)} MB, on ${String(bases.length)} others`);
      taken.push({ id, digest: digestOf(truth), bases: bases.length, bytes });
    }
    // After all of them, each still holds its own day.
    let exact = 0;
    for (const { id, digest } of taken) {
      expect((await catalog.verify(id)).damage).toEqual([]);
      expect(digestOf(await held(id))).toBe(digest);
      exact += 1;
    }
    await session.close();
    const building = taken.filter(({ bases }) => bases > 0).length;
    console.log(
      `${String(DAYS)} days of ${String(ROWS)} rows: ${String(exact)} read back exactly, ${String(building)} build on others; ` +
        `${(taken.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB, the first ${((taken[0]?.bytes ?? 0) / 1e6).toFixed(1)}`,
    );
    // Most hold only what changed, and chains begin anew.
    expect(building).toBeGreaterThan(20);
    expect(new Set(taken.map(({ digest }) => digest)).size).toBe(DAYS);
  },
);
