import type { SnapshotGap, SnapshotManifest, SnapshotReader, SnapshotSummary } from './types.js';

/** What the store keeps about a snapshot beside its file: `document('snapshot-notes', id)`. */
export interface SnapshotNotes {
  readonly version: 1;
  readonly pinned: boolean;
  /** Digest of the snapshot that `verifiedAt` and `damaged` are about; another file under this id starts anew. */
  readonly digest?: string;
  /** ISO 8601, UTC. */
  readonly verifiedAt?: string;
  /** Number of damages the last verification found, if any. */
  readonly damaged?: number;
}

export const NOTES_KIND = 'snapshot-notes';

/** What is told of a snapshot in lists. */
export function summaryOf(reader: SnapshotReader, path: string, bytes: number, notes: SnapshotNotes | undefined): SnapshotSummary {
  const { header, manifest, digest } = reader;
  const verifiedAt = notes?.digest === digest ? notes.verifiedAt : undefined;
  return {
    id: manifest.id,
    path,
    startedAt: header.startedAt,
    finishedAt: manifest.finishedAt,
    createdBy: header.createdBy,
    ...(header.note === undefined ? {} : { note: header.note }),
    platforms: header.platforms,
    objects: manifest.objects.map(({ platform, object, rows }) => ({ platform, object, rows })),
    gaps: gapsOf(manifest),
    rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0),
    bytes,
    digest,
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    pinned: notes?.pinned ?? false,
  };
}

/** What a snapshot does not say: what was refused, then what was not proved to be whole. */
export function gapsOf(manifest: SnapshotManifest): readonly SnapshotGap[] {
  const refused = manifest.refused.map(({ platform, object, why }): SnapshotGap => ({ platform, object, why, extent: 'refused' }));
  const unproved = [...manifest.objects, ...manifest.links].flatMap(({ platform, object, unproved: why }): readonly SnapshotGap[] =>
    why === undefined ? [] : [{ platform, object, why, extent: 'unproved' }],
  );
  return [...refused, ...unproved];
}
