import { textOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { labelAll, stretchesWithin } from './within.js';

/** Texts that all end at one length: labels them `truncated`. Texts that somebody shortened end where a word does. */
export function labelTruncated(moves: readonly Move[]): void {
  const shortened = moves.filter(({ label }) => label === 'shortened');
  for (const { moves: some } of stretchesWithin(shortened, moves)) {
    const lengths = some.map(({ after }) => textOf(after).length);
    // A space at the end is dropped with what follows it.
    const limit = Math.max(...lengths);
    const atLimit = lengths.filter((length) => length >= limit - 1).length;
    if (some.length >= THRESHOLDS.few && atLimit >= THRESHOLDS.cutAtLimit * some.length) labelAll(some, 'truncated', `after ${limit} characters`);
  }
}
