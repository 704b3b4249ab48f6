import { deflateRawSync, inflateRawSync } from 'node:zlib';

const CHUNK_CHARACTERS = 1 << 18;

/**
 * Lines kept compressed in memory until the order they are written in is known: some 40 bytes for a change of a plan,
 * so that a plan for a million records fits into memory, without a file that a crash could leave behind.
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
    for (const chunk of this.#chunks) yield* inflateRawSync(chunk).toString('utf8').split('\n');
    yield* this.#open;
  }

  /** All lines, the last pushed first. */
  *readBackwards(): Iterable<string> {
    yield* [...this.#open].reverse();
    for (const chunk of [...this.#chunks].reverse()) yield* inflateRawSync(chunk).toString('utf8').split('\n').reverse();
  }

  #seal(): void {
    this.#chunks.push(deflateRawSync(Buffer.from(this.#open.join('\n'), 'utf8'), { level: 1 }));
    this.#open = [];
    this.#characters = 0;
  }
}
