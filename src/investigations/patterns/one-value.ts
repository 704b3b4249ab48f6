import { countsOf, isEmpty, textOf } from '../labels/values.js';
import { isBeyondChance } from '../strands/by-chance.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { groupedBy, isOpen, labelAll, stretchesWithin } from './within.js';

/** Many records got one value that few had: labels them `one-value`. `past`: what was written before, to know what is frequent anyway. */
export function labelOneValue(moves: readonly Move[], past: readonly Move[]): void {
  const open = moves.filter((move) => isOpen(move) && !isEmpty(move.after));
  const before = countsOf(moves.map((move) => move.before));
  const written = countsOf(past.map(({ after }) => after));
  for (const [value, same] of groupedBy(open, ({ after }) => textOf(after))) {
    if (same.length < THRESHOLDS.oneValue) break;
    const held = Math.max((before.get(value) ?? 0) / moves.length, ((written.get(value) ?? 0) + 1) / (past.length + THRESHOLDS.oneValue));
    for (const { moves: some, among } of stretchesWithin(same, moves)) {
      const share = some.length / among.length;
      const outside = moves.length - among.length;
      const usual = Math.max(held, outside < THRESHOLDS.oneValue ? 0 : (same.length - some.length) / outside);
      if (!isBeyondChance(some.length, usual * among.length, THRESHOLDS.deviationsOfOne)) continue;
      if (some.length >= THRESHOLDS.oneValue && share >= THRESHOLDS.oneValueShare && share >= THRESHOLDS.oneValueRise * usual)
        labelAll(some, 'one-value', value);
    }
  }
}
