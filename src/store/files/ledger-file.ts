import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { RunbackError, fromFileSystem } from '../../lib/index.js';
import type { Ledger } from '../store.js';
import { chunksOf } from './chunks.js';
import type { LitterSweeper } from './litter.js';
import { syncFolder, systemCode } from './paths.js';
import { removeIfThere, writeWhole } from './whole-file.js';

/** Bytes gathered before a write. */
const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BOM = Buffer.from('\ufeff');

/** A ledger in one NDJSON file. Lines are kept as they are: they are data, and hold no secrets of ours. */
export class LedgerFile implements Ledger {
  constructor(
    readonly location: string,
    readonly id: string,
    readonly litter: LitterSweeper,
  ) {}

  async exists(): Promise<boolean> {
    return existsSync(this.location);
  }

  async write(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    if (await this.exists()) throw this.#exists();
    this.litter.sweep(dirname(this.location));
    if (!(await writeWhole(this.location, gather(lines), { once: true }))) throw this.#exists();
  }

  async replace(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    await writeWhole(this.location, gather(lines));
  }

  async delete(): Promise<void> {
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
    let kept: Buffer[] = [];
    let isFirst = true;
    const plain = (bytes: Buffer): Buffer => {
      const whole = isFirst && bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
      isFirst = false;
      // A copy through another system has line breaks of two characters.
      return whole.includes(RETURN) ? withoutReturns(whole) : whole;
    };
    try {
      for await (const chunk of chunksOf(this.location)) {
        const end = chunk.lastIndexOf(NEWLINE);
        if (end !== -1) {
          yield plain(Buffer.concat([...kept, chunk.subarray(0, end)]));
          kept = [];
        }
        if (end + 1 < chunk.length) kept.push(chunk.subarray(end + 1));
      }
      if (kept.length > 0) yield plain(Buffer.concat(kept));
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

/** Lines, each without the return before its newline. */
function withoutReturns(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  return Buffer.from(lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)).join('\n'), 'latin1');
}

async function* gather(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  if (Symbol.iterator in lines) {
    yield* gatherAtHand(lines);
    return;
  }
  let gathered = '';
  for await (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < CHUNK) continue;
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}

/** The same of lines that need not be waited for: a turn of the event loop for each costs more than writing it. */
function* gatherAtHand(lines: Iterable<string>): Generator<string> {
  let gathered = '';
  for (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < CHUNK) continue;
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}
