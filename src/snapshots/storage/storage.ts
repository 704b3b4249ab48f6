import { type CallOptions, isRunbackError, type RunbackError } from '../../lib/index.js';

/**
 * The backup storage seam: where snapshots lie. One driver on a folder, one on S3-compatible storage.
 *
 * Promises of every driver:
 * - `put` is atomic and durable: after it resolves the file is there whole and survives a power cut; until then, and
 *   after any failure or kill, no file of that name is listed or opened;
 * - names are flat (no separators) and end in `.zip`;
 * - files are readable by their owner only.
 *
 * Errors: `disk-full`, `disk-denied`, `file-unreadable`, `not-found`.
 */
export interface SnapshotStorage {
  /** For people: a path or address. */
  readonly location: string;
  /**
   * Writes one file. `write` is given a sink that takes bytes in order and resolves when it can take more; the bytes
   * may be reused after that. `check` reads what was written before it becomes visible; what it throws undoes the put.
   * Whatever is thrown before it is checked, nothing of that name is left; after that, what {@link SnapshotStorage.finish}
   * needs may be.
   */
  put(name: string, write: (sink: ByteSink) => Promise<void>, check: (file: StoredFile) => Promise<void>, call?: CallOptions): Promise<void>;
  /** Opens a file for reading ranges. */
  open(name: string): Promise<StoredFile>;
  /** All complete files, in no order. An absent folder holds none. */
  list(call?: CallOptions): Promise<readonly StoredName[]>;
  /** Removes a file, and what waits to take its place; one that is not there is no error. */
  delete(name: string): Promise<void>;
  /**
   * What is left of a file that is not there, looked at now; undefined where it is there, nothing is left, or what it takes
   * to {@link SnapshotStorage.finish} it. Not on drivers where nothing of the kind can be.
   */
  remains?(name: string): Promise<Remains | undefined>;
  /** Names whose `put` or scratch space was left behind by a killed process, or is being worked on right now. */
  unfinished(): Promise<readonly string[]>;
  /**
   * Ends a `put` of that name that was whole and checked, and was not stored yet when its process was killed or the
   * storage went away: true where the file is there now. False where there is none such; then nothing was done. Not on
   * drivers whose files are stored as soon as they are checked.
   */
  finish?(name: string, call?: CallOptions): Promise<boolean>;
  /** Whether {@link SnapshotStorage.finish} has something to do for that name. */
  canFinish?(name: string): Promise<boolean>;
  /**
   * Tries whether the storage keeps what is relied on, and leaves nothing. Throws where it does not. Not on drivers that rely on
   * nothing but this machine.
   */
  tryOut?(call?: CallOptions): Promise<void>;
  /** Removes what a `put` of that name left behind. Never touches a complete file. */
  discard(name: string): Promise<void>;
  /** An empty folder of this machine for temporary files while `name` is being put. `discard` removes it. */
  scratch(name: string): Promise<string>;
  /**
   * In whole sentences: owners and modes by which somebody else could change what lies here. Empty where there are
   * none, or none can be told.
   */
  exposures(): Promise<readonly string[]>;
  /** For people: where the file of that name is. */
  pathOf(name: string): string;
}

/**
 * `entry`: it is listed, and its bytes are gone. `copy`: it is gone, and what was to take its place waits on this machine, whole;
 * it may be all that is left.
 */
export type Remains = 'entry' | 'copy';

export type ByteSink = (bytes: Uint8Array) => Promise<void>;

export interface StoredName {
  readonly name: string;
  readonly bytes: number;
}

/** A file opened for reading. Reads may run at the same time. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Tells what is in the file from whatever else had or will have its name; absent where the storage cannot tell. */
  readonly content?: string;
  /**
   * Exactly `length` bytes from `offset`, fewer only at the end of the file. With `into`, as long or longer, they lie
   * in there.
   */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** Where a read of so many bytes from `offset` puts them: in `into` where there is one, never longer than what the file has there. */
export function roomFor({ bytes }: Pick<StoredFile, 'bytes'>, offset: number, length: number, into?: Buffer): Buffer {
  const there = Math.max(0, Math.min(length, bytes - offset));
  return into?.subarray(0, there) ?? Buffer.allocUnsafe(there);
}

/** Whether an error says that bytes cannot be had now, which tells nothing of whether they are what was written. */
export function cannotBeHad(error: unknown): error is RunbackError {
  return isRunbackError(error, 'storage-unreachable') || isRunbackError(error, 'storage-refused');
}
