import type { PlatformSchema } from '../connectors/index.js';
import type { KeyOrder, Link, ObjectSchema } from '../records/index.js';
import type { Environment } from '../workspace/index.js';
import type { RestoreProof } from './restore-tests.js';

/** One part of a snapshot: a zip entry of 1 to 4 MB of NDJSON. */
export interface PartInfo {
  /** Entry name in the zip. */
  readonly name: string;
  readonly rows: number;
  /** Uncompressed. */
  readonly bytes: number;
  /** SHA-256 of the uncompressed bytes, hexadecimal. */
  readonly sha256: string;
  /**
   * The same of the bytes as they lie in the file, packed and perhaps encrypted: where it holds, what is unpacked need not be hashed.
   * Absent where the part is not stored as it is, and in snapshots of earlier versions.
   */
  readonly stored?: string;
  readonly firstKey: string;
  readonly lastKey: string;
  /** Of links in a snapshot that builds on another: the other ends of its first and last line. */
  readonly firstTo?: string;
  readonly lastTo?: string;
}

/** What is stored of an object type or kind of link that builds on another snapshot. */
export interface StoredChanges {
  /** Records or links that are not what they were in the snapshot before. */
  readonly rows: number;
  /** Entries of the zip: what they are now, or that they are gone, as `changes/change-lines` has it. */
  readonly parts: readonly PartInfo[];
  /** Entries of the zip: what those were that were there. */
  readonly was: readonly PartInfo[];
}

/** One object type (or link kind) in a snapshot. */
export interface ObjectInfo {
  readonly platform: string;
  readonly object: string;
  /**
   * How its lines lie: by the size of their keys, all of which are whole numbers. Absent: by the bytes of their keys.
   */
  readonly order?: Exclude<KeyOrder, 'text'>;
  readonly rows: number;
  /** It was proved that all keys were read: absence means the record did not exist. */
  readonly census: boolean;
  /** Why that was not proved, of a platform where it can be. What was read is in the snapshot all the same. */
  readonly unproved?: string;
  /** SHA-256 over the digests of the parts, in order. */
  readonly digest: string;
  readonly parts: readonly PartInfo[];
  /** Only this is in the file: its parts are made from it and from the snapshot before. */
  readonly changes?: StoredChanges;
  /** The platform was asked only what had changed; absent where every record was read. */
  readonly askedSince?: AskedSince;
  /** Fields that it had and that were not read, since they must never be stored; none is an empty list. Absent where nobody asked. */
  readonly withheld?: readonly string[];
}

/** What reading only what had changed stands on. */
export interface AskedSince {
  /** The snapshot from which the rest was taken. */
  readonly snapshot: string;
  /** By the platform's clock: what was written since then was asked for. ISO 8601, UTC. */
  readonly moment: string;
  /** When every record was read last: the beginning of that snapshot. ISO 8601, UTC. */
  readonly allReadAt: string;
}

export interface LinkInfo extends ObjectInfo {
  /** `<from>~<to>~<kind>`; `object` holds the same. */
  readonly from: string;
  readonly to: string;
  readonly kind: string;
}

export interface SnapshotPlatform {
  readonly name: string;
  readonly connector: string;
  readonly account: string;
  readonly environment: Environment;
  /** One moment, or a window during which records could change. */
  readonly consistent: boolean;
}

/**
 * Version 1 knows no `order` of parts: every one lies by the bytes of its keys. Version 3 is that of snapshots that build
 * on another, version 4 that of those made from a file: an earlier version would take what such a file does not hold for
 * empty. Version 5 is that of all of which records were forgotten: an earlier version would take those for deleted.
 */
export type FormatVersion = 1 | 2 | 3 | 4 | 5;

/** Records that were taken out of a snapshot for good, so that nothing is known of them. */
export interface ForgottenRecords {
  readonly platform: string;
  readonly object: string;
  /** A digest of each key, in order: see `digestOfKey`. */
  readonly keys: readonly string[];
}

/** What was imported of one object type, where there are several. */
export interface ImportedObject {
  readonly fields: readonly string[];
  readonly of: number;
}

/** The file or restored copy that a snapshot was made from, where no platform was read for it. */
export interface ImportedFrom {
  /** Name of the file, without the folder; of a copy in a database: `schema restored of database crm`. */
  readonly file: string;
  /** Of the file. */
  readonly sha256?: string;
  /** ISO 8601, UTC: when it was imported. `startedAt` of the snapshot is when the file was exported, as a person said. */
  readonly at: string;
  /** Names of the fields that its columns hold, behind that of the object type where there are several. Nothing is known of any other field, and nothing of any link. */
  readonly fields: readonly string[];
  /** Fields that the object type has, for people. */
  readonly of: number;
  /** The two above by object type, where it is of several: there they are the sum. */
  readonly objects?: Readonly<Record<string, ImportedObject>>;
}

/** The snapshot that another builds on. */
export interface SnapshotBase {
  readonly id: string;
  /** SHA-256 of its manifest entry. */
  readonly digest: string;
}

/** First entry of the zip. No record data. */
export interface SnapshotHeader {
  readonly version: FormatVersion;
  readonly id: string;
  /** `delta`: only what differs from `base` is in the file; it reads as any other. */
  readonly kind: 'full' | 'delta';
  readonly base?: SnapshotBase;
  /** ISO 8601, UTC: reading began. */
  readonly startedAt: string;
  readonly platforms: readonly SnapshotPlatform[];
  readonly createdBy: string;
  readonly note?: string;
  readonly imported?: ImportedFrom;
}

/** An object type or kind of link that could not be read, and why: nothing of it is in the snapshot. */
export interface RefusedObject {
  readonly platform: string;
  readonly object: string;
  readonly why: string;
}

/**
 * When a platform was read, by its own clock: what its history is compared with. That of the machine may have been
 * wrong. ISO 8601, UTC.
 */
export interface PlatformMoments {
  readonly platform: string;
  /** Nothing that was changed before this is missing. */
  readonly startedAt: string;
  /** Nothing that was changed after this is in it. */
  readonly finishedAt: string;
}

/** A record that was changed while a set was read. */
export interface ChangedRecord {
  readonly platform: string;
  readonly object: string;
  readonly key: string;
  readonly created?: true;
  /** Who changed it, as the platform names them; empty where it does not say. */
  readonly by: readonly string[];
  /** Which fields, where the platform tells them apart; a field comes once for each change, the first twenty of all. */
  readonly fields?: readonly { readonly field: string; readonly at?: string; readonly writer?: string }[];
}

/** A sync that writes to a platform of a set, before and after that was read. `why`: it could not be asked. */
export interface SyncDuring {
  readonly sync: string;
  readonly before: 'running' | 'paused' | 'draining' | 'unknown';
  readonly after: 'running' | 'paused' | 'draining' | 'unknown';
  readonly why?: string;
}

/**
 * How far the platforms of a snapshot belong together: what ran between them while they were read, and what changed on
 * them. The marks of time of each platform are in `moments`.
 */
export interface SnapshotSet {
  /** `pause`: none of the syncs ran when reading began. */
  readonly syncs: 'pause' | 'watch';
  readonly states: readonly SyncDuring[];
  /** Records that were changed, in no order; `changed` counts all of them, also those beyond the first thousand. */
  readonly changes: readonly ChangedRecord[];
  readonly changed: number;
  /** Object types of which it cannot be told. */
  readonly unknown: readonly { readonly platform: string; readonly object: string; readonly why: string }[];
}

/** Last entry of the zip: its presence is the commit. */
export interface SnapshotManifest {
  readonly version: FormatVersion;
  readonly id: string;
  /** The header once more, so that a damaged first entry costs nothing. */
  readonly header: SnapshotHeader;
  readonly finishedAt: string;
  /** Of the platforms that tell; absent where an earlier version made it. */
  readonly moments?: readonly PlatformMoments[];
  /** Where a job asked what changed while it was read. */
  readonly set?: SnapshotSet;
  readonly objects: readonly ObjectInfo[];
  readonly links: readonly LinkInfo[];
  /** SHA-256 of header.json and of every schema entry, by entry name. */
  readonly entries: Readonly<Record<string, string>>;
  /** Ids of all snapshots this one builds on, the full one first; empty for a full one. */
  readonly bases: readonly string[];
  readonly refused: readonly RefusedObject[];
  /** Records that were in it once. */
  readonly forgotten?: readonly ForgottenRecords[];
  /** Digests that it had before records of it were forgotten, the oldest first: what was made with it knows it by those. */
  readonly formerly?: readonly string[];
  /**
   * SHA-256 of the canonical JSON of this manifest without this member: a manifest vouches for itself, wherever it is
   * found.
   */
  readonly sha256: string;
}

/**
 * What a snapshot does not say although it was wanted. `refused`: nothing of it was read. `unproved`: it was read, and
 * nothing proves that this was all, so that what is missing there counts as not known. Object types that nobody chose
 * are no gaps.
 */
export interface SnapshotGap extends RefusedObject {
  readonly extent: 'refused' | 'unproved';
}

/** By what a snapshot is known again: kept in the state folder, away from the file that it vouches for. */
export interface SnapshotRecord {
  /** SHA-256 of the manifest entry, which holds the digests of everything else. */
  readonly digest: string;
  /** `made`: when the snapshot was taken; `adopted`: when a person said that this file is the right one. */
  readonly how: 'made' | 'adopted';
  /** Of an encrypted one: the SHA-256 of its bytes, by which it is known where no key opens it. */
  readonly seal?: string;
  /** Those of the file which it replaces, while it is encrypted again or records of it are forgotten. */
  readonly formerSeal?: string;
  readonly formerDigest?: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
}

/** Why a snapshot is kept, in the words of whoever pinned it. */
export interface SnapshotPin {
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
}

/**
 * What the watch of a backup job made of a snapshot. `pending`: it has not been judged yet, or could not be (`why`).
 * `suspect`: something is not as it usually is, in the sentences of `why`. `accepted`: a person looked and found it right.
 */
export interface SnapshotWatch {
  readonly state: 'pending' | 'clear' | 'suspect' | 'accepted';
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why?: readonly string[];
  readonly by?: string;
  readonly reason?: string;
}

/** What the catalog tells about a snapshot. */
export interface SnapshotSummary {
  readonly id: string;
  readonly path: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly createdBy: string;
  readonly note?: string;
  /** The file that it was made from: no word (`latest`) ever means such a snapshot, and no job counts it. */
  readonly imported?: ImportedFrom;
  readonly platforms: readonly SnapshotPlatform[];
  /** Object types whose records are in it. */
  readonly objects: readonly { readonly platform: string; readonly object: string; readonly rows: number }[];
  /** What is not in it, or not proved to be there whole. */
  readonly gaps: readonly SnapshotGap[];
  /** Ids of all snapshots that it builds on, the full one first; without them it cannot be read. */
  readonly bases: readonly string[];
  readonly rows: number;
  /** Of its own file. */
  readonly bytes: number;
  /** SHA-256 of the manifest entry: the digest plans refer to. */
  readonly digest: string;
  /**
   * By what it is known again; absent where nothing was recorded: it then counts as unverified until a person adopts
   * it.
   */
  readonly record?: SnapshotRecord;
  /** When every byte was last read and found right. */
  readonly verifiedAt?: string;
  /** Number of damages the last verification found. */
  readonly damaged?: number;
  /** When it was last read to its end for that, whatever was found. */
  readonly checkedAt?: string;
  /** Of an encrypted one: when its bytes were last found to be those that were written, without a key. It is not verified by that. */
  readonly bytesVerifiedAt?: string;
  /** It is encrypted. `unreadable`: no key here opens it. */
  readonly encrypted?: 'readable' | 'unreadable';
  /** Name of the backup job that made it. */
  readonly job?: string;
  /** Why it is suspect: it is no `latest-verified` then. Absent where nothing is known against it. */
  readonly suspect?: readonly string[];
  /** What the watch of its job made of it; absent where none did. */
  readonly watch?: SnapshotWatch;
  readonly pinned: boolean;
  readonly pin?: SnapshotPin;
  /** What restore tests of this very file came to; absent where there was none. */
  readonly proof?: RestoreProof;
}

/** Bytes that are not what was written. */
export interface Damage {
  readonly entry: string;
  readonly platform?: string;
  readonly object?: string;
  /** Keys in the unreadable range, inclusive. */
  readonly firstKey?: string;
  readonly lastKey?: string;
  /** In which order the range is meant; absent: by bytes. */
  readonly order?: Exclude<KeyOrder, 'text'>;
  readonly rows?: number;
  readonly why: string;
}

export interface VerifyReport {
  readonly id: string;
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
  readonly damage: readonly Damage[];
}

/** The outcome of reading every byte of a snapshot of the workspace. */
export interface CheckedReport extends VerifyReport {
  /** False where nothing was recorded of the snapshot: it fits its own digests only, and does not count as verified. */
  readonly recorded: boolean;
  /** Why the outcome could not be written down: read-only media. What was found holds all the same. */
  readonly notNoted?: string;
}

/** The outcome of reading every byte of an encrypted snapshot that no key here opens. */
export interface BytesReport {
  readonly id: string;
  readonly bytes: number;
  /** Why they are not those that were written; absent where they are. What they mean was not read. */
  readonly broken?: string;
  /** Why the outcome could not be written down. */
  readonly notNoted?: string;
}

/** A snapshot opened for reading. Close it. A damaged part never hinders the others. */
export interface SnapshotReader {
  readonly path: string;
  readonly header: SnapshotHeader;
  readonly manifest: SnapshotManifest;
  /** SHA-256 of the manifest entry. */
  readonly digest: string;
  /** Its parts and its manifest are encrypted. */
  readonly encrypted: boolean;
  /** It has no intact manifest: what is left of it was put together, and `digest` is of that. */
  readonly salvaged: boolean;
  /** Damage known from opening alone: a directory or header that had to be worked around, a part that is not there. */
  readonly damage: readonly Damage[];
  schema(platform: string): Promise<PlatformSchema>;
  objectSchema(platform: string, object: string): Promise<ObjectSchema | undefined>;
  /**
   * Whole lines in the order in which they lie (`info.order`), as text without newline, in batches. `onDamage` is told
   * of each unreadable part and reading goes on; without it the first unreadable part throws `snapshot-damaged`.
   */
  lines(
    info: ObjectInfo,
    options?: { readonly signal?: AbortSignal; readonly onDamage?: (damage: Damage) => void },
  ): AsyncIterable<readonly string[]>;
  /**
   * One record's line by key, reading one part only; undefined where absent. Throws `snapshot-damaged` where its part
   * is unreadable.
   */
  line(info: ObjectInfo, key: string): Promise<string | undefined>;
  /** The bytes of one part, checked against its digest. Throws `snapshot-damaged` with `data: {damage}`. */
  partBytes(info: ObjectInfo, part: PartInfo, signal?: AbortSignal): Promise<Buffer>;
  /**
   * What differs from the snapshot `id`, which this one builds on, of an object type or kind of link of this one, without
   * reading either of them; undefined where that cannot be told so.
   */
  changesSince?(id: string, info: ObjectInfo, signal?: AbortSignal): Promise<readonly NetChange[] | undefined>;
  /** Reads and checks every byte of the file. Throws only where the file itself cannot be read. */
  verify(options?: { readonly signal?: AbortSignal; readonly reporter?: import('../lib/index.js').Reporter }): Promise<VerifyReport>;
  close(): Promise<void>;
}

/** What differs between two snapshots for one key. At least one side is there. */
export interface KeyDifference {
  readonly key: string;
  /** Line of the first snapshot; undefined where the record was not there. */
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** The side whose part with this key cannot be read: nothing is known of that side. Only given where asked for. */
  readonly unreadable?: 'a' | 'b';
}

/** Bytes of one line, without its newline. */
export interface Line {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What became of a record over one snapshot or several. At least one side is there; where both are, they differ. */
export interface NetChange {
  readonly is: Line | undefined;
  readonly was: Line | undefined;
}

/** A link that only one of two snapshots has. */
export interface LinkDifference {
  readonly link: Link;
  /** `added`: only in the second; `removed`: only in the first. */
  readonly change: 'added' | 'removed';
}
