import type { FieldSchema } from '../../records/index.js';
import { textOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { labelAll, stretchesWithin } from './within.js';

/** Texts that all end at one length: labels them `truncated`. Texts that somebody shortened end where a word does. */
export function labelTruncated(moves: readonly Move[], schema: FieldSchema | undefined): void {
  if (schema?.type !== 'number') labelZerosLost(moves);
  const shortened = moves.filter(({ label }) => label === 'shortened');
  for (const { moves: some } of stretchesWithin(shortened, moves)) {
    const lengths = some.map(({ after }) => textOf(after).length);
    // A space at the end is dropped with what follows it.
    const limit = Math.max(...lengths);
    const atLimit = lengths.filter((length) => length >= limit - 1).length;
    if (some.length >= THRESHOLDS.few && atLimit >= THRESHOLDS.cutAtLimit * some.length) labelAll(some, 'truncated', `after ${limit} characters`);
  }
}

/** Codes that begin with zeros and went through a program that takes them for numbers. */
function labelZerosLost(moves: readonly Move[]): void {
  const lost = moves.filter(
    ({ label, before, after }) => label === 'form' && /^0\d+$/u.test(textOf(before)) && textOf(before).replace(/^0+/u, '') === after,
  );
  if (lost.length >= THRESHOLDS.few) labelAll(lost, 'truncated', 'zeros at the beginning');
}
