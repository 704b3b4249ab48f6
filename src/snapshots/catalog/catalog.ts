import type { CallOptions, Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { CreateSnapshotRequest } from '../create/session.js';
import type { Decryption, Encryption } from '../encryption/age.js';
import type { ForgottenFrom, HeldRecords, RecordName } from '../forget/forgotten.js';
import type { ResolveFilter } from '../references.js';
import type { Remains, SnapshotStorage } from '../storage/storage.js';
import type { BytesReport, CheckedReport, SnapshotPin, SnapshotReader, SnapshotSummary, SnapshotWatch } from '../types.js';

/** A file among the snapshots that is none. */
export interface IgnoredFile {
  readonly path: string;
  readonly why: string;
  /** Of the error that it gives when it is opened. */
  readonly code?: string;
  /** It is being written, or its writer was killed: nothing builds on it, and what it builds on is held by its writer. */
  readonly unfinished?: true;
  /** A snapshot of which only the entry is left: nothing can be read of it, and it holds up nothing. */
  readonly gone?: true;
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
   * What the snapshots hold of records, the newest snapshot first. Those that cannot be read are told with why. Changes
   * nothing.
   */
  held(records: readonly RecordName[], options?: CallOptions): AsyncIterable<HeldRecords>;
  /**
   * Takes records out of every snapshot for good, with the links at their ends, and gives what that came to for each one that
   * held any. Each is as it was or done at every moment, and what builds on it stays readable: see `forgetIn`. What is left of
   * a call that was ended is done by the next. Those that cannot be read are told with why, and stay as they are. Throws
   * `locked`, `usage` for an encrypted one where this workspace does not say for whom it encrypts.
   */
  forget(records: readonly RecordName[], by: string, options?: CallOptions): AsyncIterable<ForgottenFrom>;
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
  /** What is left under an id of which there is no snapshot: see `deleteRemains`. Undefined where there is one, or nothing. */
  remains(id: string): Promise<Remains | undefined>;
  /**
   * Removes what is left under an id of which there is no snapshot. Throws `not-found` where nothing is, or a snapshot after
   * all; otherwise what `delete` throws.
   */
  deleteRemains(id: string): Promise<void>;
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
