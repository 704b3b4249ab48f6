import type { FieldSchema } from '../../records/index.js';
import { isEmpty, textOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { isOpen, labelAll, stretchesWithin } from './within.js';

/** Records that hold again what they held before their last value: an old file, or a copy that fell behind. Labels them `stale`. */
export function labelStale(moves: readonly Move[], schema: FieldSchema | undefined): void {
  // A status goes back and forth.
  if (schema?.type === 'enum' || schema?.type === 'boolean') return;
  const old = moves.filter(
    (move) => isOpen(move) && !isEmpty(move.after) && move.earlier?.some((value) => textOf(value) === textOf(move.after)) === true,
  );
  for (const { moves: some, among } of stretchesWithin(old, moves))
    if (some.length >= THRESHOLDS.few && some.length >= THRESHOLDS.passedOnShare * among.length) labelAll(some, 'stale');
}
