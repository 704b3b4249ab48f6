import { counted } from '../../lib/index.js';
import type { FieldSchema } from '../../records/index.js';
import { affixOf } from '../labels/texts.js';
import { numberOf, textOf, timeOf } from '../labels/values.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Label } from '../types.js';
import { groupedBy, isOpen, labelAll, stretchesWithin } from './within.js';

/** Numbers multiplied by one factor, days moved by one offset, texts with one prefix or ending: labels them so. */
export function labelSameShift(moves: readonly Move[], schema: FieldSchema | undefined): void {
  if (schema?.type === 'enum' || schema?.type === 'boolean' || schema?.type === 'set') return;
  labelSame(moves, 'factor', factorOf);
  labelSame(moves, 'date-offset', offsetOf);
  labelSame(moves, 'affix', ({ before, after }) =>
    typeof before === 'string' && typeof after === 'string' && numberOf(before) === undefined ? affixOf(before, after) : undefined,
  );
}

function labelSame(moves: readonly Move[], label: Label, detailOf: (move: Move) => string | undefined): void {
  const open = moves.filter(isOpen);
  for (const [detail, same] of groupedBy(open, detailOf)) {
    if (same.length < THRESHOLDS.few) return;
    for (const { moves: some, among } of stretchesWithin(same, moves)) {
      const different = new Set(some.map(({ before }) => textOf(before))).size;
      if (different >= THRESHOLDS.few && some.length >= THRESHOLDS.sameShiftShare * among.length) labelAll(some, label, detail);
    }
  }
}

function factorOf({ before, after }: Move): string | undefined {
  const [a, b] = [numberOf(before), numberOf(after)];
  if (a === undefined || b === undefined || a === 0 || b === 0 || a === b) return undefined;
  return `× ${Number((b / a).toPrecision(6))}`;
}

function offsetOf({ before, after }: Move): string | undefined {
  const [a, b] = [timeOf(before), timeOf(after)];
  if (a === undefined || b === undefined || a === b) return undefined;
  const minutes = Math.round((b - a) / 60_000);
  const sign = minutes < 0 ? '−' : '+';
  const size = Math.abs(minutes);
  return size % 1440 === 0 ? `${sign}${counted(size / 1440, 'days')}` : `${sign}${counted(size, 'minutes')}`;
}
