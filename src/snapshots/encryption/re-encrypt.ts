import { type CallOptions, defined, sha256 } from '../../lib/index.js';
import type { Lock, Store } from '../../store/index.js';
import { readDirectory, type ZipDirectory } from '../container/directory.js';
import { readEntry, type SnapshotFile } from '../container/entry.js';
import { MANIFEST_ENTRY } from '../container/names.js';
import { openStored } from '../container/open.js';
import { damaged, storedParts } from '../container/opened.js';
import { ContainerWriter } from '../container/writer.js';
import { checkWritten } from '../create/check-written.js';
import type { Written } from '../create/session.js';
import { baseLockOf, notesOf, snapshotLock } from '../records.js';
import type { SnapshotStorage } from '../storage/storage.js';
import { listedOf, type SnapshotNotes } from '../summary.js';
import type { Decryption, Encryption } from './age.js';

/** What encrypting again works with. */
export interface ReEncryptDeps {
  readonly storage: SnapshotStorage;
  readonly store: Store;
  /** For whom it is encrypted from now on. */
  readonly encryption: Encryption;
  /** What opens it now, where it is encrypted. */
  readonly keys: Decryption | undefined;
  readonly by: string;
}

/**
 * Writes a snapshot once more, encrypted for other recipients, and puts it in the place of the old file. What it holds
 * stays byte for byte, and so does its digest: plans, and snapshots that build on it, still know it. It is the old one or
 * the new one at every moment, and both are known by their seals until the old one is gone.
 *
 * Verify it first. Throws `snapshot-damaged` for an entry that is not what was written, `locked`, and what storage throws.
 */
export async function reEncrypt(id: string, { storage, store, encryption, keys, by }: ReEncryptDeps, options: CallOptions): Promise<void> {
  const name = `${id}.zip`;
  const notes = notesOf(store, id);
  const owner = { by, holder: id, purpose: 'encrypting a snapshot again' };
  const lock = await store.lock(snapshotLock(id), owner, { breakDead: true });
  let kept: Lock | undefined;
  try {
    // Whoever deletes it holds this one.
    kept = await store.lock(baseLockOf(id), owner, { breakDead: true, lapse: true });
    // What a killed one before this had begun.
    await storage.discard(name);
    const file: SnapshotFile = { ...(await storage.open(name)), ...defined({ keys }) };
    try {
      const written = await openStored({ ...file, close: () => Promise.resolve() }, defined({ keys }));
      const directory = await readDirectory(file);
      await storage.put(
        name,
        async (sink) => {
          const container = await ContainerWriter.begin(sink, new Date(written.header.startedAt), encryption);
          try {
            await copy(file, directory, written, container, options);
            await container.finish();
          } catch (error) {
            container.abort();
            throw error;
          }
        },
        async (stored) => {
          // Whoever was suspended for long may have lost it: it could have been deleted by now, and is not to come back.
          await kept?.check();
          const seal = await checkWritten(stored, written, { encryption, ...defined({ keys }) });
          // That of the file, not the one noted last: an attempt before this may have noted its own and come to nothing.
          const formerSeal = directory?.seal?.sha256;
          await notes.update((current) => known(current, (record) => ({ ...record, ...defined({ seal, formerSeal }) }), written));
        },
        options,
      );
    } finally {
      await storage.discard(name);
      await file.close();
    }
    await notes.update((current) => known(current, ({ formerSeal: _former, ...record }) => record));
  } finally {
    await kept?.release();
    await lock.release();
  }
}

/** Every entry as it is, each checked against its digest, the manifest last. */
async function copy(
  file: SnapshotFile,
  directory: ZipDirectory | undefined,
  { manifest }: Written,
  container: ContainerWriter,
  { signal }: CallOptions,
): Promise<void> {
  const parts = [...manifest.objects, ...manifest.links].flatMap(storedParts);
  const digests = new Map([...Object.entries(manifest.entries), ...parts.map((part) => [part.name, part.sha256] as const)]);
  const sizes = new Map(parts.map((part) => [part.name, part.bytes]));
  for (const name of [...digests.keys(), MANIFEST_ENTRY]) {
    signal?.throwIfAborted();
    const entry = directory?.entries.get(name);
    if (entry === undefined) throw damaged(file.path, { entry: name, why: 'it is not in the file' });
    const bytes = await readEntry(file, entry, sizes.get(name));
    const digest = digests.get(name);
    if (digest !== undefined && sha256(bytes) !== digest) throw damaged(file.path, { entry: name, why: 'its bytes are not those that were written' });
    await container.add(name, bytes);
  }
}

function known(
  notes: SnapshotNotes | undefined,
  change: (record: NonNullable<SnapshotNotes['record']>) => NonNullable<SnapshotNotes['record']>,
  written?: Written,
): SnapshotNotes {
  // The bytes that were compared are those of the file before.
  const { bytesVerifiedAt: _before, ...current } = notes ?? { version: 1, pinned: false };
  const { record } = current;
  return { ...current, ...(record === undefined ? {} : { record: change(record) }), ...(written === undefined ? {} : { listed: listedOf(written) }) };
}
