import type { Link } from '../../../records/index.js';

/** Links that lie in one piece of memory: such pieces are never moved to larger ones. */
const AT_ONCE = 4096;

/**
 * Links of one kind by both of their ends, as numbers: a million take 16 MB outside the heap. What is no exact number
 * is kept as it is.
 */
export class PairList {
  readonly #ends: Float64Array[] = [];
  readonly #others = new Map<number, Link>();
  #count = 0;

  add(from: string, to: string): void {
    const at = this.#count % AT_ONCE;
    if (at === 0) this.#ends.push(new Float64Array(2 * AT_ONCE));
    const ends = this.#ends.at(-1) ?? new Float64Array(0);
    const [one, other] = [Number(from), Number(to)];
    if (String(one) !== from || String(other) !== to) this.#others.set(this.#count, { from, to });
    ends[2 * at] = one;
    ends[2 * at + 1] = other;
    this.#count += 1;
  }

  /** All links in the order in which they were added, in pieces of at most `size`. */
  *pieces(size: number): Generator<readonly Link[]> {
    for (let start = 0; start < this.#count; start += size)
      yield Array.from({ length: Math.min(size, this.#count - start) }, (_, n) => this.#at(start + n));
  }

  #at(n: number): Link {
    const ends = this.#ends[Math.floor(n / AT_ONCE)];
    const at = n % AT_ONCE;
    return this.#others.get(n) ?? { from: String(ends?.[2 * at]), to: String(ends?.[2 * at + 1]) };
  }
}
