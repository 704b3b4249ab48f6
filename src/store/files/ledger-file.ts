import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { RunbackError, fromFileSystem } from '../../lib/index.js';
import { gatherLines, wholeLines } from '../format/ledger-lines.js';
import type { Ledger } from '../store.js';
import { chunksOf } from './chunks.js';
import type { LitterSweeper } from './litter.js';
import { syncFolder, systemCode } from './paths.js';
import { removeIfThere, writeWhole } from './whole-file.js';

/** A ledger in one NDJSON file. Lines are kept as they are: they are data, and hold no secrets of ours. */
export class LedgerFile implements Ledger {
  constructor(
    readonly location: string,
    readonly id: string,
    readonly litter: LitterSweeper,
    readonly requireHere: () => void,
  ) {}

  async exists(): Promise<boolean> {
    this.requireHere();
    return existsSync(this.location);
  }

  async write(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    if (await this.exists()) throw this.#exists();
    this.litter.sweep(dirname(this.location));
    if (!(await writeWhole(this.location, gatherLines(lines), { once: true }))) throw this.#exists();
  }

  async replace(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    this.requireHere();
    await writeWhole(this.location, gatherLines(lines));
  }

  async delete(): Promise<void> {
    this.requireHere();
    removeIfThere(this.location);
    await syncFolder(dirname(this.location)).catch(() => undefined);
    if (await this.exists()) throw new RunbackError('disk-denied', `Cannot delete ${this.location}`);
  }

  async *read(): AsyncGenerator<string> {
    for await (const lines of this.readMany()) yield* lines;
  }

  async *readMany(): AsyncGenerator<readonly string[]> {
    for await (const bytes of this.readBytes()) yield bytes.toString('utf8').split('\n');
  }

  async *readBytes(): AsyncGenerator<Buffer> {
    try {
      yield* wholeLines(chunksOf(this.location));
    } catch (error) {
      if (systemCode(error) === 'ENOENT')
        throw new RunbackError('not-found', `There is no ${this.id}`, { why: `${this.location} does not exist.`, cause: error });
      throw fromFileSystem(error, this.location);
    }
  }

  #exists(): RunbackError {
    return new RunbackError('bug', `${this.id} exists already and is never written twice`);
  }
}
