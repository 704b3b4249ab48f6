import type { CheckNote } from '../ledger.js';
import type { CheckResult } from '../result.js';

/** No run takes as long: what was killed earlier has arrived, or never will. */
const DAY_MS = 86_400_000;

/** What tells of a run that ended whether it has seen all that it set off. */
type Ended = Pick<CheckResult, 'passed' | 'endedAt' | 'steps' | 'load'>;

/**
 * Until when something of a run may still arrive; undefined where nothing can. A run that saw all of its records has nothing on its way; one
 * that missed some may have, and so may one that was killed, from whenever that was: at the latest now. Pure.
 */
export function arrivesUntil(note: CheckNote, result: Ended | undefined, now: Date): Date | undefined {
  if (note.arrivesWithinMs === undefined) return undefined;
  if (result !== undefined && hasSeenAll(note, result)) return undefined;
  const fromMs = result === undefined ? now.getTime() : Date.parse(result.endedAt);
  const untilMs = result === undefined && note.arrivesUntil !== undefined ? Date.parse(note.arrivesUntil) : fromMs + note.arrivesWithinMs;
  const isOver = untilMs <= now.getTime() || Date.parse(note.startedAt) + DAY_MS <= now.getTime();
  return isOver ? undefined : new Date(untilMs);
}

function hasSeenAll({ submissions }: CheckNote, { passed, steps, load }: Ended): boolean {
  if (passed) return true;
  if (load !== undefined) return load.places.every(({ totals }) => totals.lost + totals.late + totals.unknown === 0);
  return steps?.every(({ records }) => records.missing + records.late === 0 && sumOf(records) >= submissions.count) ?? false;
}

const sumOf = (numbers: Readonly<Record<string, number>>): number => Object.values(numbers).reduce((sum, one) => sum + one, 0);
