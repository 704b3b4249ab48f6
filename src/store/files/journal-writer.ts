import { fdatasync, ftruncateSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

import { type Clock, defined, fromFileSystem, messageOf, type Redactor, RunbackError } from '../../lib/index.js';
import { type JournalEnd, sealEntry } from '../format/journal-lines.js';
import type { JournalEntry, JournalWriter, LockInfo, LockOwner, NewEntry } from '../store.js';
import { HeadKeeper, headPath } from './journal-head.js';
import type { HeldLock } from './lock-file.js';
import { OpenFile } from './open-file.js';
import { syncFolder, systemCode, toDisk } from './paths.js';
import { writeAtNow } from './whole-file.js';

const dataToDisk = promisify(fdatasync);

interface WriterParts {
  readonly path: string;
  readonly end: JournalEnd;
  readonly owner: LockOwner;
  readonly lock: HeldLock;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Members of entries that are never redacted; undefined: none is. */
  readonly exact: ReadonlySet<string> | undefined;
  /** Is given the entry that tells of a repair. */
  readonly visit?: ((entry: JournalEntry) => void) | undefined;
}

/** Opens the file behind its last good line; a torn line is overwritten by the entry that tells of it. */
export async function openWriter(parts: WriterParts): Promise<JournalWriter> {
  const file = await openFile(parts.path);
  const writer = new FileWriter(file, parts);
  try {
    if (parts.end.torn > 0) {
      const data = { bytes_cut: parts.end.torn, line: parts.end.seq + 1, why: 'the last line is incomplete' };
      const repaired = await writer.append({ by: parts.owner.by, type: 'journal.repaired', data });
      parts.visit?.(repaired);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return writer;
}

async function openFile(path: string): Promise<OpenFile> {
  try {
    try {
      return new OpenFile(openSync(path, 'r+'));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    const file = new OpenFile(openSync(path, 'wx+', 0o600));
    await toDisk(file.descriptor);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

class FileWriter implements JournalWriter {
  readonly broke: LockInfo | undefined;
  #seq: number;
  #hash: string;
  #position: number;
  /** Bytes of the file that are behind `#position`: a torn line, or what a failed write left. */
  #surplus: number;
  #queue: Promise<unknown> = Promise.resolve();
  /** Set when the file's state is unknown: nothing may be appended any more. */
  #failed: unknown;
  #closed = false;
  readonly #head: HeadKeeper;

  constructor(
    readonly file: OpenFile,
    readonly parts: WriterParts,
  ) {
    this.broke = parts.lock.broke;
    this.#head = new HeadKeeper(headPath(parts.path));
    this.#seq = parts.end.seq;
    this.#hash = parts.end.hash;
    this.#position = parts.end.bytes;
    this.#surplus = parts.end.torn;
  }

  get lease(): HeldLock {
    return this.parts.lock;
  }

  get lastHash(): string {
    return this.#hash;
  }

  async append(entry: NewEntry, options: { readonly durable?: boolean } = {}): Promise<JournalEntry> {
    const result = this.#queue.then(() => this.#write(entry, options.durable ?? true));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    this.#head.close();
    try {
      this.file.close();
    } finally {
      await this.parts.lock.release();
    }
  }

  async #write(entry: NewEntry, durable: boolean): Promise<JournalEntry> {
    if (this.#failed !== undefined)
      throw new RunbackError('disk-failed', `The journal ${this.parts.path} can no longer be written`, {
        why: `An earlier write failed: ${messageOf(this.#failed)}`,
        state: 'What was confirmed before is intact.',
        next: 'Resume the work; the journal is checked and repaired when it is opened.',
        cause: this.#failed,
      });
    const sealed = sealEntry({
      v: 1,
      seq: this.#seq + 1,
      at: this.parts.clock.now().toISOString(),
      ...this.#redacted(entry),
      prev: this.#hash,
    });
    const bytes = Buffer.from(sealed.line, 'utf8');
    // No effect without an intent, and no line without the lock: whoever was stopped while somebody took over begins
    // nothing more, and writes over nothing.
    await this.parts.lock.check();
    try {
      // Into the memory of the system, which takes less than the way to another thread and back; what waits for the
      // disk is the sync.
      writeAtNow(this.file.descriptor, bytes, this.#position);
      if (this.#surplus > bytes.length) ftruncateSync(this.file.descriptor, this.#position + bytes.length);
    } catch (error) {
      this.#cutBack(bytes.length, error);
      throw fromFileSystem(error, this.parts.path);
    }
    if (durable)
      await dataToDisk(this.file.descriptor).catch((error: unknown) => {
        // After a failed sync nobody knows what is on disk: only opening again can tell.
        this.#failed = error;
        throw fromFileSystem(error, this.parts.path);
      });
    this.#surplus = 0;
    this.#position += bytes.length;
    this.#seq = sealed.entry.seq;
    this.#hash = sealed.entry.hash;
    if (durable) this.#head.keep(sealed.entry);
    return sealed.entry;
  }

  /** Takes back what a failed write may have left, so that the next append finds the file as it was. */
  #cutBack(length: number, cause: unknown): void {
    try {
      ftruncateSync(this.file.descriptor, this.#position);
      this.#surplus = 0;
    } catch {
      this.#surplus = Math.max(this.#surplus, length);
      this.#failed = cause;
    }
  }

  #redacted(entry: NewEntry): Pick<JournalEntry, 'by' | 'type' | 'data' | 'step' | 'attempt'> {
    const { redactor, exact } = this.parts;
    const { by, type, step, attempt, data } = exact === undefined ? entry : redactor.value(entry, exact);
    return { by, type, data: data ?? {}, ...defined({ step, attempt }) };
  }
}
