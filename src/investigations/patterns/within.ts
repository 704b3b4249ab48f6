import type { Move } from '../strands/move.js';
import { stretchesOf } from '../strands/stretches.js';

/** What a pattern may take hold of: what its own two values do not explain. */
const OPEN = new Set<string>(['other', 'filled', 'shortened', 'moved', 'grown']);

export function isOpen({ label }: Move): boolean {
  return OPEN.has(label);
}

/** Some moves that lie together, and all that were made in the same time. */
export interface Stretch {
  readonly moves: readonly Move[];
  readonly among: readonly Move[];
}

/** The stretches of some of the moves, each with all moves of its time. */
export function stretchesWithin(some: readonly Move[], all: readonly Move[]): readonly Stretch[] {
  return stretchesOf(some).map((moves) => ({ moves, among: amongOf(moves, all) }));
}

/** All moves between the first and the last of some; both in the order of their time, and `all` does not grow. */
export function amongOf(some: readonly Move[], all: readonly Move[]): readonly Move[] {
  const [first, last] = [some[0], some.at(-1)];
  if (first?.atMs === undefined || last?.atMs === undefined) return bySpellOf(all).get(first?.spell) ?? [];
  return all.slice(placeOf(all, first.atMs), placeOf(all, last.atMs + 1));
}

type BySpell = ReadonlyMap<number | undefined, readonly Move[]>;
const sorted = new WeakMap<readonly Move[], BySpell>();

/** Moves by their spell, sorted once: each of thousands of values asks for them. */
function bySpellOf(all: readonly Move[]): BySpell {
  const known = sorted.get(all);
  if (known !== undefined) return known;
  const spells = new Map<number | undefined, Move[]>();
  for (const move of all) {
    const spell = spells.get(move.spell);
    if (spell === undefined) spells.set(move.spell, [move]);
    else spell.push(move);
  }
  sorted.set(all, spells);
  return spells;
}

/** Place of the first that is not before a time. */
function placeOf(all: readonly Pick<Move, 'atMs'>[], ms: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.atMs ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Labels moves, with more of the label for people. */
export function labelAll(moves: readonly Move[], label: Move['label'], detail?: string): void {
  for (const move of moves) {
    move.label = label;
    if (detail === undefined) delete move.detail;
    else move.detail = detail;
  }
}

/** Moves by some text of theirs, those without one left out, the largest first. */
export function groupedBy(moves: readonly Move[], textOf: (move: Move) => string | undefined): readonly (readonly [string, readonly Move[]])[] {
  const groups = new Map<string, Move[]>();
  for (const move of moves) {
    const text = textOf(move);
    if (text === undefined) continue;
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [move]);
    else group.push(move);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}
