import { readFileSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { type Adapter, Low } from 'lowdb';

import { type Clock, type Redactor, fromFileSystem } from '../../lib/index.js';
import { documentText, type Envelope, openDocument, sealDocument } from '../format/envelope.js';
import { lockedError } from '../locked.js';
import type { Document } from '../store.js';
import type { LitterSweeper } from './litter.js';
import { type HeldLock, type LockContext, tryLock } from './lock-file.js';
import { syncFolder, systemCode } from './paths.js';
import { writeWhole } from './whole-file.js';

/** How long an update waits for other processes that update the same document. */
const LOCK_WAIT_MS = 30_000;

/**
 * lowdb's adapter for one file: checked reading, atomic and durable writing. lowdb's own loses updates and can leave
 * half a file.
 */
class EnvelopeFile implements Adapter<Envelope> {
  constructor(readonly path: string) {}

  async read(): Promise<Envelope | null> {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw fromFileSystem(error, this.path);
    }
    return openDocument(text, this.path);
  }

  async write(envelope: Envelope): Promise<void> {
    await writeWhole(this.path, documentText(envelope));
  }
}

/** A document in one file, updated under a lock file beside it. */
export class DocumentFile<T> implements Document<T> {
  readonly #adapter: EnvelopeFile;

  constructor(
    path: string,
    readonly clock: Clock,
    readonly redactor: Redactor,
    readonly litter: LitterSweeper,
    readonly exact: readonly string[] | 'all',
    readonly locking: LockContext,
    readonly requireHere: () => void,
  ) {
    this.#adapter = new EnvelopeFile(path);
  }

  async read(): Promise<T | undefined> {
    this.requireHere();
    const envelope = await this.#adapter.read();
    return envelope === null ? undefined : (envelope.data as T);
  }

  async update(change: (current: T | undefined) => T): Promise<T> {
    return this.#locked(async (held) => {
      const low = new Low<Envelope | Record<string, never>>(this.#adapter as Adapter<Envelope | Record<string, never>>, {});
      await low.read();
      const current = 'data' in low.data ? (low.data.data as T) : undefined;
      const changed = change(current);
      const kept = this.exact === 'all' ? changed : this.redactor.value(changed, new Set(this.exact));
      const data = JSON.parse(JSON.stringify(kept)) as T;
      // Whoever was stopped here for longer than a lease must not write over what others wrote meanwhile.
      await held.check();
      low.data = sealDocument(data);
      await low.write();
      return data;
    });
  }

  async delete(): Promise<void> {
    await this.#locked(async () => {
      try {
        unlinkSync(this.#adapter.path);
        await syncFolder(dirname(this.#adapter.path));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw fromFileSystem(error, this.#adapter.path);
      }
    });
  }

  async #locked<R>(work: (held: HeldLock) => Promise<R>): Promise<R> {
    const held = await this.#lock();
    try {
      // Under its lock: a move waits for those that were taken before it.
      this.requireHere();
      return await work(held);
    } finally {
      await held.release();
    }
  }

  async #lock(): Promise<HeldLock> {
    const path = `${this.#adapter.path}.lock`;
    const owner = { by: 'runback', holder: `process-${process.pid}`, purpose: 'an update' };
    const giveUpAt = performance.now() + LOCK_WAIT_MS;
    this.litter.sweep(dirname(path));
    for (let wait = 1; ; wait = Math.min(wait * 1.5, 25)) {
      const attempt = await tryLock(path, owner, this.clock, { ...this.locking, breakDead: true, lapse: true, durable: false, renew: false });
      if ('held' in attempt) return attempt.held;
      if (performance.now() > giveUpAt) throw lockedError(this.#adapter.path, attempt.by, this.clock, path);
      await pause(wait * (0.5 + Math.random()));
    }
  }
}
