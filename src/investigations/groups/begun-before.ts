import { textOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { stretchesOf } from '../strands/stretches.js';
import type { Evidence } from '../types.js';
import type { Draft } from './draft.js';
import type { Run } from './run.js';

/** Writes of the same from before the base, below which they may be others. */
const LEAST = 3;

/**
 * The same group, from its first write on where that lies before the base: the base was read in the middle of it, so it
 * holds a part of the damage. Only drawn records tell of that part, so the first may be earlier still.
 */
export function begunBefore(draft: Draft, run: Run, { fromMs }: Evidence): Draft {
  if ((draft.verdict !== 'damage' && draft.verdict !== 'ask') || !draft.exact) return draft;
  const before = run.strand.recent.filter((move) => isSame(move, run));
  if (before.length < LEAST) return draft;
  // One stretch, as if nobody had read anything in between.
  const stretch = stretchesOf([...before, ...run.moves]).find((moves) => moves.includes(run.moves[0] as Move)) ?? [];
  const began = stretch[0]?.atMs;
  if (began === undefined || began >= fromMs || stretch.filter(({ atMs = fromMs }) => atMs < fromMs).length < LEAST) return draft;
  return { ...draft, fromMs: began, signs: [...draft.signs, { points: 0, words: 'it began before the base was read, which holds a part of it' }] };
}

function isSame(move: Move, { label, detail }: Run): boolean {
  return move.label === label || (label === 'one-value' && textOf(move.after) === detail);
}
