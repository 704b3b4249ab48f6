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
  readonly #chunks: Buffer[] = [];
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
    for (let n = 0; n < this.#chunks.length; n += 1) yield* this.#linesOf(n);
    yield* this.#open;
  }

  /** All lines, the last pushed first. */
  *readBackwards(): Iterable<string> {
    yield* [...this.#open].reverse();
    for (let n = this.#chunks.length - 1; n >= 0; n -= 1) yield* this.#linesOf(n).reverse();
  }

  #linesOf(n: number): string[] {
    const chunk = this.#chunks[n] ?? Buffer.alloc(0);
    return (n < PLAIN_CHUNKS ? chunk : inflateRawSync(chunk)).toString('utf8').split('\n');
  }

  #seal(): void {
    const bytes = Buffer.from(this.#open.join('\n'), 'utf8');
    this.#chunks.push(this.#chunks.length < PLAIN_CHUNKS ? bytes : deflateRawSync(bytes, { level: 1 }));
    this.#open = [];
    this.#characters = 0;
  }
}
