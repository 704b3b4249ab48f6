import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RunbackError, fromFileSystem, withoutBom } from '../../lib/index.js';
import type { Ledger } from '../store.js';
import type { LitterSweeper } from './litter.js';
import { systemCode } from './paths.js';
import { writeWhole } from './whole-file.js';

/** Bytes gathered before a write, and read at once. */
const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A ledger in one NDJSON file. Lines are kept as they are: they are data, and hold no secrets of ours. */
export class LedgerFile implements Ledger {
  constructor(
    readonly location: string,
    readonly id: string,
    readonly litter: LitterSweeper,
  ) {}

  async exists(): Promise<boolean> {
    return access(this.location).then(
      () => true,
      () => false,
    );
  }

  async write(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    if (await this.exists()) throw this.#exists();
    await this.litter.sweep(dirname(this.location));
    if (!(await writeWhole(this.location, gather(lines), { once: true }))) throw this.#exists();
  }

  async *read(): AsyncGenerator<string> {
    for await (const lines of this.readMany()) yield* lines;
  }

  async *readMany(): AsyncGenerator<readonly string[]> {
    const stream = createReadStream(this.location, { highWaterMark: CHUNK });
    let kept: Buffer[] = [];
    let isFirst = true;
    const linesOf = (bytes: Buffer): readonly string[] => {
      const lines = bytes.toString('utf8').split('\n');
      if (isFirst) lines[0] = withoutBom(lines[0] ?? '');
      isFirst = false;
      // A copy through another system has line breaks of two characters.
      return bytes.includes(RETURN) ? lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)) : lines;
    };
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const end = chunk.lastIndexOf(NEWLINE);
        if (end !== -1) {
          yield linesOf(Buffer.concat([...kept, chunk.subarray(0, end)]));
          kept = [];
        }
        if (end + 1 < chunk.length) kept.push(chunk.subarray(end + 1));
      }
      if (kept.length > 0) yield linesOf(Buffer.concat(kept));
    } catch (error) {
      if (systemCode(error) === 'ENOENT')
        throw new RunbackError('not-found', `There is no ${this.id}`, { why: `${this.location} does not exist.`, cause: error });
      throw fromFileSystem(error, this.location);
    } finally {
      stream.destroy();
    }
  }

  #exists(): RunbackError {
    return new RunbackError('bug', `${this.id} exists already and is never written twice`);
  }
}

async function* gather(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let gathered = '';
  for await (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < CHUNK) continue;
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}
