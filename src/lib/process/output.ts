import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Bytes of an error output that are kept. */
const TAIL_BYTES = 64 * 1024;
/** Longest piece at a cut that is dropped in search of a whole line. */
const LONGEST_LINE = 4096;

/**
 * The first bytes of a stream, up to the end of a line where more came: half a line may end in half a secret, which
 * nobody would recognise. Everything is read, so that its writer is never held up.
 */
export class HeadOfOutput {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    stream: Readable | null,
    private readonly limit: number,
  ) {
    stream?.on('data', (chunk: Buffer) => {
      if (this.#bytes < limit) this.#chunks.push(chunk.subarray(0, limit - this.#bytes));
      this.#bytes += chunk.length;
    });
    stream?.on('error', () => undefined);
  }

  /** Bytes that came, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** More came than was kept. */
  get cut(): boolean {
    return this.#bytes > this.limit;
  }

  text(): string {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    if (!this.cut) return text;
    const end = text.lastIndexOf('\n');
    return end >= text.length - LONGEST_LINE ? text.slice(0, end + 1) : text.slice(0, -LONGEST_LINE);
  }
}

/** Passes on each whole line of a stream, UTF-8, as it comes. */
export function passLines(stream: Readable | null, line: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (begun + decoder.write(chunk)).split('\n');
    begun = lines.pop() ?? '';
    for (const whole of lines) line(whole);
  });
}

/** The last bytes of a stream, from the beginning of a line for the same reason. */
export class TailOfOutput {
  #chunks: Buffer[] = [];
  #kept = 0;
  #bytes = 0;

  constructor(stream: Readable | null) {
    stream?.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      this.#kept += chunk.length;
      this.#chunks.push(chunk);
      if (this.#kept <= 2 * TAIL_BYTES) return;
      const kept = Buffer.concat(this.#chunks).subarray(-TAIL_BYTES);
      this.#chunks = [kept];
      this.#kept = kept.length;
    });
    stream?.on('error', () => undefined);
  }

  /** Bytes that came, kept or not. */
  get bytes(): number {
    return this.#bytes;
  }

  text(): string {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    if (this.#kept === this.#bytes) return text;
    const end = text.slice(0, LONGEST_LINE).indexOf('\n');
    return text.slice(end === -1 ? LONGEST_LINE : end + 1);
  }
}
