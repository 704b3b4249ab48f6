import { createHash } from 'node:crypto';

import { type CallOptions, defined, isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Decryption } from '../encryption/age.js';
import type { OpenBase } from '../reader.js';
import { notesOf } from '../records.js';
import type { SnapshotStorage } from '../storage/storage.js';
import { NOTES_KIND, type SnapshotNotes } from '../summary.js';
import { type Intact, piecesOf, requireIntact } from './intact.js';

/** Where snapshots lie, and what is noted of them there. */
export interface SnapshotsAt {
  readonly storage: SnapshotStorage;
  readonly store: Store;
  /** What opens encrypted ones. */
  readonly keys?: Decryption;
}

/** How one is brought from one place to another. */
export interface TransferRequest {
  readonly id: string;
  readonly from: SnapshotsAt;
  readonly to: SnapshotsAt;
  /** What is noted of it where it comes to, before it appears there; `known`: what is noted where it comes from. */
  readonly notes: (known: SnapshotNotes | undefined, intact: Intact) => SnapshotNotes | undefined;
  /** Called just before it appears: throws where it must not any more. */
  readonly still: () => Promise<void>;
  /** Read what every part of it holds before it appears, with what it builds on there. */
  readonly openBase?: OpenBase;
}

/**
 * Brings a snapshot from one place to another, byte for byte: written, read back, compared with its source by SHA-256, with
 * its seal and with what was recorded of it, and only then there. Killed at any moment it is there whole or not at all;
 * called again, it continues. One caller at a time for a snapshot in a place; it is not there yet.
 *
 * Throws `not-found` where the source has none, what {@link requireIntact} throws, and what storage throws.
 */
export async function transfer(request: TransferRequest, call: CallOptions): Promise<void> {
  const { id, from, to } = request;
  const name = `${id}.zip`;
  if (await isFinished(to.storage, name, call)) return;
  await to.storage.discard(name);
  const known = await notesOf(from.store, id).read();
  const document = notesOf(to.store, id);
  const before = (await to.store.list(NOTES_KIND)).includes(id) ? await document.read() : undefined;
  const source = await from.storage.open(name);
  try {
    const hash = createHash('sha256');
    let done = 0;
    await to.storage.put(
      name,
      async (sink) => {
        for await (const piece of piecesOf(source, call.signal)) {
          hash.update(piece);
          await sink(piece);
          done += piece.length;
          call.reporter?.progress({ task: `Copying ${id}`, done: Math.round(done / 1e6), total: Math.round(source.bytes / 1e6), unit: 'MB' });
        }
      },
      async (file) => {
        const expected = { id, sha256: hash.digest('hex'), recorded: [known, before], ...defined({ keys: to.keys, openBase: request.openBase }) };
        const intact = await requireIntact(file, expected, call.signal);
        await request.still();
        const notes = request.notes(known, intact);
        if (notes !== undefined) await document.update(() => notes);
      },
      call,
    );
  } catch (error) {
    // What is whole and noted waits for its storage.
    if ((await to.storage.canFinish?.(name)) !== true)
      await (before === undefined ? document.delete() : document.update(() => before)).catch(() => undefined);
    throw error;
  } finally {
    await source.close();
  }
}

/** Ends what was whole and checked when an earlier call was killed or the storage went away. */
async function isFinished(storage: SnapshotStorage, name: string, call: CallOptions): Promise<boolean> {
  if ((await storage.canFinish?.(name)) !== true) return false;
  try {
    return (await storage.finish?.(name, call)) === true;
  } catch (error) {
    // It was to take the place of one that is gone: it is brought anew.
    if (isRunbackError(error, 'not-found')) return false;
    throw error;
  }
}
