import { dropFirst, heapify, sink } from '../lines/heap.js';
import { compareLines, type LineOrder, NEWLINE } from '../lines/lines.js';
import { keyStart, type ChangeLines } from './change-lines.js';

/** Some changes of one part, one after the other. */
interface Run extends ChangeLines {
  /** How many snapshots of the chain are newer. */
  readonly level: number;
  /** The present change, and the first that is none of these any more. */
  n: number;
  readonly end: number;
  /** Where the present change begins, and its key. */
  start: number;
  at: number;
}

/**
 * What the snapshots of a chain changed, in the order of the keys: of each key the newest change. Makes nothing of a
 * change; where the present one lies is told until {@link NewestChanges.next} is called.
 */
export class NewestChanges {
  bytes: Buffer = Buffer.alloc(0);
  /** Start of a line with the key of the present change. */
  at = 0;
  /** True where it says that what has this key is gone. */
  isGone = false;
  atEnd = false;
  readonly #heads: Run[] = [];
  readonly #comesFirst: (a: Run, b: Run) => boolean;

  constructor(private readonly lines: LineOrder) {
    this.#comesFirst = (a, b) => (compareLines(lines, a.bytes, a.at, b.bytes, b.at) || a.level - b.level) < 0;
  }

  /** Adds changes from the `n`th of a part on, up to before the `end`th; `level`: how many snapshots of the chain are newer. */
  add({ bytes, starts }: ChangeLines, n: number, end: number, level: number): void {
    const start = starts[n];
    if (start !== undefined && n < end) this.#heads.push({ bytes, starts, level, n, end, start, at: keyStart(bytes, start) });
  }

  /** Goes to the first change; nothing can be added any more. */
  begin(): this {
    heapify(this.#heads, this.#comesFirst);
    this.next();
    return this;
  }

  /** Goes to the next key. */
  next(): void {
    const [first] = this.#heads;
    if (first === undefined) {
      this.atEnd = true;
      return;
    }
    const { bytes, at, start } = first;
    this.bytes = bytes;
    this.at = at;
    this.isGone = at !== start;
    this.#forward(first);
    // What older snapshots changed there.
    for (let [older] = this.#heads; older !== undefined; [older] = this.#heads) {
      if (compareLines(this.lines, older.bytes, older.at, bytes, at) !== 0) return;
      this.#forward(older);
    }
  }

  /** Where the line of the present change ends, its newline included. */
  get end(): number {
    return this.bytes.indexOf(NEWLINE, this.at) + 1;
  }

  /** Moves on the run that comes first. */
  #forward(first: Run): void {
    first.n += 1;
    const start = first.starts[first.n];
    if (start === undefined || first.n >= first.end) {
      dropFirst(this.#heads, this.#comesFirst);
      return;
    }
    first.start = start;
    first.at = keyStart(first.bytes, start);
    sink(this.#heads, 0, this.#comesFirst);
  }
}
