import { chunksOf } from '../../../lib/index.js';

/**
 * The keys of a whole object type, in the order in which they came and each once. Kept as a few long texts: a hundred
 * thousand small ones, held while the links are read, would cost their size several times over.
 */
export class KeyList {
  /** As JSON, `size` keys each. */
  readonly #pieces: string[] = [];
  #open: string[] = [];
  #last = '';
  #rises = true;
  #count = 0;

  /** `size`: keys of one piece. */
  constructor(readonly size: number) {}

  /** How many keys were added. */
  get count(): number {
    return this.#count;
  }

  add(key: string): void {
    // Keys that only get larger cannot come twice.
    this.#rises &&= this.#count === 0 || isLarger(key, this.#last);
    this.#last = key;
    this.#count += 1;
    this.#open.push(key);
    if (this.#open.length < this.size) return;
    this.#pieces.push(JSON.stringify(this.#open));
    this.#open = [];
  }

  /** All keys, in pieces of at most `size`. */
  *pieces(): Generator<readonly string[]> {
    if (this.#rises) yield* this.#asTheyCame();
    else yield* chunksOf([...new Set([...this.#asTheyCame()].flat())], this.size);
  }

  *#asTheyCame(): Generator<readonly string[]> {
    for (const piece of this.#pieces) yield JSON.parse(piece) as string[];
    if (this.#open.length > 0) yield this.#open;
  }
}

function isLarger(key: string, other: string): boolean {
  return key.length === other.length ? key > other : key.length > other.length;
}
