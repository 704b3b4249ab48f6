import type { FieldSchema } from '../../records/index.js';
import { countsOf, isEmpty, textOf } from '../labels/values.js';
import { isBeyondChance } from '../strands/by-chance.js';
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
  const left = old.filter(isOpen);
  if (left.length >= THRESHOLDS.few && isBeyondChance(left.length, byChance(moves))) labelAll(left, 'stale');
}

/** Older values of a record that chance could find: few records hold more that the history still tells of. */
const OLDER = 4;

/** How many would hold an older value again if each had drawn its value from all that were written. */
function byChance(moves: readonly Move[]): number {
  let same = 0;
  for (const count of countsOf(moves.map(({ after }) => after)).values()) same += (count / moves.length) ** 2;
  return OLDER * same * moves.length;
}

/** The same of the past: a writer whose values count does so whenever another one wrote in between. */
export function labelStalePast(past: readonly Move[], schema: FieldSchema | undefined): void {
  if (schema?.type === 'enum' || schema?.type === 'boolean') return;
  const held = new Map<string, Set<string>>();
  for (const move of past) {
    const before = held.get(move.key) ?? new Set<string>();
    if (isOpen(move) && !isEmpty(move.after) && before.has(textOf(move.after))) labelAll([move], 'stale');
    before.add(textOf(move.before));
    held.set(move.key, before);
  }
}
