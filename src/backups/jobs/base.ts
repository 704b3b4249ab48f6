import type { Platform } from '../../connectors/index.js';
import { isRunbackError } from '../../lib/index.js';
import { byAge, type Catalog, type SnapshotManifest, type SnapshotPlatform, type SnapshotReader } from '../../snapshots/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { gradeOf } from '../grade.js';

/** Snapshots in one chain: reading the last of them opens all. */
const LONGEST_CHAIN = 30;
/** Changes in a chain, as a share of the records: beyond it a whole snapshot costs less than reading all of them. */
const MOST_CHANGED = 0.2;

/**
 * The snapshot that the next one of a job builds on: the newest of the job that is good, of the same accounts. Undefined
 * where the next one is to hold everything: there is none, the chain is long, much has changed in it, or something of it
 * cannot be opened. Close the reader.
 */
export async function baseFor(job: JobConfig, platforms: readonly Platform[], catalog: Catalog): Promise<SnapshotReader | undefined> {
  if (!job.incremental) return undefined;
  const own = (await catalog.list()).filter((snapshot) => snapshot.job === job.name && gradeOf(snapshot) === 'good');
  const newest = own.sort(byAge).at(-1);
  if (newest === undefined || newest.bases.length + 1 >= LONGEST_CHAIN || !isSamePlace(newest.platforms, platforms)) return undefined;
  try {
    let changed = 0;
    for (const id of newest.bases.slice(1)) changed += await changedIn(catalog, id);
    const reader = await catalog.open(newest.id);
    if (changed + changesOf(reader.manifest) <= MOST_CHANGED * rowsOf(reader.manifest)) return reader;
    await reader.close();
    return undefined;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    // Whatever it is, a snapshot that holds everything needs nothing of it.
    return undefined;
  }
}

/** The very same accounts, read by the same connectors. */
function isSamePlace(before: readonly SnapshotPlatform[], now: readonly Platform[]): boolean {
  return (
    before.length === now.length &&
    now.every(({ name, connector, identity, environment }) =>
      before.some(
        (one) => one.name === name && one.connector === connector.kind && one.account === identity.account && one.environment === environment,
      ),
    )
  );
}

async function changedIn(catalog: Catalog, id: string): Promise<number> {
  const reader = await catalog.open(id);
  try {
    return changesOf(reader.manifest);
  } finally {
    await reader.close();
  }
}

const changesOf = ({ objects, links }: SnapshotManifest): number =>
  [...objects, ...links].reduce((sum, { changes }) => sum + (changes?.rows ?? 0), 0);

const rowsOf = ({ objects, links }: SnapshotManifest): number => [...objects, ...links].reduce((sum, { rows }) => sum + rows, 0);
