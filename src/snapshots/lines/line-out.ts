import type { LineBatch } from '../../connectors/index.js';
import { compareLines, type LineOrder } from './lines.js';

/** Bytes after which what was gathered is given on. */
const GIVE_BYTES = 256 << 10;

/**
 * Gathers lines that come in their order, in one buffer that is used over and over: what was given is to be used up
 * before a line is added again. Of lines with one key the last stays.
 */
export class LineOut {
  #bytes = Buffer.alloc(0);
  #ends: number[] = [];
  /** Where the last line begins; it is not given before another key has come. */
  #last = 0;
  #used = 0;
  #moves = false;

  /** `onDuplicate` is told of each line that is left out. */
  constructor(
    private readonly lines: LineOrder,
    private readonly onDuplicate: () => void,
  ) {}

  /** Adds the line between two offsets, newline included. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#move();
    if (this.#used > 0 && compareLines(this.lines, this.#bytes, this.#last, bytes, start) === 0) {
      this.onDuplicate();
      this.#used = this.#last;
    } else {
      if (this.#used > 0) this.#ends.push(this.#used);
      this.#last = this.#used;
    }
    const needed = this.#used + end - start;
    if (needed > this.#bytes.length) this.#grow(needed);
    bytes.copy(this.#bytes, this.#used, start, end);
    this.#used = needed;
  }

  /** True where there are enough lines to be given on. */
  get isFull(): boolean {
    return this.#last >= GIVE_BYTES;
  }

  /** Gives all lines but the last, which another one may still take the place of. */
  give(): LineBatch {
    const given = this.#given(this.#last);
    // The last one moves to the front when the next is added: until then what was given stays as it is.
    this.#moves = true;
    return given;
  }

  /** Gives all that is left; undefined where nothing is. */
  giveRest(): LineBatch | undefined {
    this.#move();
    if (this.#used === 0) return undefined;
    this.#ends.push(this.#used);
    return this.#given(this.#used);
  }

  #given(end: number): LineBatch {
    return { bytes: this.#bytes.subarray(0, end), ends: this.#ends };
  }

  #move(): void {
    if (!this.#moves) return;
    this.#moves = false;
    this.#bytes.copyWithin(0, this.#last, this.#used);
    this.#used -= this.#last;
    this.#last = 0;
    this.#ends = [];
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * this.#bytes.length, 2 * GIVE_BYTES), 16 << 10));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}
