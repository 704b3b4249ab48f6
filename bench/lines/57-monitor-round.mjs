// A whole round of monitors on a real store: measured (by a platform in memory), read, kept, judged, alerted. How long it takes, whether memory
// grows over ten thousand of them, whether the calls stay in the budget; and what counting the calls of every command costs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { CallCounts } from '../../dist/calls/index.js';
import { openPlatform } from '../../dist/connectors/index.js';
import { Incidents } from '../../dist/incidents/index.js';
import { Redactor, systemClock } from '../../dist/lib/index.js';
import { Monitoring, SeriesDays, stateOf } from '../../dist/monitors/index.js';
import { startHubSpotSandbox } from '../../dist/sandbox/index.js';
import { openFileStore } from '../../dist/store/index.js';
import { median } from '../support.mjs';

const DAYS = 400;
const HOUR_MS = 3_600_000;
const FIRST = Date.UTC(2026, 0, 5) / HOUR_MS;
const TICKS = 25;
const REACH_MS = 50;
const LONG = { series: 2, ticks: 10_000, growthMb: 4 };
const CALLS = { limit: 1000, days: 5 };
const COUNTED_READS = 150;

const usualOf = (series, hour) => 5 + (series % 3) * 60 + (hour % 24);

const monitorOf = (n) => ({
  name: `volume-${n}`,
  platforms: [`platform-${n % 4}`],
  syncs: [],
  everyMs: HOUR_MS,
  timezone: 'America/New_York',
  needs: [],
  stakes: 'flow',
  kind: 'volume',
  platform: `platform-${n % 4}`,
  object: 'contacts',
  event: 'created',
  baseline: 'weekly',
  page: ['drop'],
  note: ['surge'],
  limits: [],
});
const seriesOf = (n) => ({ monitor: `volume-${n}`, of: `platform-${n % 4}/contacts created` });

/** Monitors on a store of its own, over platforms in memory that count their calls. Time stands until it is moved. */
function world(series, budgets = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'runback-round-'));
  const time = { ms: (FIRST + DAYS * 24) * HOUR_MS + 90_000 };
  const clock = { now: () => new Date(time.ms), monotonicMs: () => time.ms, sleep: async () => {} };
  const store = openFileStore({ dir, clock, redactor: new Redactor() });
  const calls = { made: 0 };
  const platform = (name) => {
    let requests = 0;
    const ask = (answer) => {
      requests += 1;
      calls.made += 1;
      return Promise.resolve(answer);
    };
    const describe = async () => await ask({ objects: [{ object: 'contacts', keyFields: ['id'], fields: [] }], links: [] });
    const count = async ({ from }) => await ask(usualOf(Number(name.slice(9)), Math.floor(from.getTime() / HOUR_MS)));
    const connector = { kind: 'memory', describe, count, usage: () => ({ requests, retries: 0, limited: 0 }) };
    return { name, connector, close: async () => {} };
  };
  const monitoring = () =>
    new Monitoring({
      reach: {
        store,
        clock,
        call: {},
        openPlatform: async (name) => platform(name),
        lastRun: async () => undefined,
        paused: async () => new Set(),
        mappingDrift: async () => undefined,
        trial: async () => [],
      },
      watching: {
        monitors: Array.from({ length: series }, (_, n) => monitorOf(n)),
        calendar: [],
        alerts: { groupBy: ['platform'], inhibit: {}, holdMs: 6 * HOUR_MS, opens: 'incident', runbooks: {} },
      },
      budgets,
      telling: {
        incidents: new Incidents({ store, clock, escalation: undefined, outbox: undefined }),
        by: 'monitor',
        severities: undefined,
        syncs: {},
      },
      silences: async () => [],
      departures: async () => [],
    });
  return { time, store, calls, monitoring, end: () => rmSync(dir, { recursive: true, force: true }) };
}

async function rounds() {
  const { time, store, monitoring, end } = world(100);
  const days = new SeriesDays(store);
  for (let day = 0; day < DAYS; day += 1) {
    const measured = Array.from({ length: 100 }, (_, n) =>
      Array.from({ length: 24 }, (_, hour) => ({
        series: seriesOf(n),
        measurement: { kind: 'count', hour: FIRST + day * 24 + hour, value: usualOf(n, hour) },
      })),
    ).flat();
    await days.add(measured, new Date((FIRST + day * 24) * HOUR_MS));
  }
  const own = monitoring();
  const times = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    time.ms += HOUR_MS;
    const before = process.cpuUsage();
    await own.tick();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  await own.close();
  end();
  return { first: times[0], usual: median(times.slice(1)) };
}

async function memory() {
  // What is no longer used is no memory of theirs: without this it would be counted as it happens to lie about.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const { time, monitoring, end } = world(LONG.series);
  const own = monitoring();
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed / 1024 / 1024;
  };
  let early = 0;
  for (let tick = 0; tick < LONG.ticks; tick += 1) {
    time.ms += HOUR_MS;
    await own.tick();
    // By then a series holds as much as it ever does: eighteen weeks.
    if (tick === 18 * 168 + 100) early = heap();
  }
  const grown = heap() - early;
  await own.close();
  end();
  return grown;
}

async function budget() {
  const { time, store, calls, monitoring, end } = world(40, Object.fromEntries([0, 1, 2, 3].map((n) => [`platform-${n}`, CALLS.limit])));
  const own = monitoring();
  time.ms = Math.ceil(time.ms / (24 * HOUR_MS)) * 24 * HOUR_MS + 90_000;
  let worst = 0;
  for (let day = 0; day < CALLS.days; day += 1) {
    calls.made = 0;
    for (let hour = 0; hour < 24; hour += 1) {
      await own.tick();
      if (hour === 23) {
        const used = Object.values((await stateOf(store).read()).spent).reduce((sum, one) => sum + one.used, 0);
        worst = Math.max(worst, Math.abs(used - calls.made) / calls.made, Math.max(0, calls.made / (4 * CALLS.limit) - 1));
      }
      time.ms += HOUR_MS;
    }
  }
  await own.close();
  end();
  return worst;
}

/** What counting adds to a read of HubSpot on this machine, a page at a time: the least of a call, since the network is missing. */
async function counting() {
  const sandbox = await startHubSpotSandbox({ seed: 3, limits: { perDay: 10_000_000, per10s: 10_000_000 } });
  const config = {
    name: 'hubspot',
    connector: 'hubspot',
    environment: 'sandbox',
    account: sandbox.account,
    url: sandbox.url,
    credentials: { token: 'env:T' },
    limits: { requests_per_10s: 1_000_000 },
    options: {},
  };
  const counts = new CallCounts(() => new Date());
  const notes = [];
  const deps = { secret: async () => sandbox.token, clock: systemClock, folder: '.', environment: {}, redact: (text) => text, writes: 'never' };
  const platform = await openPlatform(config, { ...deps, calls: { note: (note) => notes.push(note) } });
  const [schema] = (await platform.connector.describe(['contacts'])).objects;
  notes.length = 0;
  const began = performance.now();
  for (let n = 0; n < COUNTED_READS; n += 1) for await (const batch of platform.connector.read({ schema, keys: ['1'] })) void batch;
  const callMs = (performance.now() - began) / COUNTED_READS;
  const perCall = notes.length / COUNTED_READS;
  const again = 200_000;
  const counted = performance.now();
  for (let n = 0; n < again; n += 1) counts.note(notes[n % notes.length]);
  const noteMs = (performance.now() - counted) / again;
  await platform.close();
  await sandbox.stop();
  return { share: (noteMs * perCall) / callMs, microseconds: noteMs * perCall * 1000, callMs };
}

export async function measure() {
  const { first, usual } = await rounds();
  const grown = await memory();
  const apart = await budget();
  const { share, microseconds, callMs } = await counting();
  const line = (what, ours, against, reach, isReached) => ({ what, ours, against, ratio: '–', reach, verdict: isReached ? 'reached' : 'MISSED' });
  const percent = (value) => `${(value * 100).toFixed(2)} %`;
  return [
    line(
      `a round of 100 series of ${DAYS} days: measured, kept on disk, judged, alerted; processor time`,
      `${usual.toFixed(0)} ms`,
      `the first of a process, which reads 18 weeks ${first.toFixed(0)} ms`,
      `≤ ${REACH_MS} ms`,
      usual <= REACH_MS,
    ),
    line(
      `memory after ${LONG.ticks.toLocaleString('en')} rounds of ${LONG.series} series, against ${(18 * 168 + 100).toLocaleString('en')}`,
      `${grown >= 0 ? '+' : '−'}${Math.abs(grown).toFixed(1)} MB`,
      '–',
      `≤ ${LONG.growthMb} MB`,
      grown <= LONG.growthMb,
    ),
    line(`calls of 40 series in ${CALLS.days} days: counted against made, and above the budget`, percent(apart), '–', '≤ 1 %', apart <= 0.01),
    line(
      'counting the calls of a command: of a read of one record on this machine',
      percent(share),
      `${microseconds.toFixed(1)} µs of ${callMs.toFixed(2)} ms`,
      '≤ 1 %',
      share <= 0.01,
    ),
  ];
}
