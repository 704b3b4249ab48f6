import { readFileSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { type Adapter, Low } from 'lowdb';

import { type Clock, type Redactor, RunbackError, canonicalJson, fromFileSystem, sha256, withoutBom } from '../../lib/index.js';
import type { Document } from '../store.js';
import type { LitterSweeper } from './litter.js';
import { type HeldLock, type LockContext, lockedError, tryLock } from './lock-file.js';
import { syncFolder, systemCode } from './paths.js';
import { writeWhole } from './whole-file.js';

/** What a document file holds: the data and its digest, so that a half-right file is never taken for state. */
interface Envelope {
  readonly version: 1;
  readonly sha256: string;
  readonly data: unknown;
}

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
    const envelope = parse(text);
    if (
      typeof envelope === 'object' &&
      envelope !== null &&
      'data' in envelope &&
      'sha256' in envelope &&
      envelope.sha256 === digestOf(envelope.data)
    )
      return envelope as Envelope;
    throw new RunbackError('document-damaged', `${this.path} is not what runback wrote`, {
      why: 'Its content does not match its digest: the file was changed by something else, or the disk lost bytes.',
      state: 'Nothing was changed.',
      next: 'Bring the file back from a backup of the state folder, or move it away if what it recorded is not needed.',
    });
  }

  async write(envelope: Envelope): Promise<void> {
    await writeWhole(this.path, `${JSON.stringify(envelope, undefined, 1)}\n`);
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
  ) {
    this.#adapter = new EnvelopeFile(path);
  }

  async read(): Promise<T | undefined> {
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
      low.data = { version: 1, sha256: digestOf(data), data };
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

function digestOf(data: unknown): string {
  return sha256(canonicalJson(data));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(withoutBom(text));
  } catch {
    return undefined;
  }
}
