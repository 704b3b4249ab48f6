import { LABEL_POINTS, PROPOSALS, THRESHOLDS } from '../thresholds.js';
import type { Label } from '../types.js';
import type { HeldBack } from './types.js';

/** A write as it counts for what is regular. */
export interface DatedLabel {
  readonly atMs: number;
  readonly label: Label;
}

/** How one writer wrote one field. */
export interface Regularity {
  /** Days that count on which it wrote, and writes of these. */
  readonly days: number;
  readonly writes: number;
  /** Absent where it is regular. */
  readonly why?: Exclude<HeldBack, 'suspicious'>;
}

const DAY_MS = 86_400_000;

/**
 * Whether a field is one that a writer writes on most days, by the writes of a sample. The last days do not count: damage
 * that nobody has found yet lies there. Nor do writes of kinds that speak for damage.
 */
export function regularityOf(writes: readonly DatedLabel[], nowMs: number): Regularity {
  const counts = new Map<number, number>();
  const all = new Map<number, number>();
  for (const { atMs, label } of writes) {
    const day = Math.floor((nowMs - atMs) / DAY_MS);
    if (day < 0 || day >= PROPOSALS.days) continue;
    all.set(day, (all.get(day) ?? 0) + 1);
    if (day >= PROPOSALS.quietDays && LABEL_POINTS[label] < THRESHOLDS.ask) counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  const told = { days: counts.size, writes: [...counts.values()].reduce((sum, count) => sum + count, 0) };
  if (!isOnMostDays([...counts.keys()])) return { ...told, why: 'irregular' };
  return hasBurst([...counts.values()], [...all.values()]) ? { ...told, why: 'burst' } : told;
}

/** On so many days, and in each part of the time: what began in the middle of it may be the damage. */
function isOnMostDays(days: readonly number[]): boolean {
  const span = PROPOSALS.days - PROPOSALS.quietDays;
  if (days.length < span * PROPOSALS.shareOfDays) return false;
  const parts = Array.from({ length: PROPOSALS.parts }, () => 0);
  for (const day of days) {
    const part = Math.floor(((day - PROPOSALS.quietDays) * PROPOSALS.parts) / span);
    parts[part] = (parts[part] ?? 0) + 1;
  }
  return parts.every((count) => count >= PROPOSALS.daysOfPart);
}

/** One day, of all, holds far more than the usual day that counts. */
function hasBurst(usual: readonly number[], all: readonly number[]): boolean {
  const sorted = [...usual].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return all.some((count) => count >= THRESHOLDS.farBeyond * median && count >= THRESHOLDS.byHand);
}
