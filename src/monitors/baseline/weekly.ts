import { quantileOf } from './order.js';
import { RULES, type WindowHours } from './rules.js';
import { medianNoise, stabilised } from './transform.js';
import { WEEK_HOURS } from './week-clock.js';
import type { Side, Window, Windows } from './windows.js';

const DAY_HOURS = 24;

/** What a window held, and what is usual of it. */
export interface Standing {
  /** The hour after its last one. */
  readonly end: number;
  /** The window whose spread it is judged with. */
  readonly window: WindowHours;
  readonly found: number;
  readonly expected: number;
  /** How many earlier weeks that is of. */
  readonly weeks: number;
}

/**
 * What is usual for a series at any hour: the median of the same window in earlier weeks, raised or lowered as the last four weeks were,
 * with the spread that earlier windows had around theirs. What it worked out it keeps.
 */
export class WeeklyBaseline {
  readonly #windows: Windows;
  readonly #began: number;
  readonly #kept = new Map<number, Window | null>();
  readonly #levels = new Map<number, number>();
  readonly #spreads = new Map<number, number>();
  readonly #buffer = new Float64Array(512);

  /** `began`: the first hour that was measured. */
  constructor(windows: Windows, began: number) {
    this.#windows = windows;
    this.#began = began;
  }

  /** Whether there is too little history before an hour. */
  isLearning(end: number): boolean {
    return end - this.#began < RULES.learningWeeks * WEEK_HOURS;
  }

  /** How the window before an hour stands; undefined where it cannot be compared. */
  standing(end: number, window: WindowHours, side: Side): Standing | undefined {
    return this.#standing(end, window, window, side);
  }

  /** How so many hours without anything stand: judged with the spread of the shortest window. */
  silence(end: number, hours: number): Standing | undefined {
    return this.#standing(end, hours, RULES.windows[0], 'drop');
  }

  #standing(end: number, hours: number, window: WindowHours, side: Side): Standing | undefined {
    const plain = this.#windows.at(end, hours, side);
    return plain === undefined ? undefined : { end, window, found: plain.found, expected: plain.median * this.#level(end), weeks: plain.weeks };
  }

  /** How many spreads away what was found is: below 0 is too little. */
  score({ end, window, found, expected, weeks }: Standing): number {
    const spread = this.#spread(end, window);
    return (stabilised(found, spread) - stabilised(expected, spread)) / Math.sqrt(medianNoise(weeks));
  }

  /** How the days of the last four weeks stood to their own medians: what grows is ahead of its median by as much each week. Changes once a day. */
  #level(end: number): number {
    const day = Math.floor(end / DAY_HOURS);
    const known = this.#levels.get(day);
    if (known !== undefined) return known;
    let n = 0;
    for (let back = 0; back < RULES.levelDays; back += 1) {
      const one = this.#past((day - back) * DAY_HOURS, 24);
      if (one === null || one.median <= 0) continue;
      this.#buffer[n] = one.found / one.median;
      n += 1;
    }
    const [least, most] = RULES.levels;
    const level = n < RULES.leastLevelDays ? 1 : Math.min(most, Math.max(least, quantileOf(this.#buffer, n, 0.5)));
    this.#levels.set(day, level);
    return level;
  }

  /** What the windows of the last weeks varied by more than chance alone does. Changes with each step of `RULES.spread`. */
  #spread(end: number, window: WindowHours): number {
    const { step, reach } = RULES.spread[window];
    const latest = Math.floor((end - window) / step);
    const key = latest * 128 + window;
    const known = this.#spreads.get(key);
    if (known !== undefined) return known;
    const level = this.#level(latest * step);
    let n = 0;
    for (let at = latest * step; at > latest * step - reach; at -= step) {
      const one = this.#past(at, window);
      if (one === null || one.median <= 0) continue;
      const expected = one.median * level;
      const away = stabilised(one.found, 0) - stabilised(expected, 0);
      this.#buffer[n] = ((away * away) / (medianNoise(one.weeks) * RULES.spreadQuantile) - 1) / expected;
      n += 1;
    }
    const learned = n < RULES.leastSpreads ? RULES.usualSpread : quantileOf(this.#buffer, n, RULES.spreadShare);
    const spread = Math.max(RULES.smallestSpread, learned);
    this.#spreads.set(key, spread);
    return spread;
  }

  /** An earlier window, worked out once. */
  #past(end: number, window: WindowHours): Window | null {
    const key = end * 128 + window;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const found = this.#windows.past(end, window) ?? null;
    this.#kept.set(key, found);
    return found;
  }
}
