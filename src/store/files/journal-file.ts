import { existsSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Clock, type Redactor, RunbackError, fromFileSystem } from '../../lib/index.js';
import { firstHash, isTorn, openLine, sealEntry, splitLines, type JournalEnd } from '../format/journal-lines.js';
import { lockedError } from '../locked.js';
import type { Journal, JournalEntry, JournalOpening, JournalWriter, LockInfo, LockOwner, LockTaking, RewrittenJournal } from '../store.js';
import { chunksOf } from './chunks.js';
import { HeadKeeper, headPath, readHead } from './journal-head.js';
import { openWriter } from './journal-writer.js';
import { type HeldLock, holderOf, type LockContext, tryLock } from './lock-file.js';
import { makeFolder, syncFolder, systemCode } from './paths.js';
import { removeIfThere, writeWhole } from './whole-file.js';

/** Its name in the folder of a journal. */
export const JOURNAL = 'journal.ndjson';

/** A journal in one NDJSON file. */
export class JournalFile implements Journal {
  readonly #path: string;

  constructor(
    folder: string,
    readonly kind: string,
    readonly id: string,
    readonly clock: Clock,
    readonly redactor: Redactor,
    readonly locking: LockContext,
    readonly requireHere: () => void,
  ) {
    this.#path = join(folder, JOURNAL);
  }

  async exists(): Promise<boolean> {
    this.requireHere();
    return existsSync(this.#path);
  }

  async writer(): Promise<LockInfo | undefined> {
    return await Promise.resolve(holderOf(this.#lockPath, this.locking.here));
  }

  async *read({ whole = false }: { readonly whole?: boolean } = {}): AsyncGenerator<JournalEntry> {
    if (!(await this.exists()))
      throw new RunbackError('not-found', `There is no journal of ${this.id}`, {
        why: `${this.#path} does not exist.`,
        data: { kind: this.kind, id: this.id },
      });
    yield* this.#checked(whole, () => undefined);
  }

  async open(owner: LockOwner, options: JournalOpening = {}): Promise<JournalWriter> {
    const { endedBySay, visit, whole = false } = options;
    const lock = await this.#take(owner, endedBySay === undefined ? {} : { endedBySay });
    try {
      let end: JournalEnd = { seq: 0, hash: firstHash(this.kind, this.id), bytes: 0, torn: 0 };
      if (await this.exists()) {
        const entries = this.#checked(whole, (found) => {
          end = found;
        });
        for await (const entry of entries) visit?.(entry);
      }
      const exact = options.exact === 'all' ? undefined : new Set(options.exact);
      return await openWriter({ path: this.#path, end, owner, lock, clock: this.clock, redactor: this.redactor, exact, visit });
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async rewrite(owner: LockOwner, change: (entry: JournalEntry) => JournalEntry['data']): Promise<RewrittenJournal | undefined> {
    if (!(await this.exists())) return undefined;
    const lock = await this.#take(owner, {});
    try {
      let entries = 0;
      let was = '';
      // A torn last line was never confirmed, and goes.
      for await (const entry of this.#checked(true, () => undefined)) {
        if (change(entry) !== entry.data) entries += 1;
        was = entry.hash;
      }
      if (entries === 0) return undefined;
      let is = firstHash(this.kind, this.id);
      let seq = 0;
      const lines = async function* (old: AsyncIterable<JournalEntry>): AsyncGenerator<string> {
        for await (const entry of old) {
          const { hash: _hash, ...rest } = entry;
          const sealed = sealEntry({ ...rest, data: change(entry), prev: is });
          ({ seq, hash: is } = sealed.entry);
          yield sealed.line;
        }
      };
      await lock.check();
      // Without a head beside it, a journal vouches for itself: it is whole at every moment.
      removeIfThere(headPath(this.#path));
      await writeWhole(this.#path, lines(this.#checked(false, () => undefined)));
      const head = new HeadKeeper(headPath(this.#path));
      head.keep({ seq, hash: is });
      head.close();
      return { entries, was, is };
    } finally {
      await lock.release();
    }
  }

  async delete(owner: LockOwner): Promise<void> {
    if (!(await this.exists())) return;
    const lock = await this.#take(owner, {});
    try {
      await lock.check();
      // First what makes it a journal: what is left after that is nobody's.
      rmSync(this.#path, { force: true });
    } catch (error) {
      throw fromFileSystem(error, this.#path);
    } finally {
      await lock.release();
    }
    await rm(dirname(this.#path), { recursive: true, force: true });
    await syncFolder(dirname(dirname(this.#path)));
  }

  get #lockPath(): string {
    return join(dirname(this.#path), 'journal.lock');
  }

  async #take(owner: LockOwner, taking: Pick<LockTaking, 'endedBySay'>): Promise<HeldLock> {
    await makeFolder(dirname(this.#path));
    const path = this.#lockPath;
    const attempt = await tryLock(path, this.redactor.value(owner), this.clock, {
      ...this.locking,
      ...taking,
      breakDead: true,
      lapse: true,
      durable: false,
      renew: true,
    });
    if ('by' in attempt) throw lockedError(`The journal of ${this.id}`, attempt.by, this.clock, path);
    try {
      this.requireHere();
    } catch (error) {
      await attempt.held.release();
      throw error;
    }
    return attempt.held;
  }

  /** `whole`: compared with the head that is kept beside the journal too. */
  async *#checked(whole: boolean, onEnd: (end: JournalEnd) => void): AsyncGenerator<JournalEntry> {
    // Before the lines: a writer that is running adds to both.
    const head = whole ? readHead(headPath(this.#path)) : undefined;
    let count = 0;
    for await (const entry of this.#walk(onEnd)) {
      count += 1;
      if (entry.seq === head?.seq && entry.hash !== head.hash) throw this.#damaged(entry.seq, 'is not the one that was written there');
      yield entry;
    }
    if (head !== undefined && count < head.seq) throw this.#damaged(count + 1, `is missing, up to line ${head.seq}`);
  }

  async *#walk(onEnd: (end: JournalEnd) => void): AsyncGenerator<JournalEntry> {
    let seq = 0;
    let hash = firstHash(this.kind, this.id);
    let good = 0;
    let torn = 0;
    try {
      for await (const line of splitLines(chunksOf(this.#path))) {
        const expected = { seq: seq + 1, prev: hash };
        if (torn > 0) throw this.#damaged(expected.seq, 'is not readable');
        const entry = openLine(line.bytes, expected);
        if (typeof entry !== 'string' && line.whole) {
          ({ seq, hash } = entry);
          good = line.offset + line.bytes.length + 1;
          yield entry;
          continue;
        }
        const tail = line.whole ? Buffer.concat([line.bytes, Buffer.from('\n')]) : line.bytes;
        if (!isTorn(tail, expected)) throw this.#damaged(expected.seq, typeof entry === 'string' ? entry : 'is not readable');
        torn = tail.length;
      }
    } catch (error) {
      if (systemCode(error) === 'EACCES') throw new RunbackError('file-unreadable', `Not allowed to read ${this.#path}`, { cause: error });
      throw fromFileSystem(error, this.#path);
    }
    onEnd({ seq, hash, bytes: good, torn });
  }

  #damaged(line: number, why: string): RunbackError {
    return new RunbackError('journal-damaged', `The journal of ${this.id} is damaged: line ${line} ${why}`, {
      why: `${this.#path} is a chain of hashes, and the chain breaks at line ${line}. A crash cannot do that; the file was changed, or the disk lost bytes.`,
      state: `${line === 2 ? 'The line before it is' : `The ${line - 1} lines before it are`} intact. Nothing was changed.`,
      next: `Bring the file and the journal.head next to it back from a backup, or finish the rest by hand from what it says. ${this.id} cannot be resumed from it.`,
      data: { line, kind: this.kind, id: this.id },
    });
  }
}
