import { join } from 'node:path';

import type { Platform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import { parseRecordLine, type PlatformRecord } from '../../src/records/index.js';
import type { CreateSnapshotDeps, KeyDifference, SnapshotReader, SnapshotSummary } from '../../src/snapshots/index.js';
import { createSnapshot, openSnapshot } from '../../src/snapshots/index.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';

/** Parts so small that a few records make several. */
export const SMALL_PARTS = { min: 600, max: 2400 };

/** A folder of snapshots with a real store beside it. */
export async function workspace(): Promise<CreateSnapshotDeps> {
  const { store } = await temporaryStore();
  return { dir: join(await temporaryFolder(), 'backups'), store, clock: systemClock, partSizes: SMALL_PARTS };
}

/** A snapshot of one platform. */
export async function snapshotOf(platform: Platform, deps?: CreateSnapshotDeps): Promise<SnapshotSummary> {
  return createSnapshot({ platforms: [platform], by: 'maya' }, deps ?? (await workspace()));
}

/** All records of an object type, as they come out. */
export async function recordsIn(reader: SnapshotReader, platform: string, object: string): Promise<PlatformRecord[]> {
  const info = reader.manifest.objects.find((found) => found.platform === platform && found.object === object);
  const records: PlatformRecord[] = [];
  if (info) for await (const lines of reader.lines(info)) for (const line of lines) records.push(parseRecordLine(line));
  return records;
}

/** Opens, uses, closes. */
export async function reading<T>(path: string, use: (reader: SnapshotReader) => Promise<T>): Promise<T> {
  const reader = await openSnapshot(path);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
}

/** Everything an iterable gives. */
export async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** `key: a|b` in short: which sides a difference has. */
export function sides(differences: readonly KeyDifference[]): string[] {
  return differences.map(
    ({ key, a, b, unreadable }) => `${key} ${a === undefined ? '-' : 'a'}${b === undefined ? '-' : 'b'}${unreadable ? ` ${unreadable}?` : ''}`,
  );
}
