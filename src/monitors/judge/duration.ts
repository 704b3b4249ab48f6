import { formatDuration } from '../../lib/index.js';
import type { DurationSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import { HourTable } from '../baseline/hour-table.js';
import { medianOf } from '../baseline/order.js';
import { RULES } from '../baseline/rules.js';
import { HOUR_MS, WEEK_HOURS, WeekClock } from '../baseline/week-clock.js';
import type { Judgement } from '../types.js';
import { CUSUM, cusum } from './cusum.js';
import { eventsUntil } from './events.js';
import type { JudgeContext } from './types.js';

const LOOK_BACK = WEEK_HOURS;
const SPREAD_WEEKS = 4;
/** Fewer runs say nothing of what is usual. */
const LEAST_RUNS = 20;
/** Of the same hour of the week, so many are enough; else all hours are taken. */
const LEAST_SAME_HOUR = 4;
/** However regular: runs differ by this much, as a logarithm. */
const LEAST_SPREAD = 0.08;
/** However certain: a quarter longer at least. */
const LEAST_SHARE = Math.log(1.25);
/** So many runs in a row above a declared limit. */
const LIMIT_RUNS = 2;

/** How long the runs of a sync take, against a declared limit and against what is usual in that hour of the week. */
export class DurationJudge {
  readonly #settings: DurationSettings;
  readonly #history: SeriesHistory;
  readonly #table: HourTable;
  readonly #means: Float64Array;
  readonly #clock: WeekClock;
  readonly #buffer: Float64Array;

  constructor(settings: DurationSettings, history: SeriesHistory, context: JudgeContext) {
    const hours = history.hours ?? { first: 0, values: [] };
    this.#settings = settings;
    this.#history = history;
    this.#clock = WeekClock.of(settings.timezone);
    this.#table = new HourTable(hours, context.calendar, context.departures);
    this.#means = Float64Array.from(hours.values, (sum, i) => (sum === null ? Number.NaN : sum / (hours.of?.[i] ?? 1)));
    this.#buffer = new Float64Array(RULES.weeks * WEEK_HOURS);
  }

  /** What stood at a moment. The hour that has not ended yet counts as far as it has come. */
  judge(at: Date): Judgement {
    const { aboveMs, sync } = this.#settings;
    const runs = eventsUntil(this.#history, at).filter((event) => event.kind === 'duration');
    const latest = runs.at(-1);
    const { series } = this.#history;
    if (latest === undefined) return { series, state: 'learning', says: `${sync} has not run since it is watched.` };
    const last = runs.slice(-LIMIT_RUNS);
    if (aboveMs !== undefined && last.length === LIMIT_RUNS && last.every(({ ms }) => ms > aboveMs)) {
      const since = runs[runs.findLastIndex(({ ms }) => ms <= aboveMs) + 1] ?? latest;
      return { ...this.#facts(latest.ms, aboveMs), state: 'wrong', finding: 'slow', level: this.#settings.level, since: since.at };
    }
    return this.#usual(Math.floor(at.getTime() / HOUR_MS) + 1, latest.ms);
  }

  #usual(end: number, latestMs: number): Judgement {
    const { series } = this.#history;
    const spread = this.#spread(end);
    const isYoung = end - (this.#history.began ?? end) < RULES.learningWeeks * WEEK_HOURS;
    if (isYoung || spread === undefined)
      return { series, state: 'learning', found: latestMs, says: 'Too few runs for a baseline: a declared limit alone counts.' };
    let [sum, since, expectedMs] = [0, end, latestMs];
    let isSlow = false;
    for (let hour = end - LOOK_BACK; hour < end; hour += 1) {
      const mean = this.#meanOf(hour);
      if (mean === undefined) continue;
      const expected = this.#expected(hour, end);
      if (expected === undefined) continue;
      const next = cusum(sum, (mean - expected) / spread);
      if (sum === 0 && next > 0) since = hour;
      sum = next;
      isSlow = mean - expected >= LEAST_SHARE;
      expectedMs = Math.exp(expected);
    }
    const facts = this.#facts(latestMs, expectedMs);
    if (sum < CUSUM.alarm || !isSlow) return { ...facts, state: 'well', ...(sum >= CUSUM.alarm / 2 ? { lingers: true } : {}) };
    return { ...facts, state: 'wrong', finding: 'slow', level: this.#settings.level, since: new Date(since * HOUR_MS).toISOString() };
  }

  #facts(found: number, expected: number): Pick<Judgement, 'series' | 'found' | 'expected' | 'says'> {
    const says = `The last run of ${this.#settings.sync} took ${formatDuration(found)}; about ${formatDuration(expected)} is usual.`;
    return { series: this.#history.series, found, expected, says };
  }

  /** The mean logarithm of the runs that ended in an hour. */
  #meanOf(hour: number): number | undefined {
    const mean = this.#means[hour - this.#table.first];
    return mean === undefined || Number.isNaN(mean) ? undefined : mean;
  }

  /** The median of the same hour of the week, or where that had too few runs of all hours of four weeks, before the week that is looked at. */
  #expected(hour: number, end: number): number | undefined {
    let n = 0;
    for (let week = 1; week <= RULES.weeks; week += 1) {
      const then = this.#clock.earlier(hour, week);
      const mean = this.#table.teaches(then) ? this.#meanOf(then) : undefined;
      if (mean === undefined) continue;
      this.#buffer[n] = mean;
      n += 1;
    }
    return n >= LEAST_SAME_HOUR ? medianOf(this.#buffer, n) : this.#all(end);
  }

  #allOf: { readonly end: number; readonly median: number | undefined } | undefined;

  #all(end: number): number | undefined {
    if (this.#allOf?.end === end) return this.#allOf.median;
    let n = 0;
    for (let hour = end - LOOK_BACK - SPREAD_WEEKS * WEEK_HOURS; hour < end - LOOK_BACK; hour += 1) {
      const mean = this.#table.teaches(hour) ? this.#meanOf(hour) : undefined;
      if (mean === undefined) continue;
      this.#buffer[n] = mean;
      n += 1;
    }
    this.#allOf = { end, median: n < LEAST_RUNS ? undefined : medianOf(this.#buffer, n) };
    return this.#allOf.median;
  }

  #spreadOf: { readonly day: number; readonly spread: number | undefined } | undefined;

  /** What runs differed from their medians by in the four weeks before the week that is looked at: worked out once a day. */
  #spread(end: number): number | undefined {
    const day = Math.floor(end / 24);
    if (this.#spreadOf?.day === day) return this.#spreadOf.spread;
    const until = day * 24 - LOOK_BACK;
    const away: number[] = [];
    for (let hour = until - SPREAD_WEEKS * WEEK_HOURS; hour < until; hour += 1) {
      const mean = this.#table.teaches(hour) ? this.#meanOf(hour) : undefined;
      const expected = mean === undefined ? undefined : this.#expected(hour, day * 24);
      if (mean !== undefined && expected !== undefined) away.push(Math.abs(mean - expected));
    }
    const spread = away.length < LEAST_RUNS ? undefined : Math.max(LEAST_SPREAD, 1.4826 * medianOf(Float64Array.from(away), away.length));
    this.#spreadOf = { day, spread };
    return spread;
  }
}
