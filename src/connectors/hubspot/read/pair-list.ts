import type { Link } from '../../../records/index.js';

const FIRST = 256;

/**
 * Links of one kind by both of their ends, as numbers: a million take 16 MB outside the heap. What is no exact number
 * is kept as it is.
 */
export class PairList {
  #ends = new Float64Array(FIRST);
  readonly #others = new Map<number, Link>();
  #count = 0;

  add(from: string, to: string): void {
    if (2 * this.#count === this.#ends.length) {
      const grown = new Float64Array(2 * this.#ends.length);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    const ends = [Number(from), Number(to)] as const;
    if (String(ends[0]) !== from || String(ends[1]) !== to) this.#others.set(this.#count, { from, to });
    this.#ends.set(ends, 2 * this.#count);
    this.#count += 1;
  }

  /** All links in the order in which they were added, in pieces of at most `size`. */
  *pieces(size: number): Generator<readonly Link[]> {
    for (let start = 0; start < this.#count; start += size)
      yield Array.from({ length: Math.min(size, this.#count - start) }, (_, n) => this.#at(start + n));
  }

  #at(n: number): Link {
    return this.#others.get(n) ?? { from: String(this.#ends[2 * n]), to: String(this.#ends[2 * n + 1]) };
  }
}
