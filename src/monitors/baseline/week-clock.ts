import { DAY_MS, localOf } from '../../lib/index.js';

export const HOUR_MS = 3_600_000;
export const WEEK_HOURS = 168;
const DAY_HOURS = 24;

/** The clocks of one zone, by hours since the epoch. What it looked up it keeps: zones do not change their past. */
export class WeekClock {
  readonly #zone: string;
  readonly #days = new Map<number, number | 'mixed'>();
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
    let of = this.#days.get(day);
    if (of === undefined) {
      const [begin, end] = [this.#lookUp(day * DAY_MS), this.#lookUp((day + 1) * DAY_MS)];
      of = begin === end ? begin : 'mixed';
      this.#days.set(day, of);
    }
    if (of !== 'mixed') return of;
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const offset = this.#lookUp(hour * HOUR_MS);
    this.#hours.set(hour, offset);
    return offset;
  }

  #lookUp(at: number): number {
    return localOf(at, this.#zone) - at;
  }
}
