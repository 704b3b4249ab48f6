import { deflateRawSync, inflateRawSync } from 'node:zlib';

const CHUNK_CHARACTERS = 1 << 18;
/** So many chunks are kept as they are: for most plans compressing takes longer than it spares. */
const PLAIN_CHUNKS = 16;

/**
 * Lines kept in memory until the order they are written in is known: all but the first ones compressed, to some 40
 * bytes for a change of a plan, so that a plan for a million records fits into memory, without a file that a crash
 * could leave behind.
 */
export class LineSpool {
  readonly #chunks: (string | Buffer)[] = [];
  #open: string[] = [];
  #characters = 0;
  #size = 0;

  /** Lines pushed so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds one line, without a newline in it. */
  push(line: string): void {
    this.#open.push(line);
    this.#characters += line.length + 1;
    this.#size += 1;
    if (this.#characters >= CHUNK_CHARACTERS) this.#seal();
  }

  /** All lines, in the order they were pushed. */
  *read(): Iterable<string> {
    for (const chunk of this.#chunks) yield* linesOf(chunk);
    yield* this.#open;
  }

  /** The same, many in one text, with a newline between two. */
  *readTexts(): Iterable<string> {
    for (const chunk of this.#chunks) yield textOf(chunk);
    if (this.#open.length > 0) yield this.#open.join('\n');
  }

  /** All lines, the last pushed first. */
  *readBackwards(): Iterable<string> {
    yield* [...this.#open].reverse();
    for (const chunk of [...this.#chunks].reverse()) yield* linesOf(chunk).reverse();
  }

  #seal(): void {
    const text = this.#open.join('\n');
    this.#chunks.push(this.#chunks.length < PLAIN_CHUNKS ? text : deflateRawSync(text, { level: 1 }));
    this.#open = [];
    this.#characters = 0;
  }
}

function linesOf(chunk: string | Buffer): string[] {
  return textOf(chunk).split('\n');
}

function textOf(chunk: string | Buffer): string {
  return typeof chunk === 'string' ? chunk : inflateRawSync(chunk).toString('utf8');
}
