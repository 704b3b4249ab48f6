import { THRESHOLDS } from '../thresholds.js';

interface Timed {
  readonly atMs?: number;
  readonly spell?: number;
}

const MINUTE_MS = 60_000;

/** The middle one; 0 of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Parts moves that are in the order of their time where nothing was written for long: for half an hour, and for many
 * times as long as mostly. Few that lie apart at either end of many are a stretch of their own. Without times, each spell
 * is a stretch.
 */
export function stretchesOf<T extends Timed>(moves: readonly T[]): readonly (readonly T[])[] {
  if (moves.some(({ atMs }) => atMs === undefined)) return bySpell(moves);
  const gaps = gapsOf(moves);
  const limit = Math.max(THRESHOLDS.gapMinutes * MINUTE_MS, THRESHOLDS.gapMedians * medianOf(gaps));
  return partedAt(moves, gaps, limit).flatMap(withoutStrays);
}

function bySpell<T extends Timed>(moves: readonly T[]): readonly (readonly T[])[] {
  const spells = new Map<number, T[]>();
  for (const move of moves) {
    const spell = spells.get(move.spell ?? 0) ?? [];
    spell.push(move);
    spells.set(move.spell ?? 0, spell);
  }
  return [...spells].sort(([a], [b]) => a - b).map(([, some]) => some);
}

export function gapsOf(moves: readonly Timed[]): readonly number[] {
  return moves.slice(1).map((move, i) => (move.atMs ?? 0) - (moves[i]?.atMs ?? 0));
}

/** Parts a list behind each gap that is longer than the limit. */
export function partedAt<T>(moves: readonly T[], gaps: readonly number[], limit: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  moves.forEach((move, i) => {
    if (i === 0 || (gaps[i - 1] ?? 0) > limit) parts.push([]);
    parts.at(-1)?.push(move);
  });
  return parts;
}

/**
 * Cuts off what lies apart from the many within a stretch: one right write twenty minutes before the damage began would
 * else be its beginning.
 */
function withoutStrays<T extends Timed>(stretch: readonly T[]): readonly (readonly T[])[] {
  const most = Math.floor(stretch.length * THRESHOLDS.strays);
  if (most === 0) return [stretch];
  const gaps = gapsOf(stretch);
  const inner = [...gaps].sort((a, b) => a - b);
  // What a gap is here: longer than nearly all others, and far longer than mostly.
  const usual = inner[Math.floor(inner.length * 0.9)] ?? 0;
  const limit = Math.max(MINUTE_MS, THRESHOLDS.burstGapMedians * usual);
  let [start, end] = [0, stretch.length];
  for (let i = 0; i < most; i += 1) if ((gaps[i] ?? 0) > limit) start = i + 1;
  for (let i = 0; i < most; i += 1) if ((gaps[gaps.length - 1 - i] ?? 0) > limit) end = stretch.length - 1 - i;
  return [stretch.slice(0, start), stretch.slice(start, end), stretch.slice(end)].filter((part) => part.length > 0);
}
