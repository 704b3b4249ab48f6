import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { LineBatch } from '../../connectors/index.js';
import { LineOut } from './line-out.js';
import { compareLines, NEWLINE, type LineKind, type LineOrder } from './lines.js';
import { mergeRuns, type MergeOptions, type SortedRun } from './merge.js';

export interface SortLimits {
  /** Lines held in memory, in bytes. */
  readonly memoryBytes: number;
  /** Temporary files merged at once. */
  readonly fanIn: number;
}
export const SORT_LIMITS: SortLimits = { memoryBytes: 4 << 20, fanIn: 64 };

/** Bytes a line costs beside its text: where it lies, and its place in the order. */
const LINE_OVERHEAD = 16;
const READ_BYTES = 128 << 10;
const FIRST_BYTES = 64 << 10;
const BUFFER_BYTES = 1 << 20;
const FIRST_ROWS = 256;

export interface SortOptions {
  readonly kind: LineKind;
  /** Called once, only if the lines do not fit into memory: an existing folder for temporary files. */
  readonly scratch: () => Promise<string>;
  readonly limits?: SortLimits;
  /** For whoever sorts one thing after the other. */
  readonly room?: SortRoom;
  /** Told each time that a key (or pair of keys) came once more; the line read last is kept. */
  readonly onDuplicate: () => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * External merge sort: takes lines in any order and gives them in canonical key order, each key once. What does not fit
 * into memory goes into temporary files, which are removed as they are used up; the caller removes the folder.
 *
 * Lines stay bytes from beginning to end: held as texts they would cost their size several times over, since the engine
 * lets garbage grow to a multiple of what is live. The bytes of a batch are good until the next one is asked for.
 */
export async function* sortLines(source: AsyncIterable<LineBatch>, options: SortOptions): AsyncGenerator<LineBatch> {
  const limits = options.limits ?? SORT_LIMITS;
  const lines: LineOrder = { kind: options.kind, order: 'text' };
  const merging = { lines, onDuplicate: options.onDuplicate, signal: options.signal };
  let runs: string[] = [];
  let folder: string | undefined;
  const files: string[] = [];
  const spill = async (batches: Iterable<LineBatch> | AsyncIterable<LineBatch>): Promise<string> => {
    folder ??= await options.scratch();
    const path = join(folder, `run-${files.length + 1}.ndjson`);
    files.push(path);
    await writeRun(path, batches, options.signal);
    return path;
  };

  const held = options.room ?? new SortRoom();
  held.clear();
  try {
    for await (const batch of source) {
      options.signal?.throwIfAborted();
      // One batch more would not fit: it begins the next run.
      if (held.size > 0 && held.size + sizeOf(batch) > limits.memoryBytes) runs.push(await spill(held.take(merging)));
      held.add(batch);
    }
    if (runs.length === 0) {
      yield* held.take(merging);
      return;
    }
    runs.push(await spill(held.take(merging)));
    // In rounds, each of neighbours, so that "read last" stays the order of the runs and no line is merged more often
    // than needed.
    while (runs.length > limits.fanIn) {
      const merged: string[] = [];
      for (let n = 0; n < runs.length; n += limits.fanIn) merged.push(await spill(mergeRuns(runs.slice(n, n + limits.fanIn).map(readRun), merging)));
      runs = merged;
    }
    yield* mergeRuns(runs.map(readRun), merging);
    files.length = 0;
  } finally {
    // Of one that was given up: what is sorted in that folder next has files of the same names.
    for (const path of files) await rm(path, { force: true });
  }
}

function sizeOf({ bytes, ends }: LineBatch): number {
  return bytes.length + ends.length * LINE_OVERHEAD;
}

/**
 * Room for lines to be sorted, for one sort after the other: buffers of one size, which are filled again by the next
 * ones: memory that is given back in large pieces, again and again, is not given back to the system. A line never lies
 * in two of them; one that is larger than they are has one of its own.
 */
export class SortRoom {
  readonly #buffers: Buffer[] = [];
  /** The buffer being filled, and how far it is. */
  #filling = 0;
  #used = 0;
  #bytes = 0;
  /** Of each line, its buffer and where it begins and ends in there. */
  #places = new Uint32Array(3 * FIRST_ROWS);
  #rows = 0;

  /** In bytes, roughly. */
  get size(): number {
    return this.#bytes + this.#rows * LINE_OVERHEAD;
  }

  add({ bytes, ends }: LineBatch): void {
    let start = 0;
    for (const end of ends) {
      this.#line(bytes, start, end);
      start = end;
    }
  }

  #line(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    while (this.#used + length > (this.#buffers[this.#filling]?.length ?? 0)) this.#nextBuffer(length);
    bytes.copy(this.#buffers[this.#filling] ?? Buffer.alloc(0), this.#used, start, end);
    if (3 * this.#rows === this.#places.length) {
      const grown = new Uint32Array(2 * this.#places.length);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places.set([this.#filling, this.#used, this.#used + length], 3 * this.#rows);
    this.#used += length;
    this.#bytes += length;
    this.#rows += 1;
  }

  /** Goes on to the next buffer; most of what is sorted is small, and needs no large one. */
  #nextBuffer(length: number): void {
    if (this.#used > 0) this.#filling += 1;
    this.#used = 0;
    const [next] = [this.#buffers[this.#filling]];
    if (next !== undefined && next.length >= length) return;
    this.#buffers[this.#filling] = Buffer.allocUnsafeSlow(Math.max(length, this.#filling === 0 ? FIRST_BYTES : BUFFER_BYTES));
  }

  /** Gives all lines in order and forgets them. */
  *take({ lines, onDuplicate }: Pick<MergeOptions, 'lines' | 'onDuplicate'>): Generator<LineBatch> {
    const [buffers, places] = [this.#buffers, this.#places];
    const of = (row: number): Buffer => buffers[places[3 * row] ?? 0] ?? Buffer.alloc(0);
    const order = Uint32Array.from({ length: this.#rows }, (_, row) => row);
    // Lines of one key stay in the order in which they were read.
    order.sort((a, b) => compareLines(lines, of(a), places[3 * a + 1] ?? 0, of(b), places[3 * b + 1] ?? 0) || a - b);
    const out = new LineOut(lines, onDuplicate);
    for (const row of order) {
      out.add(of(row), places[3 * row + 1] ?? 0, places[3 * row + 2] ?? 0);
      if (out.isFull) yield out.give();
    }
    const rest = out.giveRest();
    if (rest !== undefined) yield rest;
    this.clear();
  }

  /** Forgets all lines. A buffer that a giant line made large is not kept. */
  clear(): void {
    this.#filling = 0;
    this.#used = 0;
    this.#bytes = 0;
    this.#rows = 0;
    if (this.#buffers.some(({ length }) => length > BUFFER_BYTES)) this.#buffers.length = 0;
  }
}

async function writeRun(path: string, batches: Iterable<LineBatch> | AsyncIterable<LineBatch>, signal: AbortSignal | undefined): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      await handle.writeFile(batch.bytes);
    }
  } finally {
    await handle.close();
  }
}

/** Reads a run back piece by piece, into one buffer, and removes it at its end. */
async function* readRun(path: string): SortedRun {
  const handle = await open(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(READ_BYTES);
    let used = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, used, buffer.length - used, null);
      if (bytesRead === 0) break;
      used += bytesRead;
      const end = buffer.lastIndexOf(NEWLINE, used - 1) + 1;
      if (end > 0) {
        yield buffer.subarray(0, end);
        buffer.copyWithin(0, end, used);
        used -= end;
      } else if (used === buffer.length) buffer = Buffer.concat([buffer], 2 * used);
    }
  } finally {
    await handle.close();
  }
  await rm(path, { force: true });
}
