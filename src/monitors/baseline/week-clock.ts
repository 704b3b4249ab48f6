import { DAY_MS, localOf } from '../../lib/index.js';

export const HOUR_MS = 3_600_000;
export const WEEK_HOURS = 168;
const DAY_HOURS = 24;
/** 2020-01-01. Days before it are looked up hour by hour. */
const FIRST_DAY = 18_262;
const MOST_DAYS = 36_525;

/** The clocks of one zone, by hours since the epoch. What it looked up it keeps: zones do not change their past. */
export class WeekClock {
  readonly #zone: string;
  /** By day after {@link FIRST_DAY}: how far ahead the clocks are all day, or that they change in it. */
  readonly #days: (number | 'mixed' | undefined)[] = [];
  readonly #hours = new Map<number, number>();

  private constructor(zone: string) {
    this.#zone = zone;
  }

  static #all = new Map<string, WeekClock>();

  /** One clock for each zone. */
  static of(zone: string): WeekClock {
    const known = WeekClock.#all.get(zone);
    if (known !== undefined) return known;
    const clock = new WeekClock(zone);
    WeekClock.#all.set(zone, clock);
    return clock;
  }

  /** What the clocks show when an hour begins, as the milliseconds that UTC would need to show it. */
  local(hour: number): number {
    return hour * HOUR_MS + this.offsetMs(hour);
  }

  /** The hour that was shown a number of weeks before: the same weekday and time of day, whatever the clocks did in between. */
  earlier(hour: number, weeks: number): number {
    return this.back(hour, weeks * WEEK_HOURS);
  }

  /** The hour that was shown a number of hours before: whole days of them keep the time of day. */
  back(hour: number, hours: number): number {
    const then = hour - hours;
    return then + Math.round((this.offsetMs(hour) - this.offsetMs(then)) / HOUR_MS);
  }

  /** How far the clocks are ahead of UTC. */
  offsetMs(hour: number): number {
    if (this.#zone === 'UTC') return 0;
    const day = Math.floor(hour / DAY_HOURS);
    const ofDay = day < FIRST_DAY || day > FIRST_DAY + MOST_DAYS ? 'mixed' : (this.#days[day - FIRST_DAY] ?? this.#learnDay(day));
    if (ofDay !== 'mixed') return ofDay;
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const offset = this.#lookUp(hour * HOUR_MS);
    this.#hours.set(hour, offset);
    return offset;
  }

  #minutes: { readonly first: number; readonly of: Int16Array } | undefined;

  /** For so many hours from one on: by how many minutes the clocks are ahead. Kept, since all series ask for the same hours. */
  minutesAhead(first: number, hours: number): Int16Array {
    if (this.#minutes?.first === first && this.#minutes.of.length === hours) return this.#minutes.of;
    const of = Int16Array.from({ length: hours }, (_, i) => Math.round(this.offsetMs(first + i) / 60_000));
    this.#minutes = { first, of };
    return of;
  }

  #learnDay(day: number): number | 'mixed' {
    const [begin, end] = [this.#lookUp(day * DAY_MS), this.#lookUp((day + 1) * DAY_MS)];
    const ofDay = begin === end ? begin : 'mixed';
    this.#days[day - FIRST_DAY] = ofDay;
    return ofDay;
  }

  #lookUp(at: number): number {
    return localOf(at, this.#zone) - at;
  }
}
