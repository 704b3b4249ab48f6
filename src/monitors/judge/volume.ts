import { defined } from '../../lib/index.js';
import type { VolumeSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import { HourTable } from '../baseline/hour-table.js';
import { RULES, type WindowHours } from '../baseline/rules.js';
import { HOUR_MS, WeekClock } from '../baseline/week-clock.js';
import { type Standing, WeeklyBaseline } from '../baseline/weekly.js';
import { Windows } from '../baseline/windows.js';
import type { Judgement } from '../types.js';
import { brokenLimit } from './limits.js';
import type { JudgeContext } from './types.js';
import { counted, numberText } from './words.js';

type Way = 'drop' | 'surge';
/** How far back it is looked since when something is so, in hours. */
const LOOK_BACK = 72;
const DAY_HOURS = 24;

/** Judges how much of something happened in the hours that have passed. */
export class VolumeJudge {
  readonly #settings: VolumeSettings;
  readonly #history: SeriesHistory;
  readonly #table: HourTable;
  readonly #baseline: WeeklyBaseline;

  constructor(settings: VolumeSettings, history: SeriesHistory, context: JudgeContext) {
    const hours = history.hours ?? { first: 0, values: [] };
    this.#settings = settings;
    this.#history = history;
    this.#table = new HourTable(hours, context.calendar, context.departures);
    this.#baseline = new WeeklyBaseline(new Windows(this.#table, WeekClock.of(settings.timezone), context.calendar), history.began ?? hours.first);
  }

  /** What stood at a moment: hours that end later do not count. */
  judge(at: Date): Judgement {
    const end = this.#lastMeasured(Math.floor(at.getTime() / HOUR_MS));
    const limit = brokenLimit(this.#settings, this.#table, end);
    if (limit !== undefined) return { series: this.#history.series, ...limit };
    if (this.#settings.baseline === 'none') return this.#well('As declared.');
    if (this.#baseline.isLearning(end)) return this.#learning(end);
    return this.#stopped(end) ?? this.#wrong(end, 'drop') ?? this.#wrong(end, 'surge') ?? this.#fine(end);
  }

  /** The hour after the last one that was measured. */
  #lastMeasured(end: number): number {
    let last = Math.min(end, this.#table.end);
    while (last > this.#table.first && this.#table.value(last - 1) === undefined) last -= 1;
    return last;
  }

  /** Hours without anything, where some are never without. */
  #stopped(end: number): Judgement | undefined {
    const level = this.#levelOf('drop');
    const hours = this.#silentHours(end);
    if (level === undefined || hours < RULES.silentHours) return undefined;
    const over = Math.min(hours, RULES.longestSilence);
    const standing = this.#baseline.silence(end, over);
    if (standing === undefined || standing.expected < this.#atLeast || this.#baseline.score(standing) > -RULES.silenceAt) return undefined;
    return {
      series: this.#history.series,
      state: 'wrong',
      finding: 'stopped',
      level,
      since: new Date((end - hours) * HOUR_MS).toISOString(),
      found: standing.found,
      expected: standing.expected,
      overHours: over,
      says: `Nothing for ${hours} hours, where about ${counted(standing.expected, 'record')} are usual in ${over}.`,
    };
  }

  #levelOf(side: Way): 'page' | 'note' | undefined {
    return this.#settings.page.includes(side) ? 'page' : this.#settings.note.includes(side) ? 'note' : undefined;
  }

  get #atLeast(): number {
    return this.#settings.atLeast ?? RULES.atLeast;
  }

  #wrong(end: number, side: Way): Judgement | undefined {
    const level = this.#levelOf(side);
    if (level === undefined) return undefined;
    const worst = this.#beyond(end, side, RULES.confirms);
    if (worst === undefined || this.#beyond(end - 1, side, RULES.confirms) === undefined) return undefined;
    if ([end, end - 1].every((hour) => this.#beyond(hour, side) === undefined)) return undefined;
    let since = end - 1;
    while (since > end - LOOK_BACK && this.#beyond(since - 1, side, RULES.confirms) !== undefined) since -= 1;
    return {
      series: this.#history.series,
      state: 'wrong',
      finding: side,
      level,
      since: new Date(Math.max(since - worst.window, end - LOOK_BACK) * HOUR_MS).toISOString(),
      found: worst.found,
      expected: worst.expected,
      overHours: worst.window,
      says: `${counted(worst.found, 'record')} in ${worst.window} hours, where about ${numberText(worst.expected)} are usual.`,
    };
  }

  /** The window that is the furthest beyond what chance explains, in spreads or, for what only lingers, in a part of them. */
  #beyond(end: number, side: Way, part = 1): Standing | undefined {
    let worst: { readonly standing: Standing; readonly score: number } | undefined;
    for (const window of RULES.windows) {
      const standing = this.#baseline.standing(end, window, side);
      const score = standing === undefined ? undefined : this.#scoreBeyond(standing, side, part);
      if (standing === undefined || score === undefined) continue;
      if (side === 'surge' && !this.#isUnexpected(end, window, part)) continue;
      if (worst === undefined || Math.abs(score) > Math.abs(worst.score)) worst = { standing, score };
    }
    return worst?.standing;
  }

  /** Whether it is too much also without the hours of which the calendar says so. */
  #isUnexpected(end: number, window: WindowHours, part: number): boolean {
    const standing = this.#baseline.standing(end, window, 'expected-surge');
    return standing !== undefined && this.#scoreBeyond(standing, 'surge', part) !== undefined;
  }

  /** How far beyond a window is; undefined where it is not. What is cheap is asked first: most series are well. */
  #scoreBeyond(standing: Standing, side: Way, part: number, power = 0): number | undefined {
    const { found, expected } = standing;
    const [share, at] = side === 'drop' ? [RULES.dropShare, RULES.dropAt] : [RULES.surgeShare, RULES.surgeAt];
    const away = side === 'drop' ? expected - found : found - expected;
    if (away < this.#atLeast || away < Math.abs(share - 1) * expected * part) return undefined;
    const score = this.#baseline.score(standing);
    return (side === 'drop' ? -score : score) >= at * part + power ? score : undefined;
  }

  /** How many of the last hours nothing happened in. */
  #silentHours(end: number): number {
    let hours = 0;
    while (hours < LOOK_BACK && this.#table.value(end - 1 - hours) === 0) hours += 1;
    return hours;
  }

  #fine(end: number): Judgement {
    const day = this.#baseline.standing(end, DAY_HOURS, 'drop');
    const facts = day === undefined ? {} : { found: day.found, expected: day.expected, overHours: day.window };
    const lingers = this.#lingers(end) ? (true as const) : undefined;
    const blind = day !== undefined && !this.#seesHalf(end);
    return {
      series: this.#history.series,
      state: blind ? 'blind' : 'well',
      ...facts,
      ...defined({ lingers }),
      says: blind
        ? `At ${numberText(day.expected / DAY_HOURS)} an hour, a loss of half cannot be told from chance within a day.`
        : day === undefined
          ? 'Too few ordinary hours to compare.'
          : `${counted(day.found, 'record')} in 24 hours, where about ${numberText(day.expected)} are usual.`,
    };
  }

  /** Whether a loss of half would be found within a day. The longest window sees most, so it is asked first. */
  #seesHalf(end: number): boolean {
    return RULES.windows.toReversed().some((window) => {
      if (window > DAY_HOURS) return false;
      const standing = this.#baseline.standing(end, window, 'drop');
      const half = standing === undefined ? undefined : { ...standing, found: standing.expected / 2, weeks: RULES.weeks };
      return half !== undefined && this.#scoreBeyond(half, 'drop', 1, RULES.power) !== undefined;
    });
  }

  #lingers(end: number): boolean {
    return (['drop', 'surge'] as const).some((side) => this.#levelOf(side) !== undefined && this.#beyond(end, side, RULES.lingers) !== undefined);
  }

  #learning(end: number): Judgement {
    const days = Math.max(0, Math.floor((end - (this.#history.began ?? end)) / DAY_HOURS));
    return {
      series: this.#history.series,
      state: 'learning',
      says: `Only ${days} of the 28 days that a baseline needs: declared thresholds alone count.`,
    };
  }

  #well(says: string): Judgement {
    return { series: this.#history.series, state: 'well', says };
  }
}
