import { isEmpty, textOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { groupedBy, isOpen, labelAll } from './within.js';

/** Each old option became one other option, in a burst: labels it `remapped`. `burst`: moves of one stretch of time. */
export function labelRemapped(burst: readonly Move[]): void {
  const open = burst.filter((move) => isOpen(move) && !isEmpty(move.before));
  const options = groupedBy(open, ({ before }) => textOf(before));
  // Names and numbers have as many values as records: each would be mapped to one.
  if (options.length * THRESHOLDS.remapOptions > open.length) return;
  const pairs = options.map(([, moves]) => ({ moves, to: groupedBy(moves, ({ after }) => textOf(after))[0] }));
  const targets = new Set(pairs.map(({ to }) => to?.[0]));
  const explained = pairs.reduce((sum, { to }) => sum + (to?.[1].length ?? 0), 0);
  if (pairs.length < THRESHOLDS.remapOptions || targets.size < 2 || explained < THRESHOLDS.remapPurity * open.length) return;
  const shown = pairs.slice(0, 3).map(({ moves, to }) => `${textOf(moves[0]?.before)} → ${to?.[0] ?? ''}`);
  for (const { to } of pairs) labelAll(to?.[1] ?? [], 'remapped', shown.join(', '));
}
