import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { type Clock, Redactor, systemClock } from '../../../src/lib/index.js';
import { type MonitorState, SeriesDays, stateOf } from '../../../src/monitors/index.js';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import { seed } from '../../connectors/hubspot-support.js';
import { type Finished, jsonLines, runback } from './child.js';

type Measured = Parameters<SeriesDays['add']>[0][number];

export const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const PRELOAD = fileURLToPath(new URL('../../support/clock-preload.cjs', import.meta.url));
/** A Monday, a few minutes after the end of an hour. */
const START = '2026-03-02T10:05:00Z';

/** What a command came to, with the object that `--json` printed last. */
export interface Ran extends Finished {
  /** Both streams, as a terminal shows them. */
  readonly screen: string;
  readonly error: { readonly code?: string; readonly message?: string; readonly why?: string; readonly state?: string; readonly next?: string };
  readonly data: unknown;
}

/** A workspace with monitors over an account of HubSpot, and a clock that all its processes share. Gone with the test. */
export interface MonitorWorld {
  readonly dir: string;
  readonly sandbox: HubSpotSandbox;
  readonly store: Store;
  now(): Date;
  /** Also of every process that starts after it. */
  forward(ms: number): void;
  /** What a process needs to have the clock of this world. */
  readonly env: () => Record<string, string>;
  /** A command as a process of its own, without a terminal, at 80 columns. */
  run(...args: readonly string[]): Promise<Ran>;
  /** The same with `--json`. */
  json(...args: readonly string[]): Promise<Ran>;
  write(path: string, text: string): Promise<void>;
  /** Replaces everything below the platforms and syncs of runback.yml. */
  watch(yaml: string): Promise<void>;
  /** The sync `feed` ran and ended now. */
  ran(records?: number): Promise<void>;
  /** So many weeks of a flow that is busy in office hours, up to now or so many hours before now; nothing after. */
  past(series: { readonly monitor: string; readonly of: string }, weeks: number, stoppedHours?: number): Promise<void>;
  create(n: number): void;
  state(): Promise<MonitorState | undefined>;
}

/** `watching`: monitors, calendar and alerts of runback.yml. */
export async function openMonitorWorld(watching: string, more: { readonly limits?: string; readonly start?: string } = {}): Promise<MonitorWorld> {
  let offset = Date.parse(more.start ?? START) - Date.now();
  const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + offset) };
  const sandbox = await startHubSpotSandbox({ clock });
  const dir = await mkdtemp(join(tmpdir(), 'runback-monitors-'));
  onTestFinished(async () => {
    await sandbox.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text, { mode: 0o600 });
  };
  const watch = async (yaml: string): Promise<void> => await write('runback.yml', `${head(sandbox, more.limits)}${yaml}\n`);
  const store = openFileStore({ dir: join(dir, '.runback'), clock, redactor: new Redactor() });
  const env = (): Record<string, string> => ({
    NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`,
    RUNBACK_TEST_CLOCK_MS: String(offset),
    COLUMNS: '80',
  });
  const run = async (...args: readonly string[]): Promise<Ran> => {
    const ended = await runback([...args, '--no-input'], { cwd: dir, env: env() });
    const last = args.includes('--json') ? jsonLines(ended.stdout).at(-1) : undefined;
    return { ...ended, screen: `${ended.stdout}${ended.stderr}`, error: (last?.['error'] ?? {}) as Ran['error'], data: last?.['data'] };
  };
  await write('token', sandbox.token);
  await write('last-run.json', '{ "ended": null, "began": null, "records": null }');
  await watch(watching);
  let made = 0;
  return {
    dir,
    sandbox,
    store,
    now: () => clock.now(),
    forward: (ms) => void (offset += ms),
    env,
    run,
    json: async (...args) => await run(...args, '--json'),
    write,
    watch,
    ran: async (records = 12) => {
      const [began, ended] = [new Date(clock.now().getTime() - 2 * MINUTE_MS), clock.now()].map((at) => at.toISOString());
      await write('last-run.json', JSON.stringify({ began, ended, records }));
    },
    past: async (series, weeks, stoppedHours = 0) =>
      await new SeriesDays(store).add(officeHours(series, clock.now(), weeks, stoppedHours), clock.now()),
    create: (n) =>
      void seed(
        sandbox,
        'contacts',
        Array.from({ length: n }, () => ({ email: `a${String((made += 1))}@example.com` })),
      ),
    state: async () => await stateOf(store).read(),
  };
}

const head = ({ portalId, url }: HubSpotSandbox, limits = '{ monitor_calls_per_day: 500 }'): string => `version: 1
platforms:
  crm: { connector: hubspot, environment: sandbox, account: "${String(portalId)}", url: "${url}", credentials: { token: file:token }, objects: [contacts], limits: ${limits} }
syncs:
  feed:
    title: Contacts from the website
    controller: command
    writes_to: [crm]
    status: { run: [cat, last-run.json], paused: "false", last_run: { ended: json.ended, began: json.began, records: json.records } }
    pause: { run: ["true"] }
    resume: { run: ["true"] }
`;

/** 40 an hour from 8 to 18 from Monday to Friday, a few at other times; always the same. */
function officeHours(series: Measured['series'], now: Date, weeks: number, stoppedHours: number): readonly Measured[] {
  const end = Math.floor(now.getTime() / HOUR_MS);
  const hours = Array.from({ length: weeks * 168 }, (_, n) => end - weeks * 168 + n);
  return hours.map((hour) => {
    const at = new Date(hour * HOUR_MS);
    const isBusy = at.getUTCDay() % 6 !== 0 && at.getUTCHours() >= 8 && at.getUTCHours() < 18;
    const usual = isBusy ? 40 : 6;
    return { series, measurement: { kind: 'count', hour, value: hour >= end - stoppedHours ? 0 : usual + ((hour * 7919) % 5) - 2 } };
  });
}
