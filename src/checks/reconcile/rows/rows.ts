const FIRST_WORDS = 1 << 12;
const WORD_BYTES = 4;

/**
 * Rows of numbers with a key each, one after the other in one buffer: what is known of the records of one side. A row is
 * the length of its key in bytes, its columns (32 bits each), and the key, filled up to whole words. So a million records
 * take 60 MB where objects would take a gigabyte, and rows go to disk and back as they are.
 */
export class Rows {
  #bytes: Buffer;
  #words: Uint32Array;
  #used = 0;
  #rows = 0;

  /** `columns`: numbers in a row. `bytes`: rows as {@link bytes} gave them, in a buffer of their own. */
  constructor(
    readonly columns: number,
    bytes?: Buffer,
  ) {
    this.#bytes = bytes ?? Buffer.alloc(FIRST_WORDS * WORD_BYTES);
    this.#words = wordsOf(this.#bytes);
    if (bytes === undefined) return;
    this.#used = this.#words.length;
    for (let at = 0; at < this.#used; at = this.next(at)) this.#rows += 1;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes in use. */
  get size(): number {
    return this.#used * WORD_BYTES;
  }

  add(values: Uint32Array, key: string): void {
    const keyBytes = Buffer.byteLength(key);
    const needed = this.#used + 1 + this.columns + Math.ceil(keyBytes / WORD_BYTES);
    if (needed > this.#words.length) this.#grow(needed);
    this.#words[this.#used] = keyBytes;
    this.#words.set(values, this.#used + 1);
    this.#bytes.write(key, (this.#used + 1 + this.columns) * WORD_BYTES);
    this.#used = needed;
    this.#rows += 1;
  }

  /** Adds a row of other rows, which have the same columns. */
  copy(from: Rows, at: number): void {
    const end = from.next(at);
    const needed = this.#used + end - at;
    if (needed > this.#words.length) this.#grow(needed);
    this.#words.set(from.#words.subarray(at, end), this.#used);
    this.#used = needed;
    this.#rows += 1;
  }

  /** Where each row begins. */
  starts(): Uint32Array {
    const starts = new Uint32Array(this.#rows);
    for (let at = 0, row = 0; at < this.#used; at = this.next(at), row += 1) starts[row] = at;
    return starts;
  }

  /** Where the row behind the one that begins at `at` begins. */
  next(at: number): number {
    return at + 1 + this.columns + Math.ceil((this.#words[at] ?? 0) / WORD_BYTES);
  }

  /** A number of the row that begins at `at`. */
  value(at: number, column: number): number {
    return this.#words[at + 1 + column] ?? 0;
  }

  key(at: number): string {
    const from = (at + 1 + this.columns) * WORD_BYTES;
    return this.#bytes.toString('utf8', from, from + (this.#words[at] ?? 0));
  }

  /** What is there, as bytes that are good until a row is added. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  /** Forgets all rows, and keeps the room. */
  clear(): void {
    this.#used = 0;
    this.#rows = 0;
  }

  #grow(needed: number): void {
    const grown = Buffer.alloc(Math.max(needed, this.#words.length + (this.#words.length >> 1)) * WORD_BYTES);
    this.#bytes.copy(grown, 0, 0, this.size);
    this.#bytes = grown;
    this.#words = wordsOf(grown);
  }
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / WORD_BYTES));
}
