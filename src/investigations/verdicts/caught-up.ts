import type { Run } from '../groups/run.js';
import type { Habits } from '../strands/habits.js';
import { THRESHOLDS } from '../thresholds.js';

const DAY_MS = 86_400_000;
/** A silence is one from half a day on. */
const SILENCE_DAYS = 0.5;

/** True for a burst behind a silence in which the writer would have written about as much. `fromMs`: when the base was read. */
export function caughtUp({ strand, among }: Run, { perDay }: Habits, fromMs: number): boolean {
  const startMs = among[0]?.atMs ?? 0;
  const before = strand.moves.findLast(({ atMs = 0 }) => atMs < startMs)?.atMs ?? (strand.recent.at(-1) ?? strand.past.at(-1))?.atMs ?? fromMs;
  const days = (startMs - before) / DAY_MS;
  // The day itself has its own.
  return days >= SILENCE_DAYS && among.length <= THRESHOLDS.catchUp * perDay * (days + 1);
}
