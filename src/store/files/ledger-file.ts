import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RunbackError, fromFileSystem, withoutBom } from '../../lib/index.js';
import type { Ledger } from '../store.js';
import { splitLines, withoutReturn } from './journal-lines.js';
import type { LitterSweeper } from './litter.js';
import { systemCode } from './paths.js';
import { writeWhole } from './whole-file.js';

/** Bytes gathered before a write. */
const CHUNK = 256 * 1024;

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
    const stream = createReadStream(this.location, { highWaterMark: CHUNK });
    try {
      for await (const line of splitLines(stream)) {
        const text = withoutReturn(line.bytes).toString('utf8');
        yield line.offset === 0 ? withoutBom(text) : text;
      }
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
