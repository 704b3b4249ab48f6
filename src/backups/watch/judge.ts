import { seriesOf } from './history.js';
import type { DayMost, Finding, Measure, MeasureKind, WatchHistory, WatchRules } from './types.js';
import { findingText, type Usual } from './words.js';

/** From where on a measure is told. */
interface Limit {
  /** So many are never too many, unless they are a large part of what there is. */
  readonly least: number;
  /** This share is ordinary, whatever the history says. */
  readonly share: number;
  /** The same in the first days of a job. */
  readonly young: number;
  /** How many days these are, where a fortnight is not enough. */
  readonly youngDays?: number;
  /** However lively the history is, beyond this share it is told, unless there was as much before. */
  readonly most: number;
  /** Of fewer than this nothing can be said. */
  readonly of?: number;
}

/** Documented in docs/backups.md. */
const LIMITS: Readonly<Record<Exclude<MeasureKind, 'field-gone' | 'retyped' | 'object-gone'>, Limit>> = {
  deleted: { least: 20, share: 0.05, young: 0.1, most: 0.3 },
  created: { least: 100, share: 0.4, young: 0.4, most: 0.8, of: 100 },
  emptied: { least: 20, share: 0.015, young: 0.03, most: 0.25 },
  // How lively a field is, only a month of it tells.
  changed: { least: 100, share: 0.3, young: Number.POSITIVE_INFINITY, youngDays: 28, most: 0.6 },
  overwritten: { least: 50, share: 0.2, young: 0.3, most: 0.4 },
  // However often a few people come back: an opt-out that is lost is mail that nobody may send.
  'opted-in': { least: 4, share: 0.001, young: 0.002, most: 0.004 },
  'opted-out': { least: 50, share: 0.03, young: 0.06, most: 0.2 },
  unlinked: { least: 20, share: 0.06, young: 0.1, most: 0.3 },
  linked: { least: 100, share: 0.4, young: 0.4, most: 0.8, of: 100 },
};

/** So many are never too many, whatever part they are. */
const NEVER = 4;
/** A job knows nothing of its weeks before it has seen so many days. */
const YOUNG_DAYS = 14;
/** What is seen on the third of the liveliest days is usual, once there are enough days. */
const RANK = 3;
const RANKED_DAYS = 20;
/** Times the usual. */
const TIMES = 3;
/** Times the most there ever was. */
const AGAIN = 1.2;
/** A pause longer than usual lets more happen; beyond this nobody can tell how much. */
const LONGEST_PAUSE = 30;
/** After so many times the usual pause it says nothing how much has another value. */
const LONG_PAUSE = 1.5;
const FACTOR = { low: 2, normal: 1, high: 0.5 } as const;

/** What a snapshot is judged by. */
export interface JudgeFacts {
  /** Against the last good snapshot of the job. */
  readonly measures: readonly Measure[];
  readonly history: WatchHistory;
  /** Milliseconds since that one. */
  readonly gapMs: number;
  readonly rules: WatchRules;
  /** What was found before in snapshots after that one: it stands as long as half of it does. */
  readonly standing: readonly Finding[];
}

/**
 * What is not as it usually is. Pure: the same facts give the same findings, in the order of the measures. Fields that
 * the rules leave out give none.
 */
export function judgeWatch({ measures, history, gapMs, rules, standing }: JudgeFacts): readonly Finding[] {
  const before = new Map(standing.map((one) => [seriesOf(one), one.count]));
  const pause = pauseOf(history.gaps, gapMs);
  return measures.flatMap((measure) => {
    if (isExcepted(measure, rules)) return [];
    const series = history.series[seriesOf(measure)] ?? [];
    const stands = measure.count >= (before.get(seriesOf(measure)) ?? Number.POSITIVE_INFINITY) / 2;
    return stands || measure.count > limitOf(measure, series, history.days.length, pause, FACTOR[rules.sensitivity])
      ? [{ ...measure, text: findingText(measure, usualOf(series, history.days)) }]
      : [];
  });
}

function isExcepted({ object, field }: Measure, { except }: WatchRules): boolean {
  return field !== undefined && (except.includes(field) || except.includes(`${object}.${field}`));
}

/** By how many times the pause before a snapshot was longer than usual; never less than once. */
function pauseOf(gaps: readonly number[], gapMs: number): number {
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1];
  return usual === undefined || usual <= 0 ? 1 : Math.min(Math.max(1, gapMs / usual), LONGEST_PAUSE);
}

/** So many are not told of. */
function limitOf({ kind, count, of }: Measure, series: readonly DayMost[], days: number, pause: number, factor: number): number {
  if (kind === 'field-gone' || kind === 'retyped' || kind === 'object-gone') return 0;
  const { least, share, young, youngDays = YOUNG_DAYS, most, of: fewest = 0 }: Limit = LIMITS[kind];
  if (of < fewest || (kind === 'changed' && pause > LONG_PAUSE)) return Number.POSITIVE_INFINITY;
  const ordinary = days < youngDays ? young : share;
  // Of few records, so many are less likely to be chance the larger a part of them they are: half of thirty is none.
  const some = Math.max(NEVER, least * Math.min(1, ((ordinary * of) / Math.max(1, count)) ** 2));
  // Twice as much may happen in a long pause by itself; what lies above has to be known from the history.
  const floor = Math.max(some, ordinary * of) * Math.min(pause, 2);
  const shares = series.map((one) => one.share).sort((a, b) => b - a);
  const usual = shares[days < RANKED_DAYS ? 0 : RANK - 1] ?? 0;
  const lively = Math.min(TIMES * usual * pause, most) * of;
  return Math.max(factor * floor, factor * lively, AGAIN * (shares[0] ?? 0) * of);
}

function usualOf(series: readonly DayMost[], days: readonly string[]): Usual {
  return { most: Math.max(0, ...series.map(({ count }) => count)), days: days.length };
}
