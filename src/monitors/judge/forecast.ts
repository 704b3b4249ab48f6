import { formatDuration, utcText } from '../../lib/index.js';
import type { ForecastSettings } from '../../workspace/index.js';
import type { SeriesEvent, SeriesHistory } from '../baseline/history.js';
import { medianOf } from '../baseline/order.js';
import { RULES } from '../baseline/rules.js';
import { HOUR_MS, WEEK_HOURS, WeekClock } from '../baseline/week-clock.js';
import type { Judgement } from '../types.js';
import { eventsUntil } from './events.js';

type Level = Extract<SeriesEvent, { kind: 'level' }>;
/** A level with what a forecast needs. */
interface Quota {
  readonly atMs: number;
  readonly value: number;
  readonly limit: number;
  readonly resetsMs: number;
}

/** What is more than usual in so many hours is believed to last for so many more: after that the day is as other days. */
const PACE_HOURS = 3;
const PACE_LASTS = 8;
/** Less time says nothing of a pace. */
const LEAST_PACE_MS = HOUR_MS / 2;
/** Without weeks, what is usual in an hour of the day is the median of so many days. */
const DAY_HOURS = 24;
const DAYS = 14;
const LEAST_DAYS = 4;
/** People are woken if it is so soon; before that it is told. */
const PAGE_WITHIN_MS = 8 * HOUR_MS;
/** Of this share, no second look is waited for. */
const NEARLY = 0.95;

/**
 * Whether the calls of a day are used up before the day ends: by what is usual, and for some hours by what the last ones had more. Two looks in a
 * row have to say so.
 */
export function judgeForecast(settings: ForecastSettings, history: SeriesHistory, at: Date): Judgement {
  const { series } = history;
  const levels = eventsUntil(history, at).filter((event) => event.kind === 'level');
  const latest = quotaOf(levels.at(-1));
  if (latest === undefined) return { series, state: 'learning', says: 'No limit is known yet.' };
  const facts = { series, found: latest.value, expected: latest.limit };
  const left = latest.limit - latest.value;
  const ends = endOf(settings, history, levels, at);
  const before = quotaOf(levels.at(-2)) === undefined ? undefined : endOf(settings, history, levels.slice(0, -1), at);
  const isCertain = ends !== undefined && (before !== undefined || latest.value >= latest.limit * NEARLY);
  const used = `${Math.round((100 * latest.value) / latest.limit)} % of the calls of the day are used`;
  if (!isCertain || ends >= latest.resetsMs || at.getTime() >= latest.resetsMs)
    return { ...facts, state: 'well', ...(ends === undefined ? {} : { lingers: true }), says: `${used}.` };
  const isSoon = ends - at.getTime() <= PAGE_WITHIN_MS;
  return {
    ...facts,
    state: 'wrong',
    finding: 'exhaustion',
    level: isSoon ? settings.level : 'note',
    since: new Date(latest.atMs).toISOString(),
    says:
      left <= 0
        ? `All calls of the day are used, ${formatDuration(latest.resetsMs - at.getTime())} before they are counted again.`
        : `${used}; the rest lasts until about ${utcText(new Date(ends), 'minute')}, ${formatDuration(latest.resetsMs - ends)} too short.`,
  };
}

function quotaOf(level: Level | undefined): Quota | undefined {
  if (level?.limit === undefined || level.resetsAt === undefined) return undefined;
  return { atMs: Date.parse(level.at), value: level.value, limit: level.limit, resetsMs: Date.parse(level.resetsAt) };
}

/** When the calls are used up; undefined where they last until they are counted from 0 again. */
function endOf(settings: ForecastSettings, history: SeriesHistory, levels: readonly Level[], at: Date): number | undefined {
  const quota = quotaOf(levels.at(-1));
  if (quota === undefined) return undefined;
  let left = quota.limit - quota.value;
  if (left <= 0) return quota.atMs;
  const usual = usualOf(settings, history, Math.floor(at.getTime() / HOUR_MS));
  const more = excessOf(levels, quota, usual);
  for (let from = quota.atMs; from < quota.resetsMs;) {
    const to = Math.min(quota.resetsMs, (Math.floor(from / HOUR_MS) + 1) * HOUR_MS);
    const isPaced = from < quota.atMs + PACE_LASTS * HOUR_MS;
    const perHour = usual(Math.floor(from / HOUR_MS)) + (isPaced ? more : 0);
    const used = (perHour * (to - from)) / HOUR_MS;
    if (used >= left) return from + (left / used) * (to - from);
    left -= used;
    from = to;
  }
  return undefined;
}

/** How many more calls an hour than usual there were in the last hours of this day: a batch that runs each night is not more. */
function excessOf(levels: readonly Level[], { atMs, value }: Quota, usual: (hour: number) => number): number {
  let earliest: Level | undefined;
  for (let i = levels.length - 2; i >= 0; i -= 1) {
    const level = levels[i];
    if (level === undefined || Date.parse(level.at) < atMs - PACE_HOURS * HOUR_MS || level.value > (earliest?.value ?? value)) break;
    earliest = level;
  }
  if (earliest === undefined) return 0;
  const fromMs = Date.parse(earliest.at);
  if (atMs - fromMs < LEAST_PACE_MS) return 0;
  const expected = usedBetween(fromMs, atMs, usual);
  return Math.max(0, ((value - earliest.value - expected) / (atMs - fromMs)) * HOUR_MS);
}

/** How much is used between two moments where each hour has its own pace. */
function usedBetween(fromMs: number, toMs: number, perHour: (hour: number) => number): number {
  let used = 0;
  for (let from = fromMs; from < toMs;) {
    const to = Math.min(toMs, (Math.floor(from / HOUR_MS) + 1) * HOUR_MS);
    used += (perHour(Math.floor(from / HOUR_MS)) * (to - from)) / HOUR_MS;
    from = to;
  }
  return used;
}

/** What is usual in an hour: the median of the same hour of the week, or while few weeks are known of the day. Nothing while few days are. */
function usualOf({ timezone }: ForecastSettings, { hours }: SeriesHistory, now: number): (hour: number) => number {
  const clock = WeekClock.of(timezone);
  const buffer = new Float64Array(Math.max(DAYS, RULES.weeks));
  const medianBack = (hour: number, stepHours: number, most: number, least: number): number | undefined => {
    const first = Math.max(1, Math.floor((hour - now) / stepHours) + 1);
    let n = 0;
    for (let back = first; back < first + most; back += 1) {
      const then = clock.back(hour, back * stepHours);
      const value = then >= now ? null : (hours?.values[then - hours.first] ?? null);
      if (value === null) continue;
      buffer[n] = value;
      n += 1;
    }
    return n < least ? undefined : medianOf(buffer, n);
  };
  return (hour) => medianBack(hour, WEEK_HOURS, RULES.weeks, RULES.leastWeeks) ?? medianBack(hour, DAY_HOURS, DAYS, LEAST_DAYS) ?? 0;
}
