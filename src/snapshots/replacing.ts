import { type CallOptions, defined, sha256 } from '../lib/index.js';
import type { Lock, Store } from '../store/index.js';
import { readDirectory, type ZipDirectory } from './container/directory.js';
import { readEntry, type SnapshotFile } from './container/entry.js';
import { MANIFEST_ENTRY } from './container/names.js';
import { damaged, storedParts } from './container/opened.js';
import { ContainerWriter } from './container/writer.js';
import { checkWritten } from './create/check-written.js';
import type { Written } from './create/session.js';
import type { Decryption, Encryption } from './encryption/age.js';
import { baseLockOf, notesOf, snapshotLock } from './records.js';
import type { SnapshotStorage, StoredFile } from './storage/storage.js';
import { listedOf, type SnapshotNotes } from './summary.js';
import type { SnapshotManifest } from './types.js';

/** What putting another file in the place of a snapshot works with. */
export interface ReplacingDeps {
  readonly storage: SnapshotStorage;
  readonly store: Store;
  /** For whom the new file is encrypted; plain without. */
  readonly encryption: Encryption | undefined;
  /** What opens the old one, where it is encrypted, and the new one. */
  readonly keys: Decryption | undefined;
  readonly by: string;
  /** In words, for whoever waits for the lock. */
  readonly purpose: string;
}

/** The file of a snapshot as it is. */
export interface OldFile {
  /** For whoever closes what was opened on it. */
  readonly file: SnapshotFile;
  /**
   * Bytes of an entry, checked against what the manifest says of it. Throws `snapshot-damaged`.
   */
  readonly entry: (manifest: SnapshotManifest, name: string) => Promise<Buffer>;
}

/** What a new file is to be. */
export interface NewFile {
  /** What it says of itself. */
  readonly written: Written;
  /** Puts its entries into the container, the manifest last. */
  fill(container: ContainerWriter): Promise<void>;
  /** Looks at what was written before it takes the place of the old one: throws where it is not what it should be. */
  check?(stored: StoredFile): Promise<void>;
}

/**
 * Puts another file in the place of a snapshot. It is the old one or the new one at every moment, and both are known by
 * what is recorded of them until the old one is gone. `make` is given the old one, open, and gives undefined where it stays:
 * then nothing is done. True where it was replaced.
 *
 * Throws `snapshot-damaged` for an entry that is not what was written, `locked`, and what storage throws.
 */
export async function replaceFile(
  id: string,
  { storage, store, encryption, keys, by, purpose }: ReplacingDeps,
  make: (old: OldFile) => Promise<NewFile | undefined>,
  options: CallOptions,
): Promise<boolean> {
  const name = `${id}.zip`;
  const notes = notesOf(store, id);
  const owner = { by, holder: id, purpose };
  const lock = await store.lock(snapshotLock(id), owner, { breakDead: true });
  let kept: Lock | undefined;
  try {
    // Whoever deletes it holds this one.
    kept = await store.lock(baseLockOf(id), owner, { breakDead: true, lapse: true });
    // What a killed one before this had begun.
    await storage.discard(name);
    const file: SnapshotFile = { ...(await storage.open(name)), ...defined({ keys }) };
    try {
      const directory = await readDirectory(file);
      const made = await make({
        file: { ...file, close: () => Promise.resolve() },
        entry: async (manifest, entry) => await entryOf(file, directory, manifest, entry, options.signal),
      });
      if (made === undefined) return false;
      const { written } = made;
      await storage.put(
        name,
        async (sink) => {
          const container = await ContainerWriter.begin(sink, new Date(written.header.startedAt), encryption);
          try {
            await made.fill(container);
            await container.finish();
          } catch (error) {
            container.abort();
            throw error;
          }
        },
        async (stored) => {
          const seal = await checkWritten(stored, written, defined({ encryption, keys }));
          await made.check?.(stored);
          // Whoever was suspended for long may have lost it: it could have been deleted by now, and is not to come back.
          await kept?.check();
          // That of the file, not the one noted last: an attempt before this may have noted its own and come to nothing.
          const formerSeal = directory?.seal?.sha256;
          await notes.update((current) => known(current, written, defined({ seal, formerSeal })));
        },
        options,
      );
    } finally {
      await storage.discard(name);
      await file.close();
    }
    await notes.update(onlyNow);
    return true;
  } finally {
    await kept?.release();
    await lock.release();
  }
}

async function entryOf(
  file: SnapshotFile,
  directory: ZipDirectory | undefined,
  { entries, objects, links }: SnapshotManifest,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  signal?.throwIfAborted();
  const part = [...objects, ...links].flatMap(storedParts).find((one) => one.name === name);
  const entry = directory?.entries.get(name);
  if (entry === undefined) throw damaged(file.path, { entry: name, why: 'it is not in the file' });
  const bytes = await readEntry(file, entry, part?.bytes);
  const digest = part?.sha256 ?? entries[name];
  if (name !== MANIFEST_ENTRY && sha256(bytes) !== digest)
    throw damaged(file.path, { entry: name, why: 'its bytes are not those that were written' });
  return bytes;
}

/** With what both files are known by. */
function known(notes: SnapshotNotes | undefined, written: Written, seals: { readonly seal?: string; readonly formerSeal?: string }): SnapshotNotes {
  // The bytes that were compared are those of the file before.
  const { bytesVerifiedAt: _before, ...current } = notes ?? { version: 1, pinned: false };
  const { record } = current;
  const { digest } = written;
  const was = record === undefined || record.digest === digest ? {} : { digest, formerDigest: record.digest };
  // Where every byte of the old one was found right, so it was of the new one, before it takes its place.
  const verified = current.digest !== undefined && current.digest === record?.digest ? { digest } : {};
  return { ...current, ...verified, ...(record === undefined ? {} : { record: { ...record, ...seals, ...was } }), listed: listedOf(written) };
}

/** The old file is gone. */
function onlyNow(notes: SnapshotNotes | undefined): SnapshotNotes {
  const { record, ...current } = notes ?? { version: 1, pinned: false };
  if (record === undefined) return current;
  const { formerSeal: _seal, formerDigest: _digest, ...now } = record;
  return { ...current, record: now };
}
