import type { Link } from '../../../records/index.js';

const FIRST = 256;

/** Links of one kind in both of their ends, as numbers: ids fit, and a million links take 16 MB outside the heap. */
export class PairList {
  #ends = new Float64Array(FIRST);
  #count = 0;

  add(from: string, to: string): void {
    if (2 * this.#count === this.#ends.length) {
      const grown = new Float64Array(2 * this.#ends.length);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[2 * this.#count] = Number(from);
    this.#ends[2 * this.#count + 1] = Number(to);
    this.#count += 1;
  }

  /** All links in the order in which they were added, in pieces of at most `size`. */
  *pieces(size: number): Generator<readonly Link[]> {
    for (let start = 0; start < this.#count; start += size)
      yield Array.from({ length: Math.min(size, this.#count - start) }, (_, n) => ({
        from: String(this.#ends[2 * (start + n)]),
        to: String(this.#ends[2 * (start + n) + 1]),
      }));
  }
}
