const FIRST = 1024;

/**
 * Keys that are asked for by the million: as sorted numbers, 8 bytes each outside the heap. What is no exact number is
 * kept as it is.
 */
export class KeySet {
  #numbers = new Float64Array(FIRST);
  #count = 0;
  #sorted = true;
  readonly #others = new Set<string>();

  /** Takes a key that was not added before. */
  add(key: string): void {
    const number = Number(key);
    if (String(number) !== key) {
      this.#others.add(key);
      return;
    }
    if (this.#count === this.#numbers.length) {
      const grown = new Float64Array(2 * this.#numbers.length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#sorted &&= this.#count === 0 || (this.#numbers[this.#count - 1] ?? 0) < number;
    this.#numbers[this.#count] = number;
    this.#count += 1;
  }

  get size(): number {
    return this.#count + this.#others.size;
  }

  has(key: string): boolean {
    const number = Number(key);
    if (String(number) !== key) return this.#others.has(key);
    this.#sort();
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#numbers[low] === number;
  }

  /** All of them, numbers by their size. */
  *[Symbol.iterator](): Generator<string> {
    this.#sort();
    for (let n = 0; n < this.#count; n += 1) yield String(this.#numbers[n]);
    yield* this.#others;
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#numbers.subarray(0, this.#count).sort();
    this.#sorted = true;
  }
}
