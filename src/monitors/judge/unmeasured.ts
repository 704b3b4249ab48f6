import { defined, utcText } from '../../lib/index.js';
import type { MonitorSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import { HOUR_MS } from '../baseline/week-clock.js';
import type { Judgement } from '../types.js';
import { eventsUntil } from './events.js';

/** So many looks in a row that give nothing are more than a hiccup. */
const LOOKS = 2;
/** What cannot be measured for so long is no longer only told. */
const PAGE_AFTER_MS = 6 * HOUR_MS;
/** A series is stale after so many of its turns, and this. */
const STALE_TURNS = 3;
const STALE_MS = 2 * HOUR_MS;

/** Whether nothing is known of a series now. `once`: the last look alone gave nothing, so that what was known before still counts. */
export function unmeasured(settings: MonitorSettings, history: SeriesHistory, at: Date): Judgement | 'once' | undefined {
  const events = eventsUntil(history, at);
  const last = events.findLastIndex(({ kind }) => kind !== 'unmeasured');
  const row = events.slice(last + 1).filter((event) => event.kind === 'unmeasured');
  const [first, latest] = [row[0], row.at(-1)];
  if (first === undefined || latest === undefined) return stale(settings, history, at);
  if (row.length < LOOKS) return 'once';
  const authorization = latest.authorization === true;
  const isLong = at.getTime() - Date.parse(first.at) >= PAGE_AFTER_MS;
  return {
    series: history.series,
    state: 'unmeasured',
    finding: authorization ? 'authorization' : 'unmeasured',
    level: authorization || isLong ? 'page' : 'note',
    since: first.at,
    ...defined({ platform: latest.platform }),
    says: `Cannot be measured since ${utcText(first.at, 'minute')}: ${latest.why}`,
  };
}

/** Nothing was measured for longer than its turns explain. Syncs need not run, so that nothing is expected of heartbeats and durations. */
function stale(settings: MonitorSettings, history: SeriesHistory, at: Date): Judgement | undefined {
  if (settings.kind === 'heartbeat' || settings.kind === 'duration') return undefined;
  const latest = latestMs(history, at);
  if (latest === undefined) return undefined;
  if (!isStale(settings, latest, at)) return undefined;
  const silentMs = at.getTime() - latest;
  const since = new Date(latest).toISOString();
  return {
    series: history.series,
    state: 'unmeasured',
    finding: 'unmeasured',
    level: silentMs >= STALE_TURNS * settings.everyMs + PAGE_AFTER_MS ? 'page' : 'note',
    since,
    says: `Nothing was measured since ${utcText(since, 'minute')}.`,
  };
}

/** Whether so much time has passed since something was measured, in milliseconds since the epoch, that nothing is known of it now. */
export const isStale = ({ everyMs }: Pick<MonitorSettings, 'everyMs'>, measuredMs: number, at: Date): boolean =>
  at.getTime() - measuredMs > STALE_TURNS * everyMs + STALE_MS;

/** When something was last measured, at a moment. */
function latestMs(history: SeriesHistory, at: Date): number | undefined {
  const { hours } = history;
  const event = eventsUntil(history, at).at(-1);
  const eventMs = event === undefined ? undefined : Date.parse(event.at);
  if (hours === undefined) return eventMs;
  let last = Math.min(hours.values.length, Math.floor(at.getTime() / HOUR_MS) - hours.first);
  while (last > 0 && (hours.values[last - 1] ?? null) === null) last -= 1;
  if (last <= 0) return eventMs;
  return Math.max((hours.first + last) * HOUR_MS, eventMs ?? 0);
}
