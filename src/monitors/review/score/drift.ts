import { formatDuration } from '../../../lib/index.js';
import { median } from './chance.js';
import type { Course, ReviewFinding } from './types.js';

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** Fewer days with values tell no trend. */
const LEAST_DAYS = 21;
/** Days that are looked back. */
const MOST_DAYS = 70;
/** A slower change is none that anybody has to know of. */
const LEAST_A_WEEK = 0.01;
/** Mann-Kendall, after what one day tells of the next was taken into account. */
const LEAST_SCORE = 5.2;
/** A limit that is farther away is not spoken of. */
const FAR_WEEKS = 26;

interface Day {
  readonly day: number;
  readonly log: number;
}

/** What grows week by week: by the medians of days, without what the day of the week makes. Undefined where nothing does. Pure. */
export function driftOf(course: Course, to: Date): ReviewFinding | undefined {
  const days = withoutWeekdays(daysOf(course, to));
  if (days.length < LEAST_DAYS) return undefined;
  const aWeek = Math.expm1(slopeOf(days) * WEEK_DAYS);
  if (aWeek < LEAST_A_WEEK || scoreOf(days) < LEAST_SCORE) return undefined;
  const now = median(days.slice(-WEEK_DAYS).map(({ log }) => Math.exp(log)));
  const { name, unit, limit, latest } = course;
  const shown = (value: number): string => (unit === 'ms' ? formatDuration(roundMs(value)) : String(Math.round(value)));
  const weeks = limit === undefined || limit <= now ? undefined : Math.log(limit / now) / Math.log1p(aWeek);
  const reaches =
    weeks === undefined || weeks > FAR_WEEKS ? '' : ` At this rate it reaches ${shown(limit ?? 0)} in ${String(Math.round(weeks))} weeks.`;
  return {
    kind: 'drift',
    subject: name,
    says: `${name} grows by ${(aWeek * 100).toFixed(1)} % a week: ${shown(now)} now.${reaches}`,
    aWeek,
    ...(latest !== undefined && { example: { time: course.points.at(-1)?.at ?? to.toISOString(), correlationId: latest } }),
  };
}

const roundMs = (value: number): number => (value >= 10_000 ? Math.round(value / 1000) * 1000 : Math.round(value));

function daysOf({ points }: Course, to: Date): readonly Day[] {
  const last = Math.floor(to.getTime() / DAY_MS);
  const byDay = new Map<number, number[]>();
  for (const { at, value } of points) {
    const day = Math.floor(Date.parse(at) / DAY_MS);
    if (value <= 0 || day >= last || day < last - MOST_DAYS) continue;
    byDay.set(day, [...(byDay.get(day) ?? []), value]);
  }
  return [...byDay].map(([day, values]) => ({ day, log: Math.log(median(values)) })).sort((a, b) => a.day - b.day);
}

/** What a Monday has that other days have not is no trend; where the whole is short, all days count as alike. */
function withoutWeekdays(days: readonly Day[]): readonly Day[] {
  if (days.length < 3 * WEEK_DAYS) return days;
  const slope = slopeOf(days);
  const all = median(days.map(({ log }) => log));
  const of = (weekday: number): number => {
    const same = days.filter(({ day }) => day % WEEK_DAYS === weekday).map(({ day, log }) => log - slope * day);
    return median(same) - median(days.map(({ day, log }) => log - slope * day));
  };
  const effects = Array.from({ length: WEEK_DAYS }, (_, weekday) => (days.some(({ day }) => day % WEEK_DAYS === weekday) ? of(weekday) : 0));
  return Number.isFinite(all) ? days.map(({ day, log }) => ({ day, log: log - (effects[day % WEEK_DAYS] ?? 0) })) : days;
}

/** Theil and Sen: the median of the slopes between all pairs. A day: of the logarithm. */
function slopeOf(days: readonly Day[]): number {
  const slopes: number[] = [];
  for (const [i, a] of days.entries()) for (const b of days.slice(i + 1)) slopes.push((b.log - a.log) / (b.day - a.day));
  return slopes.length === 0 ? 0 : median(slopes);
}

function scoreOf(days: readonly Day[]): number {
  const n = days.length;
  let s = 0;
  for (const [i, a] of days.entries()) for (const b of days.slice(i + 1)) s += Math.sign(b.log - a.log);
  const spread = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const slope = slopeOf(days);
  const rest = days.map(({ day, log }) => log - slope * day);
  const middle = rest.reduce((sum, value) => sum + value, 0) / n;
  const about = rest.map((value) => value - middle);
  const all = about.reduce((sum, value) => sum + value * value, 0);
  const next = about.slice(1).reduce((sum, value, i) => sum + value * (about[i] ?? 0), 0);
  const tied = all === 0 ? 0 : Math.min(0.9, Math.max(0, next / all));
  return Math.max(0, s - 1) / (spread * Math.sqrt((1 + tied) / (1 - tied)));
}
