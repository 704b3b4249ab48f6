import { defined, RunbackError, type Clock, utcText } from '../lib/index.js';
import type { Document, Store } from '../store/index.js';
import { gapsOf, listedOf, NOTES_KIND, type SnapshotNotes } from './summary.js';
import type { SnapshotReader, SnapshotWatch } from './types.js';

/**
 * A snapshot is known by its digest, which is kept in the state folder when it is made. The digests inside the file
 * vouch for its bytes only as long as nobody who can write to the folder of snapshots makes new ones.
 */

/** What the store keeps about a snapshot. */
export function notesOf(store: Store, id: string): Document<SnapshotNotes> {
  return store.document<SnapshotNotes>(NOTES_KIND, id);
}

/** Name of the lock of whoever builds on a snapshot or deletes it. What its dead holder left tells nothing of the snapshot itself. */
export function baseLockOf(id: string): string {
  return `base-${id}`;
}

/** Name of the lock of whoever writes a snapshot. */
export function snapshotLock(id: string): string {
  return `snapshot-${id}`;
}

/** Records what a snapshot is known by, before its file appears under its name. `seal`: of an encrypted one. */
export async function recordMade(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  written: Pick<SnapshotReader, 'header' | 'manifest' | 'digest'>,
  { by, job, watched, seal }: { readonly by: string; readonly job?: string; readonly watched: boolean; readonly seal?: string },
): Promise<void> {
  const { manifest, digest } = written;
  const imported = manifest.header.imported === undefined ? undefined : true;
  const complete = imported === undefined && gapsOf(manifest).length === 0 ? manifest.header.platforms.map(({ name }) => name) : undefined;
  const at = clock.now().toISOString();
  const record = { digest, how: 'made', at, by, ...defined({ seal }) } as const;
  const watch: SnapshotWatch | undefined = watched ? { state: 'pending', at } : undefined;
  await notesOf(store, manifest.id).update((current) => ({
    version: 1,
    pinned: current?.pinned ?? false,
    record,
    bases: manifest.bases,
    ...defined({ complete, imported, job, watch, listed: seal === undefined ? undefined : listedOf(written) }),
  }));
}

/**
 * Refuses a file that is not the one that was recorded under its id. A verification by an earlier version, which
 * recorded nothing, counts against another file as well, though not for this one. Throws `snapshot-replaced`.
 */
export function requireRecorded(reader: SnapshotReader, notes: SnapshotNotes | undefined): void {
  const expected = notes?.record?.digest ?? (notes?.verifiedAt === undefined ? undefined : notes.digest);
  // Without its manifest nothing can be compared, and nothing can be taken for proved either: it is damaged.
  if (expected === undefined || reader.salvaged || reader.digest === expected || reader.digest === notes?.record?.formerDigest) return;
  throw replaced(reader.path, reader.manifest.id, reader.digest, notes);
}

/** The error for a file that is not the one that was recorded under its id. `digest`: what it is instead. */
export function replaced(path: string, id: string, digest: string, notes: SnapshotNotes | undefined): RunbackError {
  const { at, by, digest: expected = notes?.digest } = notes?.record ?? {};
  return new RunbackError('snapshot-replaced', `${path} is not the snapshot ${id} that was recorded`, {
    why:
      at === undefined || by === undefined
        ? `Its digest is ${digest}, and when it was verified it was ${expected}.`
        : `Its digest is ${digest}. What ${by} recorded at ${utcText(at)} is ${expected}. Someone put another file in its place.`,
    state: 'Nothing was read from it and nothing was changed.',
    next: 'Find out who can write to that folder. Put the right file back from a copy, or use another snapshot: runback snapshot list',
    data: { id, path, digest, recorded: expected },
  });
}

/** The error for a snapshot that fits its own digests, where those are all that vouches for it. */
export function unrecorded(id: string): RunbackError {
  return new RunbackError('snapshot-unrecorded', `Nothing confirms that snapshot ${id} is the right file`, {
    why: 'It matches its own digests, but nothing was recorded of it when it was made: an earlier version made it, or it was brought from elsewhere.',
    state: 'It counts as unverified. Nothing was changed.',
    next: `If you know that it is the right file: runback snapshot adopt ${id}`,
    data: { id },
  });
}
