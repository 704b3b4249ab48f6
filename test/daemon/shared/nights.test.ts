import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { Session } from '../../../src/cli/session/session.js';
import { readSchedule, setSchedule } from '../../../src/drills/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { type DayDocument, measuredOn } from '../../../src/monitors/series/day.js';
import { startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { freshUrl } from '../../store/postgres-support.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { seedOf } from '../../support/seeds.js';
import { temporaryFolder } from '../../support/store.js';
import { fullSweeps } from '../../support/sweeps.js';

/** A user would lose: a night's snapshot of a platform, a drill or a look at it; or the platform's limits to one that was taken twice. */

/** RUNBACK_TEST_FULL=1: a week of 200 platforms. */
const PLATFORMS = fullSweeps ? 200 : 12;
const NIGHTS = fullSweeps ? 7 : 2;
const DAEMONS = 3;
/** A second of the machine is so many of the clock, while the jobs run; between two nights it is set forward. */
const RATE = 30;
const FIRST_NIGHT = Date.parse('2026-10-24T01:59:50Z');
const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
/** A busy machine may take long over a night. */
const PATIENCE_MS = fullSweeps ? 1_800_000 : 600_000;
const TARGET_MS = 26 * HOUR_MS;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '200' } });
});
afterAll(() => server.stop());

const names = Array.from({ length: PLATFORMS }, (_, n) => `p${String(n).padStart(3, '0')}`);

async function workspace(url: string): Promise<string> {
  const dir = join(await temporaryFolder(), 'workspace');
  await mkdir(dir);
  const platforms: string[] = [];
  for (const [n, name] of names.entries()) {
    const sandbox = await startHubSpotSandbox({ seed: n + 1, limits: { per10s: 1_000_000, perDay: 1_000_000_000, searchPerSecond: 1_000_000 } });
    onTestFinished(async () => await sandbox.stop());
    await writeFile(join(dir, `token-${name}`), sandbox.token, { mode: 0o600 });
    platforms.push(
      `  ${name}: { connector: hubspot, environment: sandbox, url: "${sandbox.url}", credentials: { token: "file:token-${name}" }, objects: [contacts], limits: { requests_per_10s: 100000 } }`,
    );
  }
  const jobs = names.map((name) => `    ${name}: { platforms: [${name}], schedule: "0 2 * * *", timezone: UTC, target: 26h, watch: "off" }`);
  // No night is so long that one of them alerts: an incident would hold the jobs up.
  const monitors = names.map((name) => `  age-${name}: { backup: ${name}, above: 60h, every: 15m }`);
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1\nstore: env:RUNBACK_STORE_URL\nplatforms:\n${platforms.join('\n')}\nbackups:\n  jobs:\n${jobs.join('\n')}\nmonitors:\n${monitors.join('\n')}\n`,
  );
  for (const [variable, value] of Object.entries({ RUNBACK_STORE_URL: url, RUNBACK_TEST_DRILLS: join(dir, 'drills.log') })) {
    process.env[variable] = value;
    onTestFinished(() => void delete process.env[variable]);
  }
  return dir;
}

/** Numbers from 0 to 1 that a seed repeats. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Daemons as processes, of which each that was killed is started again. */
class Daemons {
  readonly #children: (ChildProcess | undefined)[] = [];
  readonly said: string[] = [];
  kills = 0;

  constructor(
    private readonly dir: string,
    private readonly clockFile: string,
  ) {}

  start(place: number): void {
    const child = spawn(process.execPath, [fileURLToPath(new URL('daemon-workload.mjs', import.meta.url)), this.dir, this.clockFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => void this.said.push(line));
    this.#children[place] = child;
  }

  async kill(place: number): Promise<void> {
    const child = this.#children[place];
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    this.kills += 1;
    this.start(place);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child === undefined || child.exitCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
        await ended;
        clearTimeout(late);
      }),
    );
  }
}

it(
  `${String(PLATFORMS)} platforms, ${String(NIGHTS)} nights, three daemons that are killed at random: each job ran each night, none twice, none late; drills and monitors ran too`,
  { timeout: 3_600_000 },
  async () => {
    const random = seeded(seedOf());
    const dir = await workspace(freshUrl(server, await server.createDatabase()));
    const clockFile = join(dir, 'clock.json');
    const setClock = async (at: number, rate: number): Promise<void> => await writeFile(clockFile, JSON.stringify({ at, since: Date.now(), rate }));
    // It stands still until each job was seen once: before that, none is due.
    await setClock(FIRST_NIGHT - HOUR_MS, 0);
    const session = await Session.open({
      folder: dir,
      cwd: dir,
      env: process.env,
      by: 'maya',
      clock: systemClock,
      redactor: new Redactor(),
      signal: new AbortController().signal,
    });
    onTestFinished(async () => await session.close());
    const states = async () =>
      await Promise.all(names.map(async (name) => await session.store.document<Record<string, never>>('backup-jobs', name).read()));
    await setSchedule(session.store, { every: '1d', drills: [], by: 'maya' }, new Date(FIRST_NIGHT - DAY_MS + 10_000));
    const drilledUntil = async (): Promise<number> => Date.parse((await readSchedule(session.store))?.next ?? '') - DAY_MS;
    /** Times of all that monitors measured, by series. */
    const measured = async (): Promise<ReadonlyMap<string, readonly number[]>> => {
      const all = new Map<string, number[]>();
      for (const day of await session.store.list('monitor-days')) {
        const document = await session.store.document<DayDocument>('monitor-days', day).read();
        for (const [key, some] of document === undefined ? [] : measuredOn(day, document))
          all.set(key, [...(all.get(key) ?? []), ...some.flatMap((one) => (one.kind === 'level' ? [Date.parse(one.at)] : []))]);
      }
      return all;
    };
    const isMeasured = async (since: number): Promise<boolean> => {
      const times = [...(await measured()).values()];
      return times.length === PLATFORMS && times.every((some) => some.some((at) => at >= since));
    };
    const daemons = new Daemons(dir, clockFile);
    onTestFinished(async () => await daemons.stop());
    for (let place = 0; place < DAEMONS; place += 1) daemons.start(place);
    const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
      for (const end = performance.now() + PATIENCE_MS; !(await isSo()); await new Promise((resolve) => setTimeout(resolve, 250)))
        if (performance.now() > end) throw new Error(`${what} did not come: ${daemons.said.slice(-20).join(' | ')}`);
    };
    await until('the first look', async () => (await states()).every((state) => state !== undefined));
    const late: number[] = [];
    for (let night = 0; night < NIGHTS; night += 1) {
      const due = FIRST_NIGHT + night * DAY_MS + 10_000;
      await setClock(due - 10_000, RATE);
      const killing = (async (): Promise<void> => {
        for (let n = 0; n < 3; n += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1000 + random() * (fullSweeps ? 12_000 : 5000)));
          await daemons.kill(Math.floor(random() * DAEMONS));
        }
      })();
      const whole = async (): Promise<readonly string[]> =>
        (await states()).map((state) => (state as { readonly whole?: { readonly startedAt: string } } | undefined)?.whole?.startedAt ?? '');
      await until(`night ${String(night + 1)}`, async () => (await whole()).every((at) => Date.parse(at) >= due));
      await until(`the drills of night ${String(night + 1)}`, async () => (await drilledUntil()) >= due);
      await until(`the measurements of night ${String(night + 1)}`, async () => await isMeasured(due));
      await killing;
      process.stdout.write(`night ${String(night + 1)}: ${String(daemons.kills)} kills so far\n`);
      late.push(Math.max(...(await whole()).map((at) => Date.parse(at) - due)));
    }
    const catalog = await session.catalog();
    const taken = new Map<string, number>();
    for (const { job, startedAt } of await catalog.list()) {
      const night = Math.floor((Date.parse(startedAt) - FIRST_NIGHT) / DAY_MS);
      const key = `${String(job)} ${String(night)}`;
      taken.set(key, (taken.get(key) ?? 0) + 1);
    }
    const wanted = names.flatMap((name) => Array.from({ length: NIGHTS }, (_, night) => `${name} ${String(night)}`));
    expect(
      wanted.filter((key) => !taken.has(key)),
      'not taken',
    ).toEqual([]);
    expect(
      [...taken].filter(([, times]) => times > 1),
      'taken twice',
    ).toEqual([]);
    expect(taken.size).toBe(PLATFORMS * NIGHTS);
    expect(Math.max(...late), 'latest').toBeLessThan(TARGET_MS);
    expect(daemons.kills).toBe(3 * NIGHTS);
    // One whose daemon was killed before it was written down runs once more, and no other does.
    const drills = (await readFile(join(dir, 'drills.log'), 'utf8')).split('\n').filter((line) => line.startsWith('ended')).length;
    expect(drills).toBeGreaterThanOrEqual(NIGHTS);
    expect(drills).toBeLessThanOrEqual(NIGHTS + daemons.kills);
    const looks = [...(await measured()).values()].flat().length;
    expect(daemons.said.filter((line) => line.startsWith('Scheduled work is not shared'))).toEqual([]);
    const by = daemons.said.filter((line) => line.startsWith('taken ')).length;
    process.stdout.write(
      `nights: ${String(taken.size)} snapshots (${String(by)} told), ${String(daemons.kills)} kills, the latest ${String(Math.round(Math.max(...late) / 60_000))} min after its time; ${String(drills)} rounds of drills, ${String(looks)} measurements of ${String(PLATFORMS)} monitors\n`,
    );
  },
);
