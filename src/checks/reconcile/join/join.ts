import type { SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import type { Comparison } from '../rows/columns.js';
import { Pile, type RowPair } from '../rows/pile.js';
import { layoutOf, type RowLayout, type RowMaker, rowMaker } from '../rows/row-maker.js';
import { differingIn } from './differing.js';
import { groupsBy, keysOf, type RowGroup } from './groups.js';

/** What a join found and is to be looked at again. */
export type Candidate =
  /** Two records that belong together, and the places in `comparison.fields` in which they may differ. */
  | { readonly kind: 'pair'; readonly keys: readonly [string, string]; readonly fields: readonly number[] }
  /** A record without a counterpart. */
  | { readonly kind: 'alone'; readonly side: SideIndex; readonly key: string }
  /** Several records of a side that fit one of the other, by one way of matching. */
  | { readonly kind: 'twice'; readonly way: number; readonly keys: readonly [readonly string[], readonly string[]] };

export interface JoinOptions {
  /** Rows held in memory, in bytes; the rest goes to disk. */
  readonly memoryBytes?: number;
  /** Called once, only if there are more: an existing folder for temporary files, which the caller removes. */
  readonly scratch: () => Promise<string>;
}

const MEMORY_BYTES = 16 << 20;

/**
 * Matches the records of both sides, as a mapping says, and gives those that differ. Ways of matching are tried one after
 * the other: what one of them puts together is out of the next. Records are kept as hashes of their values; what does
 * not fit into memory is joined on disk, part by part, with the same outcome in another order.
 */
export class Join {
  /** Pairs found so far. */
  matched = 0;
  /** Records of each side. */
  readonly records: [number, number] = [0, 0];
  /** Records of each side without a counterpart that the mapping lets stand alone. */
  readonly leftAlone: [number, number] = [0, 0];
  readonly #layout: RowLayout;
  readonly #makers: readonly [RowMaker, RowMaker];
  readonly #piles: readonly Pile[];
  /** Records that no way can match. */
  readonly #lost: Candidate[] = [];

  constructor(
    private readonly comparison: Comparison,
    { memoryBytes = MEMORY_BYTES, scratch }: JoinOptions,
  ) {
    this.#layout = layoutOf(comparison);
    this.#makers = [rowMaker(comparison, 0), rowMaker(comparison, 1)];
    const { columns } = this.#layout;
    const share = memoryBytes / Math.max(1, comparison.match.length);
    this.#piles = comparison.match.map(
      (_, way) => new Pile({ columns, column: this.#layout.way(way), memoryBytes: share, scratch, name: `way-${way}` }),
    );
  }

  /** Adds some records of a side. */
  async add(side: SideIndex, records: Iterable<PlatformRecord>): Promise<void> {
    const make = this.#makers[side];
    for (const record of records) {
      this.records[side] += 1;
      const values = make(record);
      const pile = this.#piles[this.#wayFrom(0, (column) => values[column] ?? 0)];
      if (pile !== undefined) pile.add(side, values, record.key);
      else if (values[this.#layout.alone] === 1) this.leftAlone[side] += 1;
      else this.#lost.push({ kind: 'alone', side, key: record.key });
    }
    for (const pile of this.#piles) await pile.flush();
  }

  /** Gives what differs, once all records are added. */
  async *candidates(): AsyncGenerator<Candidate> {
    for (const [way, pile] of this.#piles.entries())
      for await (const rows of pile.take()) {
        for (const group of groupsBy(rows, this.#layout.way(way))) yield* this.#judge(way, rows, group);
        for (const later of this.#piles.slice(way + 1)) await later.flush();
      }
    yield* this.#lost;
  }

  async close(): Promise<void> {
    for (const pile of this.#piles) await pile.close();
  }

  /** The first way from `way` on by which a record can be matched: one in which it holds something. */
  #wayFrom(way: number, value: (column: number) => number): number {
    const { length } = this.#piles;
    let at = way;
    while (at < length && value(this.#layout.way(at)) === 0) at += 1;
    return at;
  }

  *#judge(way: number, rows: RowPair, { left, right }: RowGroup): Generator<Candidate> {
    const [a, b] = [left[0], right[0]];
    if (a === undefined || b === undefined) {
      const side = a === undefined ? 1 : 0;
      for (const at of side === 0 ? left : right) yield* this.#pass(way, side, rows, at);
      return;
    }
    if (left.length > 1 || right.length > 1) {
      yield { kind: 'twice', way, keys: [keysOf(rows[0], left), keysOf(rows[1], right)] };
      return;
    }
    this.matched += 1;
    const fields = differingIn(this.comparison, this.#layout, rows, a, b);
    if (fields.length > 0) yield { kind: 'pair', keys: [rows[0].key(a), rows[1].key(b)], fields };
  }

  /** Hands a record without a counterpart on to the next way, or gives it up. */
  *#pass(way: number, side: SideIndex, rows: RowPair, at: number): Generator<Candidate> {
    const next = this.#piles[this.#wayFrom(way + 1, (column) => rows[side].value(at, column))];
    if (next !== undefined) next.copy(side, rows[side], at);
    else if (rows[side].value(at, this.#layout.alone) === 1) this.leftAlone[side] += 1;
    else yield { kind: 'alone', side, key: rows[side].key(at) };
  }
}
