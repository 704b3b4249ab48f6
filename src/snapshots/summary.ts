import { defined } from '../lib/index.js';
import type { SnapshotGap, SnapshotManifest, SnapshotPin, SnapshotReader, SnapshotRecord, SnapshotSummary, SnapshotWatch } from './types.js';

/** What a snapshot itself says of itself in lists. */
export type Listed = Pick<
  SnapshotSummary,
  'id' | 'startedAt' | 'finishedAt' | 'createdBy' | 'note' | 'imported' | 'platforms' | 'objects' | 'gaps' | 'bases' | 'rows' | 'digest'
>;

/** What the store keeps about a snapshot beside its file: `document('snapshot-notes', id)`. */
export interface SnapshotNotes {
  readonly version: 1;
  readonly pinned: boolean;
  /** Why and by whom it was pinned; absent where nobody said, or an earlier version noted it. */
  readonly pin?: SnapshotPin;
  /** Name of the backup job that made it; absent where none did. */
  readonly job?: string;
  /** What the watch of that job made of it; absent where it is not watched. */
  readonly watch?: SnapshotWatch;
  /** What the snapshot is known by. Absent for one that an earlier version made, or that came from elsewhere. */
  readonly record?: SnapshotRecord;
  /** Digest of the snapshot that `verifiedAt` and `damaged` are about. */
  readonly digest?: string;
  /** ISO 8601, UTC. */
  readonly verifiedAt?: string;
  /**
   * Names of its platforms, where it holds everything that was wanted. Absent where something is missing, or where
   * nobody wrote it down.
   */
  readonly complete?: readonly string[];
  /** It was made from a file. */
  readonly imported?: true;
  /** Ids of all snapshots that it builds on. Absent where an earlier version noted it, or it came from elsewhere. */
  readonly bases?: readonly string[];
  /** Number of damages the last verification found, if any. */
  readonly damaged?: number;
  /** When it was last read to its end for a verification, whatever that found. ISO 8601, UTC. */
  readonly checkedAt?: string;
  /** Of an encrypted one: when its bytes were last found to be those that were written, without a key. ISO 8601, UTC. */
  readonly bytesVerifiedAt?: string;
  /** Of an encrypted one: what is told of it where no key opens it. */
  readonly listed?: Listed;
}

export const NOTES_KIND = 'snapshot-notes';

/** What is told of a snapshot in lists. */
export function summaryOf(
  snapshot: Pick<SnapshotReader, 'header' | 'manifest' | 'digest' | 'encrypted'>,
  path: string,
  bytes: number,
  notes: SnapshotNotes | undefined,
): SnapshotSummary {
  return { ...summaryFrom(listedOf(snapshot), path, bytes, notes), ...(snapshot.encrypted ? { encrypted: 'readable' } : {}) };
}

/** The same from what it said when it could be read. */
export function summaryFrom(listed: Listed, path: string, bytes: number, notes: SnapshotNotes | undefined): SnapshotSummary {
  const { digest } = listed;
  const record = notes?.record;
  // Of what nobody vouches for, nothing is proved by its own digests: whoever writes the file writes those too.
  const verifiedAt = record?.digest === digest && notes?.digest === digest ? notes.verifiedAt : undefined;
  const damaged = notes?.digest === digest ? notes.damaged : undefined;
  return {
    ...listed,
    path,
    bytes,
    ...defined({
      record,
      verifiedAt,
      damaged,
      checkedAt: notes?.checkedAt,
      bytesVerifiedAt: notes?.bytesVerifiedAt,
      job: notes?.job,
      suspect: suspicionOf(notes?.watch),
      watch: notes?.watch,
    }),
    pinned: notes?.pinned ?? false,
    ...defined({ pin: notes?.pinned === true ? notes.pin : undefined }),
  };
}

/** What a snapshot says of itself in lists. */
export function listedOf({ header, manifest, digest }: Pick<SnapshotReader, 'header' | 'manifest' | 'digest'>): Listed {
  return {
    id: manifest.id,
    startedAt: header.startedAt,
    finishedAt: manifest.finishedAt,
    createdBy: header.createdBy,
    ...defined({ note: header.note, imported: header.imported }),
    platforms: header.platforms,
    objects: manifest.objects.map(({ platform, object, rows }) => ({ platform, object, rows })),
    gaps: gapsOf(manifest),
    bases: manifest.bases,
    rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0),
    digest,
  };
}

/** Why a snapshot is suspect; undefined where it is not. One that was not judged yet is, until it has been. */
export function suspicionOf(watch: SnapshotWatch | undefined): readonly string[] | undefined {
  if (watch?.state === 'suspect') return watch.why ?? [];
  return watch?.state === 'pending' ? (watch.why ?? ['It has not been compared with the snapshots before']) : undefined;
}

/** What a snapshot does not say: what was refused, then what was not proved to be whole. */
export function gapsOf(manifest: SnapshotManifest): readonly SnapshotGap[] {
  const refused = manifest.refused.map(({ platform, object, why }): SnapshotGap => ({ platform, object, why, extent: 'refused' }));
  const unproved = [...manifest.objects, ...manifest.links].flatMap(({ platform, object, unproved: why }): readonly SnapshotGap[] =>
    why === undefined ? [] : [{ platform, object, why, extent: 'unproved' }],
  );
  return [...refused, ...unproved];
}
