import { THRESHOLDS } from '../thresholds.js';
import { busiestHourOf } from './habits.js';
import type { Move } from './move.js';
import { gapsOf, medianOf, partedAt } from './stretches.js';

const HOUR_MS = 3_600_000;

/**
 * Parts moves into bursts, where far more was written in an hour than the writer ever does, and the rest. Moves are in
 * the order of their time; each comes once.
 */
export function burstsOf(
  moves: readonly Move[],
  busiestHour: number,
): { readonly bursts: readonly (readonly Move[])[]; readonly rest: readonly Move[] } {
  const limit = THRESHOLDS.burst * busiestHour;
  if (moves.some(({ atMs }) => atMs === undefined) || busiestHourOf(moves) <= limit) return { bursts: [], rest: moves };
  const busy = busyMoves(moves, limit);
  const bursts: Move[][] = [];
  for (const some of busy) {
    const gaps = gapsOf(some);
    const close = Math.max(THRESHOLDS.burstGapSeconds * 1000, THRESHOLDS.burstGapMedians * medianOf(gaps));
    // What came in the same hour, and at the usual pace, is none of it.
    const parts = partedAt(some, gaps, close).filter((part) => part.length >= THRESHOLDS.few);
    bursts.push(...parts.map((part) => [...part]));
  }
  const inBurst = new Set(bursts.flat());
  return { bursts, rest: moves.filter((move) => !inBurst.has(move)) };
}

/** Runs of moves of which each lies in an hour with more than `limit`. */
function busyMoves(moves: readonly Move[], limit: number): readonly (readonly Move[])[] {
  const isBusy: boolean[] = Array.from(moves, () => false);
  let [start, known] = [0, 0];
  moves.forEach(({ atMs = 0 }, i) => {
    while (atMs - (moves[start]?.atMs ?? 0) > HOUR_MS) start += 1;
    if (i - start + 1 <= limit) return;
    // What is known to be busy is not marked again: an hour can hold a hundred thousand.
    isBusy.fill(true, Math.max(start, known), i + 1);
    known = i + 1;
  });
  const runs: Move[][] = [];
  moves.forEach((move, i) => {
    if (isBusy[i] !== true) return;
    if (i === 0 || isBusy[i - 1] !== true) runs.push([]);
    runs.at(-1)?.push(move);
  });
  return runs;
}
