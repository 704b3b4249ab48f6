import type { Platform } from '../../connectors/index.js';
import { isRunbackError, type RunbackError } from '../../lib/index.js';
import { byAge, type Catalog, type SnapshotManifest, type SnapshotPlatform, type SnapshotReader } from '../../snapshots/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { gradeOf } from '../grade.js';
import type { BaseTrouble } from './state.js';

/** Snapshots in one chain: reading the last of them opens all. */
const LONGEST_CHAIN = 30;
/** Changes in a chain, as a share of the records: beyond it a whole snapshot costs less than reading all of them. */
const MOST_CHANGED = 0.1;
/** So few changes cost readers nothing, whatever share they are. */
const FEW = 1000;

/** Codes of errors that say that a file is not what was written. */
const DAMAGE: ReadonlySet<string> = new Set(['snapshot-damaged', 'snapshot-replaced', 'snapshot-foreign']);

/** What the next snapshot of a job builds on, or what keeps it from that although people should know. */
export interface FoundBase {
  /** Close it. */
  readonly reader?: SnapshotReader;
  /** The next one is to hold everything all the same; what has not changed is in this one. */
  readonly whole?: true;
  readonly trouble?: BaseTrouble;
}

/**
 * The snapshot that the next one of a job builds on: the newest of the job that is good, of the same accounts. Where the
 * chain is long, or much has changed in it, the next one is to hold everything again. None where there is none, something
 * of it cannot be opened, or no key here opens it. `whole`: the newest that held everything, as the job has it; one that cannot be opened any more is in
 * no list.
 */
export async function baseFor(job: JobConfig, platforms: readonly Platform[], catalog: Catalog, whole: string | undefined): Promise<FoundBase> {
  if (!job.incremental) return {};
  const own = (await catalog.list()).filter((snapshot) => snapshot.job === job.name);
  const newest = own
    .filter((snapshot) => gradeOf(snapshot) === 'good')
    .sort(byAge)
    .at(-1);
  if (whole !== undefined && own.every(({ id }) => id !== whole)) {
    const trouble = await catalog.resolve(whole).then(
      () => undefined,
      (error: unknown) => baseTrouble(whole, error),
    );
    if (trouble !== undefined) return { trouble };
  }
  if (newest === undefined || newest.encrypted === 'unreadable' || !isSamePlace(newest.platforms, platforms)) return {};
  try {
    let changed = 0;
    for (const id of newest.bases.slice(1)) changed += await changedIn(catalog, id);
    const reader = await catalog.open(newest.id);
    const builds =
      newest.bases.length + 1 < LONGEST_CHAIN && changed + changesOf(reader.manifest) <= Math.max(FEW, MOST_CHANGED * rowsOf(reader.manifest));
    return builds ? { reader } : { reader, whole: true };
  } catch (error) {
    // Whatever it is, a snapshot that holds everything needs nothing of it.
    const trouble = baseTrouble(newest.id, error);
    return trouble === undefined ? {} : { trouble };
  }
}

/** What people should know of an error that a base gave; undefined where it says nothing of damage. Throws what is no error of ours. */
export function baseTrouble(snapshot: string, error: unknown): BaseTrouble | undefined {
  if (!isRunbackError(error)) throw error;
  const { code, message }: RunbackError = error;
  return DAMAGE.has(code) ? { snapshot, code, message } : undefined;
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
