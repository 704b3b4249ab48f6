import { defined, ownValue, RunbackError, sha256 } from '../../lib/index.js';
import { cannotBeHad } from '../storage/storage.js';
import type { Damage, ObjectInfo, PartInfo, SnapshotHeader, SnapshotManifest } from '../types.js';
import type { ZipDirectory } from './directory.js';
import { readEntry, type SnapshotFile } from './entry.js';

/** What opening a file found. */
export interface OpenedSnapshot {
  readonly file: SnapshotFile;
  readonly directory: ZipDirectory;
  readonly header: SnapshotHeader;
  readonly manifest: SnapshotManifest;
  readonly digest: string;
  readonly damage: readonly Damage[];
  /** The manifest is not one that was written, but put together from what is left. */
  readonly salvaged?: true;
}

/** Header or schema entry with its digest checked, or in words why it cannot be read. Throws where its bytes cannot be had now. */
export async function readSmallEntry(opened: OpenedSnapshot, name: string): Promise<Buffer | string> {
  const entry = opened.directory.entries.get(name);
  const expected = ownValue(opened.manifest.entries, name);
  if (!entry || expected === undefined) return 'it is not in the file';
  try {
    const bytes = await readEntry(opened.file, entry);
    return sha256(bytes) === expected ? bytes : 'its bytes are not those that were written';
  } catch (error) {
    if (cannotBeHad(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** What of an object type or kind of link is in the file. */
export function storedParts({ parts, changes }: ObjectInfo): readonly PartInfo[] {
  return changes === undefined ? parts : [...changes.parts, ...changes.was];
}

/** Names what a damaged part held. */
export function partDamage(info: ObjectInfo, part: PartInfo, why: string): Damage {
  const { platform, object, order } = info;
  const { name: entry, firstKey, lastKey, rows } = part;
  return { entry, platform, object, firstKey, lastKey, ...defined({ order }), rows, why };
}

/** The error for bytes that are not what was written. */
export function damaged(path: string, damage: Damage): RunbackError {
  const what =
    damage.object === undefined
      ? damage.entry
      : `${damage.rows ?? 'some'} rows of ${damage.platform}/${damage.object}, keys ${damage.firstKey} to ${damage.lastKey}`;
  return new RunbackError('snapshot-damaged', `Cannot read ${what} in ${path}`, {
    why: `In ${damage.entry}: ${damage.why}.`,
    state: 'Nothing was changed. Everything else in the snapshot can still be read.',
    next: 'See all that is damaged: runback snapshot verify <id>. Then use another snapshot for these keys.',
    data: { damage },
  });
}

/** The damage a `snapshot-damaged` error tells of. */
export function damageOf(error: unknown): Damage | undefined {
  return error instanceof RunbackError && error.code === 'snapshot-damaged' ? (error.data['damage'] as Damage | undefined) : undefined;
}
