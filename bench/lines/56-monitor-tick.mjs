// What a tick of the monitors judges: a hundred volumes of 400 days, each an hour further, from what is kept of them; then their alerts.
import { Calendar, judgeSeries, nextAlerts, NO_ALERTS, remember } from '../../dist/monitors/index.js';
import { median } from '../support.mjs';

const SERIES = 100;
const DAYS = 400;
const HOUR_MS = 3_600_000;
const FIRST = Date.UTC(2026, 0, 5) / HOUR_MS;
const HOURS = DAYS * 24;
const TICKS = 15;
const REACH_MS = 50;
const ZONE = 'America/New_York';

/** A week with nights and weekends, and a third more or less by chance: the same in every run. */
function countOf(series, hour) {
  const [day, time] = [Math.floor(hour / 24) % 7, hour % 24];
  const usual = (5 + (series % 3) * 60) * (time > 7 && time < 20 ? 1.6 : 0.4) * (day > 4 ? 0.4 : 1);
  const chance = Math.abs(Math.sin(hour * 12.9898 + series * 78.233) * 43758.5453) % 1;
  return Math.round(usual * (0.7 + 0.6 * chance));
}

const monitorOf = (n) => ({
  name: `volume-${n}`,
  platforms: [`platform-${n % 4}`],
  syncs: [],
  everyMs: HOUR_MS,
  timezone: ZONE,
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

/** Milliseconds of processor time of a tick: one count more of each series, its judgement, and the alerts of all. */
export async function measure() {
  const monitors = Array.from({ length: SERIES }, (_, n) => monitorOf(n));
  const seriesOf = (n) => ({ monitor: `volume-${n}`, of: 'contacts' });
  let kept = monitors.map((_, n) =>
    remember(
      undefined,
      seriesOf(n),
      Array.from({ length: HOURS }, (_, i) => ({ kind: 'count', hour: FIRST + i, value: countOf(n, i) })),
    ),
  );
  const entries = [
    { is: 'quiet', timezone: ZONE, when: { kind: 'dates', from: '2026-12-24', to: '2027-01-01' } },
    { is: 'month-end', timezone: ZONE, when: { kind: 'month', day: 'last', minute: 0, forMs: 24 * HOUR_MS } },
    { is: 'webinar', timezone: ZONE, when: { kind: 'week', weekday: 3, minute: 840, forMs: 3 * HOUR_MS } },
  ];
  const settings = { monitors, alerts: { groupBy: ['platform'], inhibit: {}, holdMs: 6 * HOUR_MS, opens: 'nothing', runbooks: {} } };
  let state = NO_ALERTS;
  const times = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    const hour = HOURS + tick;
    const at = new Date((FIRST + hour + 1) * HOUR_MS);
    const before = process.cpuUsage();
    // As in a process that has just started: nothing of the calendar was looked up before.
    const context = { calendar: new Calendar(entries), departures: [] };
    kept = kept.map((history, n) => remember(history, seriesOf(n), [{ kind: 'count', hour: FIRST + hour, value: countOf(n, hour) }]));
    const judgements = kept.map((history, n) => judgeSeries(monitors[n], history, at, context));
    ({ state } = nextAlerts(state, judgements, { now: at, silences: [], settings }));
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const [first] = times;
  const usual = median(times.slice(1));
  return [
    {
      what: `a tick of ${SERIES} volumes of ${DAYS} days: counted, judged and alerted, without reading and writing; processor time`,
      ours: `${usual.toFixed(0)} ms`,
      against: `the first of a process ${first.toFixed(0)} ms`,
      ratio: '–',
      reach: `≤ ${REACH_MS} ms`,
      verdict: usual <= REACH_MS ? 'reached' : 'MISSED',
    },
  ];
}
