import type { FieldSchema } from '../../records/index.js';
import { countsOf, textOf } from '../labels/values.js';
import { isBeyondChance } from '../strands/by-chance.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import { isOpen, labelAll, stretchesWithin, type Stretch } from './within.js';

/** How far values can have slipped for that to be looked for. */
const SHIFTS = [1, -1, 2, -2];
/** What a share must be above what chance alone gives. */
const ABOVE_CHANCE = 0.3;

/**
 * Records that hold what others held: values that slipped by a row, or a column that was sorted by itself. Labels them
 * `passed-on`.
 */
export function labelPassedOn(moves: readonly Move[], schema: FieldSchema | undefined): void {
  // Any option is what others hold.
  if (schema?.type === 'enum' || schema?.type === 'boolean' || schema?.type === 'set') return;
  const open = moves.filter((move) => isOpen(move) && textOf(move.after).length > 1 && textOf(move.before).length > 1);
  if (open.length < THRESHOLDS.few) return;
  const holders = holdersOf(open);
  const taken = open.filter(({ key, after }) => {
    const holder = holders.get(textOf(after));
    return holder !== undefined && holder !== key;
  });
  const chance = chanceOfSame(open);
  for (const stretch of stretchesWithin(taken, moves)) {
    if (!isPassedOn(stretch, chance)) continue;
    labelAll(stretch.moves, 'passed-on');
    labelAll(filledFrom(stretch), 'passed-on');
  }
}

/** Empty fields among them that got what one other of these records held, and no second one. */
function filledFrom({ among }: Stretch): readonly Move[] {
  const holders = holdersOf(among.filter(({ before }) => textOf(before).length > 1));
  return among.filter(({ label, key, after }) => {
    const holder = label === 'filled' ? holders.get(textOf(after)) : undefined;
    return holder !== undefined && holder !== '' && holder !== key;
  });
}

/** Of each value the record that held it; '' where several did. What a record itself held before is nobody else's. */
function holdersOf(moves: readonly Move[]): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const { key, before } of moves) {
    const text = textOf(before);
    const known = holders.get(text);
    holders.set(text, known === undefined || known === key ? key : '');
  }
  return holders;
}

/** One move a record, from what it held first to what it holds last: a counter holds many values, one behind the other. */
function onceEach(moves: readonly Move[]): readonly Move[] {
  const each = new Map<string, Move>();
  for (const move of moves) {
    const first = each.get(move.key);
    each.set(move.key, first === undefined ? move : { ...move, before: first.before });
  }
  return each.size === moves.length ? moves : [...each.values()];
}

/** `chance`: that two records hold the same. */
function isPassedOn({ moves, among }: Stretch, chance: number): boolean {
  if (moves.length < THRESHOLDS.few) return false;
  const whole = onceEach(among.filter((move) => isOpen(move)));
  if (whole.length < THRESHOLDS.lowVariety && chance > 1 / THRESHOLDS.lowVariety) return false;
  return shiftShare(whole) >= Math.max(THRESHOLDS.passedOnShare, chance + ABOVE_CHANCE) || isMixedUp(whole, chance);
}

/** Share of the records that hold what the one before or behind them held, in the order of their keys. */
function shiftShare(moves: readonly Move[]): number {
  const inOrder = [...moves].sort((a, b) => a.key.length - b.key.length || (a.key < b.key ? -1 : 1));
  const shares = SHIFTS.map(
    (shift) => inOrder.filter(({ after }, i) => textOf(inOrder[i - shift]?.before) === textOf(after)).length / inOrder.length,
  );
  return Math.max(...shares);
}

/** Chance that two records hold the same. */
function chanceOfSame(moves: readonly Move[]): number {
  let same = 0;
  for (const count of countsOf(moves.map(({ before }) => before)).values()) same += count * (count - 1);
  return same / Math.max(1, moves.length * (moves.length - 1));
}

/** True where the new values are the old ones of others, far more than chance would have it. */
function isMixedUp(moves: readonly Move[], chance: number): boolean {
  const held = countsOf(moves.map(({ before }) => before));
  const written = countsOf(moves.map(({ after }) => after));
  if (written.size < THRESHOLDS.distinctShare * moves.length) return false;
  let same = 0;
  for (const [text, count] of written) same += Math.min(count, held.get(text) ?? 0);
  const byChance = 1 - Math.exp(-moves.length * chance);
  return same / moves.length >= Math.max(THRESHOLDS.passedOnShare, byChance + ABOVE_CHANCE) && isBeyondChance(same, byChance * moves.length);
}
