/** Numbers of at most 15 digits as they are always written: a double holds them exactly. */
const PLAIN = /^(?:0|[1-9]\d{0,14})$/u;
const EMPTY = -1;

/**
 * A set of records, to count them: a plan may write hundreds of thousands, and their keys are numbers mostly. Those are
 * kept in one table outside the heap, all others as texts.
 */
export class RecordSet {
  readonly #objects = new Map<string, NumberSet>();
  readonly #others = new Map<string, Set<string>>();

  get size(): number {
    let size = 0;
    for (const keys of this.#objects.values()) size += keys.size;
    for (const keys of this.#others.values()) size += keys.size;
    return size;
  }

  add({ object, key }: { readonly object: string; readonly key: string }): void {
    if (PLAIN.test(key)) of(this.#objects, object, () => new NumberSet()).add(Number(key));
    else of(this.#others, object, () => new Set<string>()).add(key);
  }

  /** Adds those of another set. */
  addAll(set: RecordSet): void {
    for (const [object, keys] of set.#objects) for (const key of keys.values()) of(this.#objects, object, () => new NumberSet()).add(key);
    for (const [object, keys] of set.#others) for (const key of keys) of(this.#others, object, () => new Set<string>()).add(key);
  }
}

function of<T>(map: Map<string, T>, name: string, make: () => T): T {
  const known = map.get(name) ?? make();
  map.set(name, known);
  return known;
}

/** Whole numbers from 0 on: a hash table with open addressing, at most half full. */
class NumberSet {
  #table = new Float64Array(64).fill(EMPTY);
  size = 0;

  add(n: number): void {
    const place = this.#placeOf(n);
    if (this.#table[place] === n) return;
    this.#table[place] = n;
    this.size += 1;
    if (2 * this.size <= this.#table.length) return;
    const before = this.#table;
    this.#table = new Float64Array(2 * before.length).fill(EMPTY);
    for (const one of before) if (one !== EMPTY) this.#table[this.#placeOf(one)] = one;
  }

  *values(): Iterable<number> {
    for (const one of this.#table) if (one !== EMPTY) yield one;
  }

  /** Where a number is, or would be. */
  #placeOf(n: number): number {
    const mask = this.#table.length - 1;
    let place = Math.imul((n >>> 0) ^ Math.imul(Math.floor(n / 0x1_0000_0000), 0x9e37_79b1), 0x85eb_ca6b);
    place = (place ^ (place >>> 15)) & mask;
    while (this.#table[place] !== EMPTY && this.#table[place] !== n) place = (place + 1) & mask;
    return place;
  }
}
