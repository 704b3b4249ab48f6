import { createHash } from 'node:crypto';

import type { LineBatch } from '../../connectors/index.js';
import { defined, RunbackError, sha256 } from '../../lib/index.js';
import {
  beginsLine,
  compareLines,
  isWholeAt,
  keyAt,
  keyOffset,
  NEWLINE,
  otherEndAt,
  stringEnd,
  type LineKind,
  type LineOrder,
} from '../lines/lines.js';
import type { PartInfo } from '../types.js';
import { partEntry } from './names.js';

/** Sizes between which parts are cut, uncompressed. */
export interface PartSizes {
  readonly min: number;
  readonly max: number;
}
export const PART_SIZES: PartSizes = { min: 1 << 20, max: 4 << 20 };

/**
 * Longest line a snapshot takes: more than this in one record is refused, since readers hold a whole part in memory.
 */
export const LINE_LIMIT = 64 << 20;

/** Size that a part buffer begins with. */
const FIRST_BYTES = 64 << 10;

/** Takes entries one after the other. Resolves when the bytes of one have been read, so that they may be reused. */
export interface PartSink {
  add(name: string, bytes: Buffer): Promise<void>;
  /** SHA-256 of an entry as it lies there, where the container can tell. */
  storedDigest?(name: string): Promise<string | undefined>;
}

/** What {@link PartWriter.finish} tells of everything it wrote. */
export interface WrittenParts {
  readonly rows: number;
  readonly digest: string;
  readonly parts: readonly PartInfo[];
}

/**
 * What parts are filled in: one is filled while the other is written. Used for one object type after the other, and
 * only by one at a time.
 */
export type PartBuffers = [Buffer, Buffer];

/** Empty ones; they grow as they are needed. */
export function partBuffers(): PartBuffers {
  return [Buffer.alloc(0), Buffer.alloc(0)];
}

/**
 * Cuts lines that come in the order of their keys into parts and hands them to the container. A part ends, once it has
 * `min` bytes, after a record chosen by a hash of its key (so an insertion elsewhere does not move the boundary; a long
 * line is chosen more often, so parts of wide and of narrow records come out alike), and at the latest before it
 * exceeds `max`.
 *
 * Memory: two part buffers, which whoever writes several object types gives. Order and duplicates are checked: a line
 * that repeats the key before it is left out and counted, a key that goes backwards throws `platform-nonsense`.
 */
export class PartWriter {
  /** Lines left out because their key stood directly before. */
  duplicates = 0;
  readonly #parts: PartInfo[] = [];
  private readonly kind: LineKind;
  readonly #buffers: PartBuffers;
  #filling: 0 | 1 = 0;
  #used = 0;
  #rows = 0;
  #totalRows = 0;
  /** The line before, for the order check. Empty: there was none. */
  #last = Buffer.alloc(0);
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly container: PartSink,
    private readonly folder: string,
    private readonly lines: LineOrder,
    private readonly what: string,
    private readonly sizes: PartSizes = PART_SIZES,
    buffers: PartBuffers = partBuffers(),
    /** Of links, the other ends of the first and last line of a part are told too. */
    private readonly ends = false,
  ) {
    this.kind = lines.kind;
    this.#buffers = buffers;
  }

  /** Takes whole lines. The batch's bytes may be reused once this resolves. */
  async add(batch: LineBatch): Promise<void> {
    const { bytes, ends } = batch;
    const offset = keyOffset(this.kind);
    let copied = 0;
    let start = 0;
    let previous: Buffer = this.#last;
    let previousStart = 0;
    for (let n = 0; n < ends.length; n += 1) {
      const end = ends[n] ?? 0;
      this.#check(bytes, start, end);
      const order = previous.length === 0 ? -1 : compareLines(this.lines, previous, previousStart, bytes, start);
      if (order > 0) throw this.#disordered(keyAt(this.kind, previous, previousStart, previous.length), keyAt(this.kind, bytes, start, end));
      if (order === 0) {
        this.duplicates += 1;
        this.#append(bytes, copied, start);
        copied = end;
        start = end;
        continue;
      }
      const waiting = start - copied;
      if (this.#rows > 0 && this.#used + waiting + (end - start) > this.sizes.max) {
        this.#append(bytes, copied, start);
        copied = start;
        await this.#cut();
      }
      this.#rows += 1;
      const size = this.#used + (end - copied);
      if (size >= this.sizes.min && endsPart(bytes, start + offset, end, this.sizes.min)) {
        this.#append(bytes, copied, end);
        copied = end;
        await this.#cut();
      }
      previous = bytes;
      previousStart = start;
      start = end;
    }
    this.#append(bytes, copied, start);
    if (previous === bytes) this.#last = Buffer.from(bytes.subarray(previousStart, (ends.at(-1) ?? 0) || bytes.length));
  }

  /** Writes the last part. Resolves when all parts are in the container. */
  async finish(): Promise<WrittenParts> {
    if (this.#rows > 0) await this.#cut();
    await this.#writing;
    const digest = createHash('sha256');
    for (const part of this.#parts) digest.update(part.sha256);
    const parts: PartInfo[] = [];
    for (const part of this.#parts) parts.push({ ...part, ...defined({ stored: await this.container.storedDigest?.(part.name) }) });
    return { rows: this.#totalRows, digest: digest.digest('hex'), parts };
  }

  /** Copies bytes of lines into the part being filled. */
  #append(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    const needed = this.#used + (end - start);
    let target = this.#buffers[this.#filling];
    if (needed > target.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#nextSize(target.length)));
      target.copy(grown, 0, 0, this.#used);
      this.#buffers[this.#filling] = grown;
      target = grown;
    }
    bytes.copy(target, this.#used, start, end);
    this.#used = needed;
  }

  /** Most objects are small: the first part grows its buffer, every later one gets the whole of it. */
  #nextSize(now: number): number {
    return this.#parts.length > 0 ? this.sizes.max : Math.min(this.sizes.max, Math.max(FIRST_BYTES, 4 * now));
  }

  /** Ends the part being filled; its compression goes on while the other buffer is filled. */
  async #cut(): Promise<void> {
    await this.#writing;
    const bytes = this.#buffers[this.#filling].subarray(0, this.#used);
    const name = partEntry(this.folder, this.#parts.length + 1);
    const lastStart = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
    const [firstKey, lastKey] = [keyAt(this.kind, bytes, 0, bytes.length), keyAt(this.kind, bytes, lastStart, bytes.length)];
    const rows = this.#rows;
    const index = this.#parts.length;
    const range = { firstKey, lastKey, ...(this.ends ? otherEnds(bytes, lastStart) : {}) };
    this.#parts.push({ name, rows, bytes: bytes.length, sha256: '', ...range });
    const write = async (): Promise<void> => {
      const added = this.container.add(name, bytes);
      // Here, while it is deflated elsewhere: another thread would be given a copy, which takes as long as hashing it.
      this.#parts[index] = { name, rows, bytes: bytes.length, sha256: sha256(bytes), ...range };
      await added;
    };
    this.#writing = write();
    this.#writing.catch(() => {});
    this.#totalRows += rows;
    this.#rows = 0;
    this.#used = 0;
    this.#filling = this.#filling === 0 ? 1 : 0;
    // A buffer that a giant record made large is not kept.
    if (this.#buffers[this.#filling].length > 2 * this.sizes.max) this.#buffers[this.#filling] = Buffer.alloc(0);
  }

  #check(bytes: Buffer, start: number, end: number): void {
    if (end - start > LINE_LIMIT)
      throw new RunbackError('object-unsupported', `A record of ${this.what} is larger than a snapshot can hold`, {
        why: `Record ${keyAt(this.kind, bytes, start, end)} has ${end - start} bytes; the limit is ${LINE_LIMIT}.`,
        state: 'No snapshot was made; nothing was changed on the platform.',
        next: 'Leave this object type out (--object names the others).',
      });
    if (this.lines.order === 'integer' && !isWholeAt(bytes, start + keyOffset(this.kind)))
      throw new RunbackError('platform-nonsense', `A key of ${this.what} is not a whole number`, {
        why: `Record ${JSON.stringify(keyAt(this.kind, bytes, start, end))} came, although the platform promises whole numbers.`,
        state: 'No snapshot was made; nothing was changed on the platform.',
        next: 'Try again; if it happens again, report it with the version of the platform.',
      });
    if (bytes[end - 1] !== NEWLINE || !beginsLine(this.kind, bytes, start))
      throw new RunbackError('bug', `A line of ${this.what} is not a snapshot line`, {
        why: `It begins with ${JSON.stringify(bytes.toString('utf8', start, Math.min(end, start + 40)))}.`,
        state: 'No snapshot was made; nothing was changed on the platform.',
      });
  }

  #disordered(before: string, after: string): RunbackError {
    const order = this.lines.order === 'integer' ? 'the order of whole numbers' : 'bytewise order';
    return new RunbackError('platform-nonsense', `${this.what} did not come in key order`, {
      why: `${JSON.stringify(after)} came after ${JSON.stringify(before)}, although the platform promises ${order}.`,
      state: 'No snapshot was made; nothing was changed on the platform.',
      next: 'Try again; if it happens again, report it with the version of the platform.',
      data: { before, after },
    });
  }
}

/** The other ends of the first link and of the last one. */
function otherEnds(bytes: Buffer, lastStart: number): Pick<PartInfo, 'firstTo' | 'lastTo'> {
  return { firstTo: otherEndAt(bytes, 0), lastTo: otherEndAt(bytes, lastStart) };
}

/**
 * Whether a part may end after the line whose key begins at `start`: one line in `span / its length`, by a hash of the
 * key.
 */
function endsPart(bytes: Buffer, start: number, end: number, span: number): boolean {
  let hash = 0x811c9dc5;
  const last = stringEnd(bytes, start, end);
  for (let i = start; i < last; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 < ((end - start) / span) * 0x1_0000_0000;
}
