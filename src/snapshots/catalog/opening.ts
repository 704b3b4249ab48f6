import { defined, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Document, Store } from '../../store/index.js';
import { readDirectory } from '../container/directory.js';
import { KnownFiles } from '../container/known.js';
import { openStored, type OpenSnapshotOptions } from '../container/open.js';
import type { Decryption } from '../encryption/age.js';
import type { OpenBase, ZipSnapshotReader } from '../reader.js';
import { notesOf, replaced, requireRecorded } from '../records.js';
import { proofOf, restoreTestsOf } from '../restore-tests.js';
import type { SnapshotStorage, StoredName } from '../storage/storage.js';
import { summaryFrom, summaryOf, type SnapshotNotes } from '../summary.js';
import type { SnapshotSummary } from '../types.js';

/** Opens the files of snapshots, each only as the one that was recorded. */
export class Opening {
  readonly storage: SnapshotStorage;
  readonly store: Store;
  readonly #keys: Decryption | undefined;
  readonly #known = new KnownFiles();

  constructor({ storage, store, keys }: { readonly storage: SnapshotStorage; readonly store: Store; readonly keys: Decryption | undefined }) {
    this.storage = storage;
    this.store = store;
    this.#keys = keys;
  }

  notesOf(id: string): Document<SnapshotNotes> {
    return notesOf(this.store, id);
  }

  /**
   * Opens a file under its name; one that was renamed is refused, since ids are what everything else refers to. Throws
   * `snapshot-damaged` also for an entry whose bytes are gone, see {@link bytesAreGone}. `anew`: everything is read from
   * the file, whatever is known of it.
   */
  async open(name: string, { anew = false, ...options }: OpenSnapshotOptions & { readonly anew?: boolean } = {}): Promise<ZipSnapshotReader> {
    const path = this.storage.pathOf(name);
    const openBase: OpenBase = async (base) => await this.open(`${base.id}.zip`, { anew });
    const file = await this.storage.open(name);
    const reader = await openStored(file, { ...options, openBase, ...defined({ keys: this.#keys, known: anew ? undefined : this.#known }) }).catch(
      async (error: unknown) => {
        await file.close();
        if (isRunbackError(error, 'not-found') && (await this.storage.remains?.(name)) === 'entry') throw gone(path, idOf(name));
        throw error;
      },
    );
    const { id } = reader.manifest;
    try {
      if (`${id}.zip` !== name) throw renamed(path, id);
      const notes = await this.notesOf(id).read();
      requireRecorded(reader, notes);
      reader.vouch(notes?.record?.digest);
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** What is told of a snapshot in lists; `quick`: without searching a broken file. Throws what opening it does. */
  async summarise(stored: StoredName, quick = false): Promise<SnapshotSummary> {
    const { name, bytes } = stored;
    const reader = await this.open(name, { quick }).catch(async (error: unknown) => {
      const unread = isRunbackError(error, 'snapshot-encrypted') ? await this.#unreadable(stored) : undefined;
      if (unread === undefined) throw error;
      return unread;
    });
    if (!('close' in reader)) return await this.#withDamageBelow(reader);
    try {
      const summary = summaryOf(reader, this.storage.pathOf(name), bytes, await this.notesOf(reader.manifest.id).read());
      return await this.#withDamageBelow(await this.#withProof(summary));
    } finally {
      await reader.close();
    }
  }

  /** What is damaged in what a snapshot builds on is damaged in it. */
  async #withDamageBelow(summary: SnapshotSummary): Promise<SnapshotSummary> {
    const below = await this.#damagedBelow(summary.bases);
    if (below === 0) return summary;
    const { verifiedAt: _verifiedAt, ...rest } = summary;
    return { ...rest, damaged: below + (rest.damaged ?? 0) };
  }

  /** What is known of an encrypted snapshot that no key here opens; undefined where nothing is. Throws `snapshot-replaced`. */
  async #unreadable({ name, bytes }: StoredName): Promise<SnapshotSummary | undefined> {
    const notes = await this.notesOf(idOf(name)).read();
    if (notes?.listed === undefined) return undefined;
    const file = await this.storage.open(name);
    try {
      requireSeal(file.path, (await readDirectory(file))?.seal?.sha256, notes);
    } finally {
      await file.close();
    }
    return { ...summaryFrom(notes.listed, this.storage.pathOf(name), bytes, notes), encrypted: 'unreadable' };
  }

  /** With what restore tests of this very file came to. */
  async #withProof(summary: SnapshotSummary): Promise<SnapshotSummary> {
    const tests = await restoreTestsOf(this.store, summary.id)
      .read()
      .catch(() => undefined);
    const names = summary.platforms.map(({ name }) => name);
    return { ...summary, ...defined({ proof: proofOf(tests, summary.digest, names) }) };
  }

  /** Damages that verifications found in what a snapshot builds on: it is made of that, whenever it was verified itself. */
  async #damagedBelow(bases: readonly string[]): Promise<number> {
    let found = 0;
    for (const id of bases)
      found +=
        (
          await this.notesOf(id)
            .read()
            .catch(() => undefined)
        )?.damaged ?? 0;
    return found;
  }
}

/** Id of the snapshot in a file of that name. */
export const idOf = (name: string): string => name.slice(0, -'.zip'.length);

/** Refuses an encrypted file with another seal than those that were recorded of it. Throws `snapshot-replaced`. */
export function requireSeal(path: string, seal: string | undefined, notes: SnapshotNotes | undefined): void {
  const { record, listed } = notes ?? {};
  if (seal === undefined || ![record?.seal, record?.formerSeal].includes(seal)) throw replaced(path, listed?.id ?? '', seal ?? 'missing', notes);
}

function renamed(path: string, id: string): RunbackError {
  return new RunbackError('snapshot-foreign', `${path} was renamed`, {
    why: `Inside it is called ${id}.`,
    state: 'Nothing was done.',
    next: `Give it back its name ${id}.zip.`,
  });
}

function gone(path: string, id: string): RunbackError {
  return new RunbackError('snapshot-damaged', `The bytes of ${path} are gone`, {
    why: 'Its entry is there, and nothing lies where it says: someone removed the bytes, or the entry was written late, after the snapshot had been deleted.',
    state: 'Nothing was changed.',
    next: `If you do not need the entry: runback snapshot delete ${id}`,
    data: { id, path, gone: true },
  });
}

/** Whether an error of opening a file says that nothing is left of its bytes: it is certain that nobody can read it. */
export function bytesAreGone(error: unknown): error is RunbackError {
  return isRunbackError(error, 'snapshot-damaged') && error.data['gone'] === true;
}
