import type { VolumeSettings } from '../../workspace/index.js';
import type { HourTable } from '../baseline/hour-table.js';
import { HOUR_MS } from '../baseline/week-clock.js';
import type { Judgement } from '../types.js';
import { counted, numberText } from './words.js';

/** What a declared threshold says at an hour; undefined where none is broken. Hours that were not measured break no lower one. */
export function brokenLimit({ limits, page, note }: VolumeSettings, table: HourTable, end: number): Omit<Judgement, 'series'> | undefined {
  for (const { side, count, overHours } of limits) {
    const from = end - overHours;
    if (!table.has(from, end)) continue;
    const found = table.sum(from, end);
    const broken = side === 'below' ? found < count && !table.hasGaps(from, end) : found > count;
    if (!broken) continue;
    const way = side === 'below' ? 'drop' : 'surge';
    // Who declares a threshold wants to be told; whether that wakes people is said of the side.
    const level = page.includes(way) || (side === 'below' && !note.includes(way)) ? 'page' : 'note';
    return {
      state: 'wrong',
      finding: side === 'below' ? (found === 0 ? 'stopped' : 'drop') : 'surge',
      level,
      since: new Date(from * HOUR_MS).toISOString(),
      found,
      expected: count,
      overHours,
      says: `${counted(found, 'record')} in ${numberText(overHours)} hours; declared is ${side === 'below' ? 'at least' : 'at most'} ${numberText(count)}.`,
    };
  }
  return undefined;
}
