import { dirname } from 'node:path';

import { type CallOptions, type Clock, defined, exposuresOf, isRunbackError, messageOf, RunbackError } from '../lib/index.js';
import type { Document, Store } from '../store/index.js';
import { byAge } from './age.js';
import { readDirectory } from './container/directory.js';
import { openStored, type OpenSnapshotOptions } from './container/open.js';
import { damaged } from './container/opened.js';
import type { CreateSnapshotRequest } from './create/session.js';
import type { Decryption, Encryption } from './encryption/age.js';
import type { OpenBase, ZipSnapshotReader } from './reader.js';
import { baseLockOf, notesOf, replaced, requireRecorded, unrecorded } from './records.js';
import { ambiguous, isWord, latest, missing, type ResolveFilter } from './references.js';
import { proofOf, restoreTestsOf } from './restore-tests.js';
import { folderStorage } from './storage/folder.js';
import type { SnapshotStorage, StoredFile, StoredName } from './storage/storage.js';
import { summaryFrom, summaryOf, type SnapshotNotes } from './summary.js';
import type { BytesReport, CheckedReport, SnapshotPin, SnapshotReader, SnapshotSummary, SnapshotWatch } from './types.js';
import { sealHolds } from './verify.js';

/** A file among the snapshots that is none. */
export interface IgnoredFile {
  readonly path: string;
  readonly why: string;
  /** Of the error that it gives when it is opened. */
  readonly code?: string;
  /** It is being written, or its writer was killed: nothing builds on it, and what it builds on is held by its writer. */
  readonly unfinished?: true;
}

/** The snapshots of a workspace. A snapshot's id is the name of its file. */
export interface Catalog {
  /** Takes a snapshot: see `createSnapshot`. Encrypted, where this catalog encrypts. */
  create(request: CreateSnapshotRequest, options?: CallOptions): Promise<SnapshotSummary>;
  /** Newest first; only complete ones. */
  list(): Promise<readonly SnapshotSummary[]>;
  /**
   * Those of the newest snapshots of these platforms that do not hold everything that was wanted, without looking at
   * all.
   */
  incomplete(platforms: readonly string[], options?: CallOptions): Promise<readonly SnapshotSummary[]>;
  /**
   * The same, with the files that are no snapshots, and why. `most`: only so many of the newest files are looked at,
   * and `more` says how many are left.
   */
  survey(most?: number): Promise<{ readonly snapshots: readonly SnapshotSummary[]; readonly ignored: readonly IgnoredFile[]; readonly more: number }>;
  /**
   * An id, the beginning of one, `latest` or `latest-verified`. Throws `not-found`, `ambiguous` (with `data: {ids}`),
   * `snapshot-damaged`.
   */
  resolve(reference: string, filter?: ResolveFilter): Promise<SnapshotSummary>;
  /**
   * Opens by anything that `resolve` takes. Throws `snapshot-replaced` for a file that is not the one that was
   * recorded, as everything here does. Close the reader. `salvage`: also what has no manifest any more, see
   * `openSnapshot`.
   */
  open(reference: string, options?: { readonly salvage?: boolean }): Promise<SnapshotReader>;
  /**
   * Reads every byte and remembers the outcome: only an undamaged snapshot that is the recorded one counts as verified.
   * Of one that was cut off or lost its manifest, reports what is left. Where the outcome cannot be written down, the
   * report says so.
   */
  verify(reference: string, options?: CallOptions): Promise<CheckedReport>;
  /**
   * Reads every byte of an encrypted snapshot that no key here opens, and compares them with the seal that was recorded when
   * it was written. It is not verified by that: what the bytes mean was not read. Undefined where no seal was recorded.
   * Throws `snapshot-replaced` for a file with another seal.
   */
  verifyBytes(reference: string, options?: CallOptions): Promise<BytesReport | undefined>;
  /**
   * Notes of a snapshot that could not be read for a verification: it no longer counts as verified, nor does what builds on
   * it, or with `unclear` only that it was looked at.
   */
  noteUnread(id: string, found: 'damaged' | 'unclear'): Promise<void>;
  /**
   * A person says that a snapshot of which nothing was recorded (made by an earlier version, or brought from elsewhere)
   * is the right one: every byte is read, and its digest recorded. Never for a file that replaced a recorded one.
   * Throws `snapshot-damaged`, `snapshot-replaced`.
   */
  adopt(reference: string, by: string, options?: CallOptions): Promise<SnapshotSummary>;
  /**
   * Encrypts a snapshot for the recipients of now, whether it was plain or encrypted for others: every byte is read, and
   * the file replaced. Throws `snapshot-damaged`, `snapshot-unrecorded`, `usage` where this workspace does not encrypt.
   */
  reEncrypt(reference: string, by: string, options?: CallOptions): Promise<SnapshotSummary>;
  /**
   * Where they lie, for people; tries first whether that place keeps what is relied on, and leaves nothing. Throws
   * `storage-unsafe`, `storage-refused`, `storage-unreachable`.
   */
  tryStorage(options?: CallOptions): Promise<string>;
  /** In whole sentences: owners and modes by which somebody else could put other files among the snapshots. */
  exposures(): Promise<readonly string[]>;
  /**
   * In whole sentences, what a person should know before these snapshots are relied on: the exposures, that nothing was
   * recorded of one, and why `base`, from which something is to be put back, is suspect.
   */
  doubts(references: readonly string[], base?: string): Promise<readonly string[]>;
  /** Keeps a snapshot from being deleted, with the reason where there is one; or with `false` no longer. */
  pin(reference: string, on: boolean | Omit<SnapshotPin, 'at'>): Promise<SnapshotSummary>;
  /** Notes what the watch of its job made of a snapshot, or that a person accepted it. */
  noteWatch(reference: string, watch: SnapshotWatch): Promise<SnapshotSummary>;
  /** The snapshot, where it may be deleted now. Throws `snapshot-pinned`, `snapshot-needed`. */
  requireDeletable(reference: string): Promise<SnapshotSummary>;
  /**
   * Removes a snapshot for good. Throws `snapshot-pinned`, `snapshot-needed` where another builds on it, `locked` while
   * one is being made that does.
   */
  delete(reference: string): Promise<SnapshotSummary>;
}

export interface CatalogDeps {
  readonly dir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly storage?: SnapshotStorage;
  /** What encrypts the snapshots that are taken; without it, they are plain. */
  readonly encryption?: Encryption;
  /** What opens encrypted ones. */
  readonly keys?: Decryption;
}

/** The catalog of a folder. Opening touches nothing. */
export function openCatalog(deps: CatalogDeps): Catalog {
  return new StoredCatalog(deps);
}

class StoredCatalog implements Catalog {
  readonly #dir: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #storage: SnapshotStorage;

  readonly #encryption: Encryption | undefined;
  readonly #keys: Decryption | undefined;

  constructor({ dir, store, clock, storage = folderStorage(dir), encryption, keys }: CatalogDeps) {
    this.#encryption = encryption;
    this.#keys = keys;
    this.#dir = dir;
    this.#store = store;
    this.#clock = clock;
    this.#storage = storage;
  }

  async create(request: CreateSnapshotRequest, options: CallOptions = {}): Promise<SnapshotSummary> {
    // Only now: most commands take no snapshot.
    const { createSnapshot } = await import('./create/create.js');
    const deps = { dir: this.#dir, store: this.#store, clock: this.#clock, storage: this.#storage };
    return await createSnapshot(request, { ...deps, ...defined({ encryption: this.#encryption, keys: this.#keys }) }, options);
  }

  async list(): Promise<readonly SnapshotSummary[]> {
    return (await this.survey()).snapshots;
  }

  async incomplete(platforms: readonly string[], options: CallOptions = {}): Promise<readonly SnapshotSummary[]> {
    const open = new Set(platforms);
    const found: SnapshotSummary[] = [];
    for (const stored of await this.#newestFirst(options)) {
      if (open.size === 0) break;
      const notes = await this.#notesOf(stored.name.slice(0, -'.zip'.length))
        .read()
        .catch(() => undefined);
      if (notes?.imported === true) continue;
      const known = notes?.complete;
      const summary = known === undefined ? await this.#summarise(stored, true).catch(() => undefined) : undefined;
      if (summary?.imported !== undefined) continue;
      const newest = (known ?? summary?.platforms.map(({ name }) => name) ?? []).filter((name) => open.delete(name));
      if (summary !== undefined && newest.length > 0 && summary.gaps.length > 0) found.push(summary);
    }
    return found;
  }

  async survey(most = Number.POSITIVE_INFINITY): Promise<Awaited<ReturnType<Catalog['survey']>>> {
    const snapshots: SnapshotSummary[] = [];
    const ignored: IgnoredFile[] = (await this.#storage.unfinished()).map((name) => ({
      path: this.#storage.pathOf(name),
      why: 'it is being written, or its writer was killed',
      unfinished: true,
    }));
    const files = await this.#newestFirst();
    for (const stored of files.slice(0, most)) {
      try {
        snapshots.push(await this.#summarise(stored, true));
      } catch (error) {
        ignored.push({ path: this.#storage.pathOf(stored.name), why: messageOf(error), ...(isRunbackError(error) ? { code: error.code } : {}) });
      }
    }
    snapshots.sort((a, b) => byAge(b, a));
    return { snapshots, ignored, more: Math.max(0, files.length - most) };
  }

  async resolve(reference: string, filter: ResolveFilter = {}): Promise<SnapshotSummary> {
    return isWord(reference)
      ? latest(reference, filter, (await this.survey()).snapshots, this.#clock)
      : await this.#summarise(await this.#locate(reference));
  }

  async open(reference: string, options: OpenSnapshotOptions = {}): Promise<SnapshotReader> {
    return await this.#openNamed(await this.#nameOf(reference), options);
  }

  async verify(reference: string, options: CallOptions = {}): Promise<CheckedReport> {
    const reader = await this.open(reference, { salvage: true });
    try {
      const { id } = reader.manifest;
      const report = await reader.verify(options);
      const checkedAt = this.#clock.now().toISOString();
      const found = {
        checkedAt,
        digest: reader.digest,
        ...(report.damage.length === 0 ? { verifiedAt: checkedAt } : { damaged: report.damage.length }),
      };
      const recorded = (await this.#notesOf(id).read())?.record !== undefined;
      const notNoted = await this.#note(id, (current) => (recorded ? { ...unverified(current), ...found } : { ...unverified(current), checkedAt }));
      return { ...report, recorded, ...defined({ notNoted }) };
    } finally {
      await reader.close();
    }
  }

  async verifyBytes(reference: string, { signal }: CallOptions = {}): Promise<BytesReport | undefined> {
    const name = await this.#nameOf(reference);
    const notes = await this.#notesOf(idOf(name)).read();
    const { record, listed } = notes ?? {};
    if (listed === undefined || record?.seal === undefined) return undefined;
    const { id, digest } = listed;
    const file = await this.#storage.open(name);
    try {
      const broken = await this.#brokenBytes(file, notes, signal);
      const checkedAt = this.#clock.now().toISOString();
      const notNoted = await this.#note(id, (current) =>
        broken === undefined
          ? { ...without(current, 'damaged'), checkedAt, bytesVerifiedAt: checkedAt }
          : { ...without(unverified(current), 'bytesVerifiedAt'), checkedAt, digest, damaged: 1 },
      );
      return { id, bytes: file.bytes, ...defined({ broken, notNoted }) };
    } finally {
      await file.close();
    }
  }

  async noteUnread(id: string, found: 'damaged' | 'unclear'): Promise<void> {
    const checkedAt = this.#clock.now().toISOString();
    await this.#notesOf(id).update((current) => {
      if (found === 'unclear') return { ...(current ?? { version: 1, pinned: false }), checkedAt };
      const digest = current?.record?.digest ?? current?.digest;
      return { ...without(unverified(current), 'bytesVerifiedAt'), checkedAt, damaged: 1, ...defined({ digest }) };
    });
  }

  /** Why the bytes of an encrypted file are not those that were written; undefined where they are. Throws `snapshot-replaced`. */
  async #brokenBytes(file: StoredFile, notes: SnapshotNotes | undefined, signal: AbortSignal | undefined): Promise<string | undefined> {
    const directory = await readDirectory(file);
    if (directory?.seal === undefined) return 'it was cut off, or its end was changed';
    requireSeal(file.path, directory.seal.sha256, notes);
    // What the file says is what was recorded: now whether it is so.
    return (await sealHolds({ file, directory }, signal)) === undefined ? undefined : 'bytes of it were changed since it was written';
  }

  async adopt(reference: string, by: string, options: CallOptions = {}): Promise<SnapshotSummary> {
    const reader = await this.open(reference);
    try {
      const { id } = reader.manifest;
      const [found] = (await reader.verify(options)).damage;
      if (found !== undefined) throw damaged(reader.path, found);
      const { digest } = reader;
      const at = this.#clock.now().toISOString();
      await this.#notesOf(id).update((current) => ({
        ...unverified(current),
        record: current?.record ?? { digest, how: 'adopted', at, by },
        digest,
        verifiedAt: at,
      }));
      return await this.resolve(id);
    } finally {
      await reader.close();
    }
  }

  async reEncrypt(reference: string, by: string, options: CallOptions = {}): Promise<SnapshotSummary> {
    const [encryption, keys] = [this.#encryption, this.#keys];
    if (encryption === undefined)
      throw new RunbackError('usage', 'runback.yml does not say for whom snapshots are encrypted', {
        state: 'Nothing was changed.',
        next: 'Add to runback.yml: backups: { encrypt: { to: [age1…] } }',
      });
    const { id, damage, recorded } = await this.verify(reference, options);
    const [found] = damage;
    if (found !== undefined) throw damaged(this.#storage.pathOf(`${id}.zip`), found);
    if (!recorded) throw unrecorded(id);
    const { reEncrypt } = await import('./encryption/re-encrypt.js');
    await reEncrypt(id, { storage: this.#storage, store: this.#store, encryption, keys, by }, options);
    return await this.resolve(id);
  }

  async tryStorage(options: CallOptions = {}): Promise<string> {
    await this.#storage.tryOut?.(options);
    return this.#storage.location;
  }

  async exposures(): Promise<readonly string[]> {
    return [...(await exposuresOf([dirname(this.#dir), this.#store.location])), ...(await this.#storage.exposures())];
  }

  async doubts(references: readonly string[], base?: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const reference of new Set(references)) {
      const { id, record, suspect } = await this.resolve(reference);
      if (reference === base && suspect !== undefined)
        found.push(`${id} is suspect, and may hold the damage itself: ${suspect.join('. ')}. What is put back comes from it.`);
      if (record === undefined)
        found.push(`Nothing was recorded of ${id} when it was made. If you know that it is the right file: runback snapshot adopt ${id}`);
    }
    return [...found, ...(await this.exposures())];
  }

  async pin(reference: string, on: boolean | Omit<SnapshotPin, 'at'>): Promise<SnapshotSummary> {
    const { id } = await this.resolve(reference);
    const at = this.#clock.now().toISOString();
    await this.#notesOf(id).update((current) => {
      const { pin: _pin, ...rest } = current ?? { version: 1 };
      return { ...rest, pinned: on !== false, ...(typeof on === 'object' ? { pin: { ...on, at } } : {}) };
    });
    return await this.resolve(id);
  }

  async noteWatch(reference: string, watch: SnapshotWatch): Promise<SnapshotSummary> {
    const { id } = await this.resolve(reference);
    await this.#notesOf(id).update((current) => ({ ...(current ?? { version: 1, pinned: false }), watch }));
    return await this.resolve(id);
  }

  async requireDeletable(reference: string): Promise<SnapshotSummary> {
    const summary = await this.resolve(reference);
    if (summary.pinned)
      throw new RunbackError('snapshot-pinned', `${summary.id} is pinned`, {
        why: 'Someone asked to keep it.',
        state: 'Nothing was deleted.',
        next: `Unpin it first: runback snapshot pin ${summary.id} --off`,
      });
    await this.#requireUnneeded(summary.id);
    return summary;
  }

  async delete(reference: string): Promise<SnapshotSummary> {
    const summary = await this.requireDeletable(reference);
    // Whoever builds on a snapshot holds its lock.
    const owner = { by: 'delete', holder: summary.id, purpose: 'deleting a snapshot' };
    const lock = await this.#store.lock(baseLockOf(summary.id), owner, { breakDead: true, lapse: true });
    try {
      await this.#requireUnneeded(summary.id);
      await this.#storage.delete(`${summary.id}.zip`);
      await this.#notesOf(summary.id).delete();
      await restoreTestsOf(this.#store, summary.id).delete();
    } finally {
      await lock.release();
    }
    return summary;
  }

  /** What builds on it could no longer be read. Only later ones can; a file that cannot be opened may be one. */
  async #requireUnneeded(id: string): Promise<void> {
    const needed: string[] = [];
    for (const { name } of await this.#newestFirst()) {
      const other = name.slice(0, -'.zip'.length);
      if (other <= id) break;
      if (!other.startsWith('snap-')) continue;
      const bases = await this.#basesOf(other).catch((error: unknown) => {
        if (!isRunbackError(error)) throw error;
        return undefined;
      });
      if (bases === undefined) throw unclear(id, this.#storage.pathOf(name));
      if (bases.includes(id)) needed.push(other);
    }
    const [newest, ...others] = needed;
    if (newest === undefined) return;
    throw new RunbackError('snapshot-needed', `${newest}${others.length === 0 ? '' : ` and ${others.length} more`} cannot be read without ${id}`, {
      why: 'A snapshot that builds on another holds only what differs from it.',
      state: 'Nothing was deleted.',
      next: `If you no longer need ${others.length === 0 ? 'it' : 'them'}, begin with the newest: runback snapshot delete ${newest}`,
      data: { id, needed },
    });
  }

  async #basesOf(id: string): Promise<readonly string[]> {
    const noted = (await this.#notesOf(id).read())?.bases;
    if (noted !== undefined) return noted;
    const reader = await this.#openNamed(`${id}.zip`, { quick: true });
    try {
      return reader.manifest.bases;
    } finally {
      await reader.close();
    }
  }

  #notesOf(id: string): Document<SnapshotNotes> {
    return notesOf(this.#store, id);
  }

  /** Opens a file under its name; one that was renamed is refused, since ids are what everything else refers to. */
  async #openNamed(name: string, options: OpenSnapshotOptions = {}): Promise<ZipSnapshotReader> {
    const path = this.#storage.pathOf(name);
    const openBase: OpenBase = async (base) => await this.#openNamed(`${base.id}.zip`);
    const file = await this.#storage.open(name);
    const reader = await openStored(file, { ...options, openBase, ...defined({ keys: this.#keys }) }).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
    const { id } = reader.manifest;
    try {
      if (`${id}.zip` !== name) throw renamed(path, id);
      const notes = await this.#notesOf(id).read();
      requireRecorded(reader, notes);
      reader.vouch(notes?.record?.digest);
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  async #summarise(stored: StoredName, quick = false): Promise<SnapshotSummary> {
    const { name, bytes } = stored;
    const reader = await this.#openNamed(name, { quick }).catch(async (error: unknown) => {
      const unread = isRunbackError(error, 'snapshot-encrypted') ? await this.#unreadable(stored) : undefined;
      if (unread === undefined) throw error;
      return unread;
    });
    if (!('close' in reader)) return await this.#withDamageBelow(reader);
    try {
      const summary = summaryOf(reader, this.#storage.pathOf(name), bytes, await this.#notesOf(reader.manifest.id).read());
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
    const notes = await this.#notesOf(idOf(name)).read();
    if (notes?.listed === undefined) return undefined;
    const file = await this.#storage.open(name);
    try {
      requireSeal(file.path, (await readDirectory(file))?.seal?.sha256, notes);
    } finally {
      await file.close();
    }
    return { ...summaryFrom(notes.listed, this.#storage.pathOf(name), bytes, notes), encrypted: 'unreadable' };
  }

  /** With what restore tests of this very file came to. */
  async #withProof(summary: SnapshotSummary): Promise<SnapshotSummary> {
    const tests = await restoreTestsOf(this.#store, summary.id)
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
          await this.#notesOf(id)
            .read()
            .catch(() => undefined)
        )?.damaged ?? 0;
    return found;
  }

  /** Newest first: ids begin with the time at which they were given. */
  async #newestFirst(options: CallOptions = {}): Promise<readonly StoredName[]> {
    return [...(await this.#storage.list(options))].sort((a, b) => (a.name < b.name ? 1 : -1));
  }

  /** The file of an id or of the beginning of one. */
  async #locate(reference: string): Promise<StoredName> {
    const stored = await this.#storage.list();
    const exact = stored.find(({ name }) => name === `${reference}.zip`);
    if (exact) return exact;
    const fitting = reference === '' ? [] : stored.filter(({ name }) => name.startsWith(reference) || name.startsWith(`snap-${reference}`));
    const [first] = fitting;
    if (!first) throw missing(`There is no snapshot ${JSON.stringify(reference)}`, `Looked in ${this.#storage.location}.`);
    if (fitting.length > 1) throw ambiguous(reference, fitting.map(({ name }) => name.slice(0, -'.zip'.length)).sort());
    return first;
  }

  async #nameOf(reference: string): Promise<string> {
    return isWord(reference) ? `${(await this.resolve(reference)).id}.zip` : (await this.#locate(reference)).name;
  }

  /**
   * Writes down what a verification found. Gives why that was not possible, where the state folder cannot be written.
   */
  async #note(id: string, change: (current: SnapshotNotes | undefined) => SnapshotNotes): Promise<string | undefined> {
    try {
      await this.#notesOf(id).update(change);
      return undefined;
    } catch (error) {
      if (isRunbackError(error, 'disk-denied') || isRunbackError(error, 'disk-full')) return error.why ?? error.message;
      throw error;
    }
  }
}

const idOf = (name: string): string => name.slice(0, -'.zip'.length);

/** Refuses an encrypted file with another seal than those that were recorded of it. Throws `snapshot-replaced`. */
function requireSeal(path: string, seal: string | undefined, notes: SnapshotNotes | undefined): void {
  const { record, listed } = notes ?? {};
  if (seal === undefined || ![record?.seal, record?.formerSeal].includes(seal)) throw replaced(path, listed?.id ?? '', seal ?? 'missing', notes);
}

function without(notes: SnapshotNotes | undefined, name: 'damaged' | 'bytesVerifiedAt'): SnapshotNotes {
  const { [name]: _gone, ...rest } = notes ?? { version: 1, pinned: false };
  return rest;
}

/** Notes without what a verification found. */
function unverified(notes: SnapshotNotes | undefined): SnapshotNotes {
  const { digest: _digest, verifiedAt: _verifiedAt, damaged: _damaged, ...rest } = notes ?? { version: 1, pinned: false };
  return rest;
}

function unclear(id: string, path: string): RunbackError {
  return new RunbackError('snapshot-needed', `${id} may be needed to read ${path}`, {
    why: 'That file is damaged, so nothing tells whether it builds on it.',
    state: 'Nothing was deleted.',
    next: `Move that file away or remove it, if you no longer need it, then run the same command again`,
    data: { id, path },
  });
}

function renamed(path: string, id: string): RunbackError {
  return new RunbackError('snapshot-foreign', `${path} was renamed`, {
    why: `Inside it is called ${id}.`,
    state: 'Nothing was done.',
    next: `Give it back its name ${id}.zip.`,
  });
}
