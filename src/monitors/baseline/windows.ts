import type { Calendar } from './calendar.js';
import type { HourTable } from './hour-table.js';
import { medianOf } from './order.js';
import { RULES } from './rules.js';
import { WEEK_HOURS, type WeekClock } from './week-clock.js';

/**
 * Which way a series is looked at: too little of it, or too much. `expected-surge`: too much, also without the hours of what the calendar
 * expects every week, which its first weeks do not know.
 */
export type Side = 'drop' | 'surge' | 'expected-surge';

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
  readonly #minutes: Int16Array;
  readonly #sums = new Float64Array(RULES.weeks);

  constructor(table: HourTable, clock: WeekClock, calendar: Calendar) {
    this.#table = table;
    this.#clock = clock;
    this.#calendar = calendar;
    this.#minutes = clock.minutesAhead(table.first, table.end - table.first);
  }

  /** Undefined where too few of its hours are ordinary or measured, or too few earlier weeks are left to compare with. */
  at(end: number, hours: number, side: Side): Window | undefined {
    const from = end - hours;
    if (!this.#table.has(from, end)) return undefined;
    const whole = side === 'expected-surge' ? this.#isUndeclared(from, end) : this.#table.isPlain(from, end);
    return whole ? this.#compare(from, end) : this.#compareSome(this.#countedOf(from, end, side));
  }

  /** The same of a window that is learned from: undefined also where it was no ordinary one. */
  past(end: number, hours: number): Window | undefined {
    const from = end - hours;
    return this.#table.has(from, end) && this.#table.hasDeparted(from, end) ? undefined : this.at(end, hours, 'surge');
  }

  #compare(from: number, end: number): Window | undefined {
    let n = 0;
    for (let week = 1; week <= RULES.weeks; week += 1) {
      const shift = this.#shift(end - 1, week);
      if (!this.#table.has(from - shift, end - shift) || !this.#table.isPlain(from - shift, end - shift)) continue;
      this.#sums[n] = this.#table.sum(from - shift, end - shift);
      n += 1;
    }
    return this.#windowOf(this.#table.sum(from, end), n);
  }

  /** How many hours before an hour the same one was a number of weeks ago: {@link WeekClock.earlier}, from a table. */
  #shift(hour: number, weeks: number): number {
    const i = hour - this.#table.first;
    const hours = weeks * WEEK_HOURS;
    const [now, then] = [this.#minutes[i], this.#minutes[i - hours]];
    if (now === then && now !== undefined) return hours;
    return hour - this.#clock.earlier(hour, weeks);
  }

  /** Whether the calendar says nothing of these hours. */
  #isUndeclared(from: number, end: number): boolean {
    for (let hour = from; hour < end; hour += 1) if (this.#calendar.kindOf(hour) !== undefined) return false;
    return this.#table.isPlain(from, end);
  }

  /** The hours of a window that can be judged. */
  #countedOf(from: number, end: number, side: Side): readonly number[] | undefined {
    const counted: number[] = [];
    for (let hour = from; hour < end; hour += 1) {
      const kind = this.#calendar.kindOf(hour);
      const isLeftOut = kind?.is === 'quiet' || (kind !== undefined && side !== 'drop');
      if (this.#table.value(hour) !== undefined && !isLeftOut) counted.push(hour);
    }
    return counted.length < Math.max(1, (end - from) * RULES.leastShare) ? undefined : counted;
  }

  #compareSome(counted: readonly number[] | undefined): Window | undefined {
    const last = counted?.at(-1);
    if (counted === undefined || last === undefined) return undefined;
    let n = 0;
    for (let week = 1; week <= RULES.weeks; week += 1) {
      const sum = this.#likeSum(counted, this.#shift(last, week));
      if (sum === undefined) continue;
      this.#sums[n] = sum;
      n += 1;
    }
    return this.#windowOf(
      counted.reduce((sum, hour) => sum + (this.#table.value(hour) ?? 0), 0),
      n,
    );
  }

  /** What the same hours held earlier; undefined where one of them cannot be learned from. */
  #likeSum(counted: readonly number[], shift: number): number | undefined {
    let sum = 0;
    for (const hour of counted) {
      if (!this.#table.teaches(hour - shift)) return undefined;
      sum += this.#table.value(hour - shift) ?? 0;
    }
    return sum;
  }

  #windowOf(found: number, weeks: number): Window | undefined {
    return weeks < RULES.leastWeeks ? undefined : { found, median: medianOf(this.#sums, weeks), weeks };
  }
}
