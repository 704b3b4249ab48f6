import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SideIndex } from '../../../mappings/index.js';
import { Rows } from './rows.js';

/** Files that a pile is parted into on each side. */
const PARTS = 32;
/** Rows of a part that are written together. */
const WRITE_BYTES = 64 << 10;

/** The rows of both sides that can fit together. */
export type RowPair = readonly [Rows, Rows];

export interface PileOptions {
  /** Numbers in a row. */
  readonly columns: number;
  /** The column that decides which part a row goes into. */
  readonly column: number;
  /** Rows of both sides held in memory, in bytes. */
  readonly memoryBytes: number;
  /** Called once, only if the rows do not fit into memory: an existing folder for temporary files. */
  readonly scratch: () => Promise<string>;
  /** Beginning of the names of its files. */
  readonly name: string;
}

/**
 * Rows of both sides that wait to be joined. What does not fit into memory is parted by a column into files, so that
 * rows that fit together are in the same part; the files are removed as they are used up.
 */
export class Pile {
  #held: RowPair;
  #parts: readonly Part[] | undefined;

  constructor(private readonly options: PileOptions) {
    this.#held = [new Rows(options.columns), new Rows(options.columns)];
  }

  add(side: SideIndex, values: Uint32Array, key: string): void {
    const to = this.#parts === undefined ? this.#held[side] : this.#partOf(values[this.options.column] ?? 0)?.held[side];
    to?.add(values, key);
  }

  copy(side: SideIndex, from: Rows, at: number): void {
    const to = this.#parts === undefined ? this.#held[side] : this.#partOf(from.value(at, this.options.column))?.held[side];
    to?.copy(from, at);
  }

  /** Writes what does not fit into memory; to be called every few thousand rows. */
  async flush(): Promise<void> {
    const [left, right] = this.#held;
    if (this.#parts === undefined && left.size + right.size > this.options.memoryBytes) await this.#spill();
    for (const part of this.#parts ?? []) await part.flush(WRITE_BYTES);
  }

  /** Gives all rows, those that can fit together in one piece, and forgets them. */
  async *take(): AsyncGenerator<RowPair> {
    if (this.#parts === undefined) {
      yield this.#held;
      for (const rows of this.#held) rows.clear();
      return;
    }
    for (const part of this.#parts) yield await part.take();
    this.#parts = undefined;
  }

  /** Closes and removes what is left. */
  async close(): Promise<void> {
    for (const part of this.#parts ?? []) await part.close();
    this.#parts = undefined;
  }

  #partOf(value: number): Part | undefined {
    return this.#parts?.[value % PARTS];
  }

  async #spill(): Promise<void> {
    const { name, columns, column, scratch } = this.options;
    const folder = await scratch();
    const parts = Array.from({ length: PARTS }, (_, n) => new Part(join(folder, `${name}-${n}`), columns));
    for (const [side, rows] of this.#held.entries()) {
      for (const at of rows.starts()) parts[rows.value(at, column) % PARTS]?.held[side === 0 ? 0 : 1].copy(rows, at);
    }
    // Their room is not needed again.
    this.#held = [new Rows(columns), new Rows(columns)];
    this.#parts = parts;
  }
}

/** One part of a pile: a file for each side, and what is not written yet. */
class Part {
  readonly held: RowPair;
  readonly #files: [FileHandle | undefined, FileHandle | undefined] = [undefined, undefined];

  constructor(
    private readonly path: string,
    private readonly columns: number,
  ) {
    this.held = [new Rows(columns), new Rows(columns)];
  }

  /** Writes the rows of the sides that hold so many bytes. */
  async flush(least: number): Promise<void> {
    for (const side of [0, 1] as const) {
      const rows = this.held[side];
      if (rows.size < least || rows.size === 0) continue;
      const file = (this.#files[side] ??= await open(`${this.path}-${side}`, 'wx+', 0o600));
      await file.writeFile(rows.bytes());
      rows.clear();
    }
  }

  async take(): Promise<RowPair> {
    const [left, right] = [await this.#read(0), await this.#read(1)];
    await this.close();
    return [left, right];
  }

  async #read(side: SideIndex): Promise<Rows> {
    const file = this.#files[side];
    if (file === undefined) return this.held[side];
    const { size } = await file.stat();
    const rest = this.held[side].bytes();
    const bytes = Buffer.alloc(size + rest.length);
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) throw new Error(`${this.path} is shorter than what was written`);
      at += bytesRead;
    }
    rest.copy(bytes, size);
    return new Rows(this.columns, bytes);
  }

  async close(): Promise<void> {
    for (const side of [0, 1] as const) {
      const file = this.#files[side];
      this.#files[side] = undefined;
      await file?.close();
      await rm(`${this.path}-${side}`, { force: true });
    }
  }
}
