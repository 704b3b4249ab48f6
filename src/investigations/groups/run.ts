import { amongOf } from '../patterns/within.js';
import { burstsOf } from '../strands/bursts.js';
import type { Habits } from '../strands/habits.js';
import type { Move, Strand } from '../strands/move.js';
import { stretchesOf } from '../strands/stretches.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Label } from '../types.js';

/** Moves of one strand that have a label in common and lie together: what is judged. */
export interface Run {
  readonly strand: Strand;
  readonly label: Label;
  readonly detail: string | undefined;
  readonly moves: readonly Move[];
  /** All that the writer wrote to the field in that time. */
  readonly among: readonly Move[];
  /** The strand's ordinary course, as against a burst or a stretch of its own. */
  readonly isRest: boolean;
}

/** Labels of ordinary work: they flow, and only a burst of them is something of its own. */
const FLOWING: ReadonlySet<Label> = new Set(['other', 'filled', 'form', 'grown', 'stamp', 'shortened', 'put-back', 'opted-out']);
/** Labels whose details are different patterns. */
const BY_DETAIL: ReadonlySet<Label> = new Set(['one-value', 'factor', 'date-offset', 'affix', 'moved']);

/** Parts what was written since the base into runs; each move is in one. */
export function runsOf(strand: Strand, habits: Habits): readonly Run[] {
  const { moves } = strand;
  const labels = new Map<string, Move[]>();
  for (const move of moves) {
    const name = JSON.stringify([move.label, BY_DETAIL.has(move.label) ? move.detail : '']);
    const same = labels.get(name);
    if (same === undefined) labels.set(name, [move]);
    else same.push(move);
  }
  const { bursts } = burstsOf(moves, habits.busiestHour);
  const inBurst = new Map(bursts.flatMap((burst, i) => burst.map((move) => [move, i] as const)));
  const rest: Move[] = [];
  const runs: Run[] = [];
  const calm = moves.filter((move) => !inBurst.has(move));
  const add = (some: readonly Move[], isRest: boolean): void => {
    const [first] = some;
    if (first === undefined) return;
    const { label, detail } = first;
    runs.push({ strand, label, detail, moves: some, among: isRest ? calm : amongOf(some, moves), isRest });
  };
  for (const same of labels.values()) {
    const flows = FLOWING.has(same[0]?.label ?? 'other');
    const parts = flows ? partsOf(same, inBurst) : stretchesOf(same);
    for (const part of parts) {
      // A few of something are part of the ordinary course, unless there is nothing else.
      if (part.length < THRESHOLDS.few && same.length < moves.length && !flows) rest.push(...part);
      else add(part, flows && !inBurst.has(part[0] as Move) && habits.seen > 0);
    }
  }
  if (rest.length > 0) runs.push({ strand, label: 'other', detail: undefined, moves: rest, among: calm.length === 0 ? moves : calm, isRest: true });
  return runs;
}

/** By burst, and what is in none. */
function partsOf(moves: readonly Move[], inBurst: ReadonlyMap<Move, number>): readonly (readonly Move[])[] {
  if (moves.some(({ atMs }) => atMs === undefined)) return stretchesOf(moves);
  const parts = new Map<number, Move[]>();
  for (const move of moves) {
    const place = inBurst.get(move) ?? -1;
    const part = parts.get(place);
    if (part === undefined) parts.set(place, [move]);
    else part.push(move);
  }
  return [...parts.values()];
}
