import { defined } from '../../lib/index.js';
import type { DayMost, Measure, WatchHistory } from './types.js';

/** Days that count. */
const DAYS = 60;
/** Gaps that tell what is usual. */
const GAPS = 30;
/** Of a measure, what three livelier later days have outdone tells nothing any more. */
const OUTDONE = 3;

/** The history of a job that has none. */
export const NO_HISTORY: WatchHistory = { days: [], gaps: [], series: {} };

/** Name of a measure, the same in every run. */
export function seriesOf({ kind, platform, object, field }: Pick<Measure, 'kind' | 'platform' | 'object' | 'field'>): string {
  return [kind, platform, object, field ?? ''].join(' ');
}

/** The history with one more run that is as it should be. `gapMs`: since the one before, where there was one. Pure. */
export function learned(history: WatchHistory, measures: readonly Measure[], at: Date, gapMs: number | undefined): WatchHistory {
  const day = at.toISOString().slice(0, 10);
  const days = [...new Set([...history.days, day])].toSorted().slice(-DAYS);
  const [oldest = day] = days;
  const series = new Map(Object.entries(history.series));
  for (const measure of measures) {
    if (measure.count === 0) continue;
    const name = seriesOf(measure);
    series.set(name, withDay(series.get(name) ?? [], { day, count: measure.count, share: measure.count / Math.max(1, measure.of) }));
  }
  const kept = [...series].map(([name, entries]): [string, readonly DayMost[]] => [name, lively(entries.filter((one) => one.day >= oldest))]);
  return {
    days,
    gaps: [...history.gaps, ...Object.values(defined({ gapMs }))].slice(-GAPS),
    series: Object.fromEntries(kept.filter(([, entries]) => entries.length > 0)),
  };
}

function withDay(entries: readonly DayMost[], now: DayMost): readonly DayMost[] {
  const same = entries.find(({ day }) => day === now.day);
  return same !== undefined && same.share >= now.share ? entries : [...entries.filter(({ day }) => day !== now.day), now];
}

/** Without what later days have outdone, oldest first. */
function lively(entries: readonly DayMost[]): readonly DayMost[] {
  const newestFirst = entries.toSorted((a, b) => (a.day < b.day ? 1 : -1));
  return newestFirst.filter(({ share }, n) => newestFirst.slice(0, n).filter((later) => later.share >= share).length < OUTDONE).toReversed();
}
