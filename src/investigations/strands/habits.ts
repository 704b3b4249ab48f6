import type { Label } from '../types.js';
import type { Move } from './move.js';

const HOUR_MS = 3_600_000;

/** What is known of a writer's ordinary work on one field. */
export interface Habits {
  /** Writes that were seen. */
  readonly seen: number;
  readonly labels: ReadonlyMap<Label, number>;
  /** Most writes in an hour, for all records; where none was seen, what one of the drawn records stands for. */
  readonly busiestHour: number;
  /** Writes a day, for all records. */
  readonly perDay: number;
}

/** Habits by writes of the past. `each`: how many records one that was drawn by chance stands for. */
export function habitsOf(past: readonly Move[], each: number, days: number): Habits {
  const labels = new Map<Label, number>();
  for (const { label } of past) labels.set(label, (labels.get(label) ?? 0) + 1);
  const drawn = past.filter((move) => move.drawn === true);
  return {
    seen: past.length,
    labels,
    busiestHour: Math.max(1, busiestHourOf(drawn)) * each,
    perDay: days === 0 ? 0 : (drawn.length * each) / days,
  };
}

/** Most moves within an hour, of moves in the order of their time. */
export function busiestHourOf(moves: readonly { readonly atMs?: number }[]): number {
  let [most, start] = [0, 0];
  moves.forEach(({ atMs = 0 }, i) => {
    while (atMs - (moves[start]?.atMs ?? 0) > HOUR_MS) start += 1;
    most = Math.max(most, i - start + 1);
  });
  return most;
}

/** Share of the writes seen that had a label; of few, rather more than was seen. */
export function usualShare({ seen, labels }: Habits, label: Label): number {
  return ((labels.get(label) ?? 0) + 1) / (seen + 2);
}
