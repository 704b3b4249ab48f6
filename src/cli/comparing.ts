import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CallOptions } from '../lib/index.js';
import { type Fields, own, parseRecordLine, put, sameValue, type Value } from '../records/index.js';
import type { KeyDifference, LinkDifference, SnapshotReader } from '../snapshots/index.js';
import type { Session } from './session.js';

/** One record that differs, with the fields that do. */
export interface RecordDifference {
  readonly platform: string;
  readonly object: string;
  readonly key: string;
  readonly change: 'changed' | 'removed' | 'added';
  /** Only for `changed`: old and new value; a missing one was absent. */
  readonly fields: Readonly<Record<string, { readonly from?: Value; readonly to?: Value }>>;
}

/** Counts of one object type or link kind. */
export interface DifferenceCounts {
  readonly platform: string;
  readonly name: string;
  readonly kind: 'records' | 'links';
  changed: number;
  removed: number;
  added: number;
}

/** What to compare. */
export interface CompareRequest {
  readonly a: SnapshotReader;
  readonly b: SnapshotReader;
  readonly platform: string | undefined;
  readonly objects: readonly string[] | undefined;
  readonly keys: readonly string[] | undefined;
}

/** Compares two snapshots, telling `onRecord` and `onLink` of each difference as it is found. Gives the counts in the snapshots' order. */
export async function compareSnapshots(
  request: CompareRequest,
  told: { onRecord(difference: RecordDifference): void; onLink(platform: string, name: string, difference: LinkDifference): void },
  call: CallOptions,
): Promise<DifferenceCounts[]> {
  const { compareLinks, compareObjects } = await import('../snapshots/index.js');
  const { a, b } = request;
  const wanted = (platform: string, ...objects: string[]): boolean =>
    (request.platform === undefined || request.platform === platform) &&
    (request.objects === undefined || objects.some((object) => request.objects?.includes(object)));
  const all: DifferenceCounts[] = [];
  for (const [platform, object] of pairsOf([...a.manifest.objects, ...b.manifest.objects].filter((info) => wanted(info.platform, info.object)))) {
    const counts: DifferenceCounts = { platform, name: object, kind: 'records', changed: 0, removed: 0, added: 0 };
    for await (const batch of compareObjects(a, b, platform, object, call))
      for (const difference of batch) {
        if (request.keys && !request.keys.includes(difference.key)) continue;
        const record = recordDifference(platform, object, difference);
        counts[record.change] += 1;
        told.onRecord(record);
      }
    all.push(counts);
  }
  if (request.keys) return all;
  for (const [platform, name] of pairsOf([...a.manifest.links, ...b.manifest.links].filter((info) => wanted(info.platform, info.from, info.to)))) {
    const counts: DifferenceCounts = { platform, name, kind: 'links', changed: 0, removed: 0, added: 0 };
    for await (const batch of compareLinks(a, b, platform, name, call))
      for (const difference of batch) {
        counts[difference.change] += 1;
        told.onLink(platform, name, difference);
      }
    all.push(counts);
  }
  return all;
}

function pairsOf(infos: readonly { readonly platform: string; readonly object: string }[]): readonly (readonly [string, string])[] {
  const seen = new Map<string, readonly [string, string]>();
  for (const { platform, object } of infos) seen.set(JSON.stringify([platform, object]), [platform, object]);
  return [...seen.values()];
}

function recordDifference(platform: string, object: string, { key, a, b }: KeyDifference): RecordDifference {
  const change = a === undefined ? 'added' : b === undefined ? 'removed' : 'changed';
  return {
    platform,
    object,
    key,
    change,
    fields: a === undefined || b === undefined ? {} : movesBetween(parseRecordLine(a).fields, parseRecordLine(b).fields),
  };
}

function movesBetween(from: Fields, to: Fields): RecordDifference['fields'] {
  const moves: Record<string, { from?: Value; to?: Value }> = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [old, now] = [own(from, name), own(to, name)];
    if (!sameValue(old, now)) put(moves, name, { ...(old === undefined ? {} : { from: old }), ...(now === undefined ? {} : { to: now }) });
  }
  return moves;
}

/**
 * Reads the platforms as they are now into a snapshot that is thrown away afterwards, and gives it to `work`. Nothing is
 * added to the workspace's snapshots.
 */
export async function withLive<T>(
  session: Session,
  platforms: readonly string[],
  objects: readonly string[] | undefined,
  call: CallOptions,
  work: (live: SnapshotReader) => Promise<T>,
): Promise<T> {
  const { createSnapshot, openSnapshot } = await import('../snapshots/index.js');
  const dir = await mkdtemp(join(tmpdir(), 'runback-live-'));
  try {
    const opened = await Promise.all(platforms.map((name) => session.openPlatform(name, call)));
    const request = { platforms: opened, by: session.by, ...(objects === undefined ? {} : { objects }) };
    const { path } = await createSnapshot(request, { dir, store: session.store, clock: session.clock }, call);
    const reader = await openSnapshot(path);
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
