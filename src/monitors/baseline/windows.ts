import type { Calendar, HourKind } from './calendar.js';
import type { HourTable } from './hour-table.js';
import { medianOf } from './order.js';
import { RULES } from './rules.js';
import { WEEK_HOURS, type WeekClock } from './week-clock.js';

/** Which way a series is looked at: too little of it, or too much. */
export type Side = 'drop' | 'surge';

/** What a window held, and the median of what the same window held in earlier weeks. */
export interface Window {
  readonly found: number;
  readonly median: number;
  /** How many earlier weeks the median is of. */
  readonly weeks: number;
}

/** Compares windows of a series with the same windows of earlier weeks. A window is named by the hour after its last one. */
export class Windows {
  readonly #table: HourTable;
  readonly #clock: WeekClock;
  readonly #calendar: Calendar;
  readonly #sums = new Float64Array(RULES.weeks);

  constructor(table: HourTable, clock: WeekClock, calendar: Calendar) {
    this.#table = table;
    this.#clock = clock;
    this.#calendar = calendar;
  }

  /** Undefined where too few of its hours are ordinary or measured, or too few earlier weeks are left to compare with. */
  at(end: number, hours: number, side: Side): Window | undefined {
    const from = end - hours;
    if (!this.#table.has(from, end)) return undefined;
    return this.#table.isPlain(from, end) ? this.#compare(from, end) : this.#compareSome(this.#countedOf(from, end, side));
  }

  #compare(from: number, end: number): Window | undefined {
    let n = 0;
    for (let week = 1; week <= RULES.weeks; week += 1) {
      const shift = end - 1 - this.#clock.earlier(end - 1, week);
      if (!this.#table.has(from - shift, end - shift) || !this.#table.isPlain(from - shift, end - shift)) continue;
      this.#sums[n] = this.#table.sum(from - shift, end - shift);
      n += 1;
    }
    return this.#windowOf(this.#table.sum(from, end), n);
  }

  /** The hours of a window that can be judged, with the kind that each has. */
  #countedOf(from: number, end: number, side: Side): readonly Counted[] | undefined {
    const counted: Counted[] = [];
    for (let hour = from; hour < end; hour += 1) {
      if (this.#table.value(hour) === undefined) continue;
      const kind = this.#calendar.kindOf(hour);
      if (kind?.is === 'quiet' || (kind !== undefined && side === 'surge' && !kind.weekly)) continue;
      counted.push({ hour, kind });
    }
    return counted.length < Math.max(1, (end - from) * RULES.leastShare) ? undefined : counted;
  }

  #compareSome(counted: readonly Counted[] | undefined): Window | undefined {
    const last = counted?.at(-1)?.hour;
    if (counted === undefined || last === undefined) return undefined;
    let n = 0;
    for (let week = 1; week <= RULES.weeks; week += 1) {
      const sum = this.#likeSum(counted, last - this.#clock.earlier(last, week));
      if (sum === undefined) continue;
      this.#sums[n] = sum;
      n += 1;
    }
    return this.#windowOf(
      counted.reduce((sum, { hour }) => sum + (this.#table.value(hour) ?? 0), 0),
      n,
    );
  }

  /** What the same hours held earlier; undefined where one of them cannot be learned from, or was of another kind. */
  #likeSum(counted: readonly Counted[], shift: number): number | undefined {
    let sum = 0;
    for (const { hour, kind } of counted) {
      const then = hour - shift;
      if (!this.#table.teaches(then)) return undefined;
      const kindThen = this.#calendar.kindOf(then);
      // Too little of a webinar is too little of an ordinary hour.
      if (kindThen !== kind && kindThen !== undefined) return undefined;
      sum += this.#table.value(then) ?? 0;
    }
    return sum;
  }

  #windowOf(found: number, weeks: number): Window | undefined {
    return weeks < RULES.leastWeeks ? undefined : { found, median: medianOf(this.#sums, weeks), weeks };
  }
}

interface Counted {
  readonly hour: number;
  readonly kind: HourKind | undefined;
}
