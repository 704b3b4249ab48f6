import type { RowPair } from '../rows/pile.js';
import type { Rows } from '../rows/rows.js';

/** Rows of both sides that a way of matching puts together: where each begins. */
export interface RowGroup {
  readonly left: readonly number[];
  readonly right: readonly number[];
}

const NONE = -1;

/**
 * The rows of a pair by the two numbers of a way, which begin at `column`; each group holds all rows of both sides with the
 * same numbers, in the order in which they came.
 */
export function* groupsBy([left, right]: RowPair, column: number): Generator<RowGroup> {
  const starts = [left.starts(), right.starts()] as const;
  const table = new GroupTable(left.rows + right.rows);
  const next = [new Int32Array(left.rows).fill(NONE), new Int32Array(right.rows).fill(NONE)] as const;
  const heads = [new Int32Array(table.most).fill(NONE), new Int32Array(table.most).fill(NONE)] as const;
  for (const side of [0, 1] as const) {
    const rows = side === 0 ? left : right;
    // From behind, so that the first row of a group becomes its head.
    for (let row = rows.rows - 1; row >= 0; row -= 1) {
      const at = starts[side][row] ?? 0;
      const group = table.of(rows.value(at, column), rows.value(at, column + 1));
      next[side][row] = heads[side][group] ?? NONE;
      heads[side][group] = row;
    }
  }
  const all = (side: 0 | 1, group: number): number[] => {
    const rows: number[] = [];
    for (let row = heads[side][group] ?? NONE; row !== NONE; row = next[side][row] ?? NONE) rows.push(starts[side][row] ?? 0);
    return rows;
  };
  for (let group = 0; group < table.groups; group += 1) yield { left: all(0, group), right: all(1, group) };
}

/** Numbers the pairs of numbers that it is asked for, from 0. */
class GroupTable {
  readonly most: number;
  groups = 0;
  readonly #mask: number;
  readonly #slots: Int32Array;
  readonly #pairs: Uint32Array;

  constructor(most: number) {
    this.most = Math.max(most, 1);
    const slots = 1 << Math.ceil(Math.log2(2 * this.most + 1));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots).fill(NONE);
    this.#pairs = new Uint32Array(2 * this.most);
  }

  of(a: number, b: number): number {
    for (let slot = (a ^ (b >>> 7)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const group = this.#slots[slot] ?? NONE;
      if (group === NONE) {
        this.#slots[slot] = this.groups;
        this.#pairs.set([a, b], 2 * this.groups);
        this.groups += 1;
        return this.groups - 1;
      }
      if (this.#pairs[2 * group] === a && this.#pairs[2 * group + 1] === b) return group;
    }
  }
}

/** The keys of some rows. */
export function keysOf(rows: Rows, starts: readonly number[]): readonly string[] {
  return starts.map((at) => rows.key(at));
}
