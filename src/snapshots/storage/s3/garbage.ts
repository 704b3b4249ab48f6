import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { CallOptions } from '../../../lib/index.js';
import { lifeOf, type ProcessIdentity, thisProcess } from '../../../store/index.js';
import type { S3Client } from './client.js';
import { nameOf } from './keys.js';
import { readMarker } from './markers.js';
import { writeNote } from './notes.js';
import { giveUp, readState, type UploadState } from './upload.js';

/** A note that a process is still at work on is left to it for so long. */
const OWNED_MS = 3600 * 1000;

/** Keys that this process is at work on now. */
const atWork = new Set<string>();

interface GarbageDeps {
  readonly client: S3Client;
  /** Folder of this machine with a note of each object. */
  readonly dir: string;
  readonly now: () => Date;
}

interface GarbageNote extends UploadState {
  /** Who works on that object: nobody else removes it. */
  readonly by?: ProcessIdentity;
}

/**
 * Objects of the bucket that are no longer wanted, or will not be in a moment. Noted on this machine first: whoever is
 * killed leaves none that nobody knows of.
 */
export class Garbage {
  readonly #deps: GarbageDeps;
  constructor(deps: GarbageDeps) {
    this.#deps = deps;
  }

  async note(state: GarbageNote): Promise<void> {
    await writeNote(this.#pathOf(state.key), JSON.stringify(state));
  }

  /** Notes an object that is garbage once `work` is done, or its process gone: until then no sweep takes it, nor its note. */
  async noteDuring(state: UploadState, work: () => Promise<void>): Promise<void> {
    atWork.add(state.key);
    try {
      await this.note({ ...state, by: thisProcess() });
      await work();
    } finally {
      atWork.delete(state.key);
    }
  }

  /**
   * Removes them. One that a marker names is wanted: whoever meant to remove it did not come to that. What cannot be removed
   * holds up no other; then the first error is thrown at the end.
   */
  async sweep(call: CallOptions = {}): Promise<void> {
    const failures: unknown[] = [];
    for (const key of await readdir(this.#deps.dir).catch(() => []))
      await this.#remove(key, call).catch((error: unknown) => {
        call.signal?.throwIfAborted();
        failures.push(error);
      });
    if (failures.length > 0) throw failures[0];
  }

  async #remove(key: string, call: CallOptions): Promise<void> {
    const path = this.#pathOf(key);
    // Of a note that was not written to its end, the name of its file tells the key.
    const note: GarbageNote = (await readState(path)) ?? { version: 1, key };
    if (atWork.has(key) || (note.by !== undefined && (await this.#isOwned(path, note.by)))) return;
    const { client } = this.#deps;
    const named = (await readMarker(client, nameOf(note.key), call))?.marker.key === note.key;
    if (!named) await giveUp(client, note, call);
    await rm(path, { force: true });
  }

  async #isOwned(path: string, by: ProcessIdentity): Promise<boolean> {
    // Of this process, only what is in `atWork` is.
    const here = thisProcess();
    if (by.pid === here.pid && by.host === here.host && by.started === here.started) return false;
    if (lifeOf(by, here) === 'dead') return false;
    const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
    return Math.abs(this.#deps.now().getTime() - mtimeMs) < OWNED_MS;
  }

  #pathOf(key: string): string {
    return join(this.#deps.dir, key);
  }
}
