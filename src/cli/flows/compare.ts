import { rm } from 'node:fs/promises';

import { type CallOptions, defined, didYouMean, RunbackError } from '../../lib/index.js';
import {
  namesOf,
  ownValue,
  parseRecordLine,
  type PlatformRecord,
  setOwn,
  type RecordNames,
  sameValue,
  valueIn,
  type Value,
} from '../../records/index.js';
import type { Damage, KeyDifference, LinkDifference, NotCompared, SnapshotReader } from '../../snapshots/index.js';
import type { Session } from '../session/session.js';
import { temporaryFolder } from '../session/temporary.js';

/** One record that differs, with the fields that do. */
export interface RecordDifference {
  readonly platform: string;
  readonly object: string;
  readonly key: string;
  /** How people know it, by what the first snapshot holds of it, else the second. */
  readonly called: RecordNames;
  readonly change: 'changed' | 'removed' | 'added';
  /**
   * Only for `changed`: old and new value; a missing one was absent. `byHand`: it cannot be written, and how it is put
   * right.
   */
  readonly fields: Readonly<Record<string, { readonly from?: Value; readonly to?: Value; readonly byHand?: string }>>;
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
  /** `b` is what the platforms hold now. */
  readonly live: boolean;
  readonly platform: string | undefined;
  readonly objects: readonly string[] | undefined;
  readonly keys: readonly string[] | undefined;
}

/** What a comparison found, and what it could not look at. */
export interface Compared {
  /** In the snapshots' order. */
  readonly counts: readonly DifferenceCounts[];
  /** What only one of the snapshots holds, and what cannot be read: it counts as no difference. */
  readonly notCompared: readonly NotCompared[];
}

/**
 * Compares two snapshots, telling `onRecord` and `onLink` of each difference as it is found. What was not read on one
 * side is no difference: it is told apart. Throws `not-found` for an object type or a key that neither of them has.
 */
export async function compareSnapshots(
  request: CompareRequest,
  told: { onRecord(difference: RecordDifference): void; onLink(platform: string, name: string, difference: LinkDifference): void },
  call: CallOptions,
): Promise<Compared> {
  const { comparable, compareLinks, compareObjects, watchedIn } = await import('../../snapshots/index.js');
  await refuseUnknown(request);
  const { a, b } = request;
  const wanted = (platform: string, ...objects: string[]): boolean =>
    (request.platform === undefined || request.platform === platform) &&
    (request.objects === undefined || objects.some((object) => request.objects?.includes(object)));
  const counts: DifferenceCounts[] = [];
  const notCompared: NotCompared[] = [];
  const { keys } = request;
  const names = new Set([...a.header.platforms, ...b.header.platforms].map(({ name }) => name));
  for (const platform of names) {
    if (request.platform !== undefined && request.platform !== platform) continue;
    const scope = comparable(a, b, platform, (reader) => (reader === b && request.live ? 'what was read just now' : reader.header.id));
    const begin = (kind: DifferenceCounts['kind'], name: string): DifferenceCounts => {
      const fresh: DifferenceCounts = { platform, name, kind, changed: 0, removed: 0, added: 0 };
      counts.push(fresh);
      return fresh;
    };
    const onDamage = (_side: 'a' | 'b', { entry, object, firstKey = '?', lastKey = '?', rows, why }: Damage): void => {
      const kind = object !== undefined && scope.links.includes(object) ? 'links' : 'records';
      notCompared.push({ platform, kind, name: object ?? entry, why: `${rows ?? 'some'} rows, ${firstKey} to ${lastKey}, cannot be read: ${why}` });
    };
    notCompared.push(...scope.notCompared.filter(({ kind, name }) => wanted(platform, ...endsOf(kind, name))));
    for (const object of scope.objects.filter((one) => wanted(platform, one))) {
      const found = begin('records', object);
      const watched = await watchedIn([a, b], platform, object);
      for await (const batch of compareObjects(a, b, platform, object, { ...call, onDamage, alsoMeta: [...watched.keys()] }))
        for (const difference of batch) {
          if (keys?.includes(difference.key) === false) continue;
          const record = recordDifference(platform, object, difference, watched);
          found[record.change] += 1;
          told.onRecord(record);
        }
    }
    for (const name of scope.links.filter((one) => wanted(platform, ...endsOf('links', one)))) {
      const found = begin('links', name);
      for await (const batch of compareLinks(a, b, platform, name, { ...call, onDamage }))
        for (const difference of batch) {
          if (!isNamed(request, name, difference.link)) continue;
          found[difference.change] += 1;
          told.onLink(platform, name, difference);
        }
    }
  }
  return { counts, notCompared };
}

/** The object types that a comparison is about: both ends of a kind of link. */
export function endsOf(kind: NotCompared['kind'], name: string): readonly string[] {
  return kind === 'records' ? [name] : name.split('~').slice(0, 2);
}

/** True where the keys let a link through: one of its ends is such a record, of an object type that is asked for. */
function isNamed({ keys, objects }: CompareRequest, name: string, { from, to }: LinkDifference['link']): boolean {
  if (keys === undefined) return true;
  const ends = endsOf('links', name);
  return [from, to].some((key, i) => keys.includes(key) && objects?.includes(ends[i] ?? '') !== false);
}

async function refuseUnknown({ a, b, platform, objects, keys = [] }: CompareRequest): Promise<void> {
  const inPlatform = (info: { readonly platform: string }): boolean => platform === undefined || info.platform === platform;
  const held = [...a.manifest.objects, ...b.manifest.objects].filter(inPlatform);
  const names = new Set([...held, ...[...a.manifest.refused, ...b.manifest.refused].filter(inPlatform)].map((info) => info.object));
  for (const name of objects ?? [])
    if (!names.has(name))
      throw new RunbackError('not-found', `Neither snapshot has an object type ${name}${didYouMean(name, names)}`, {
        why: `They hold ${[...names].join(', ') || 'nothing'}.`,
        state: 'Nothing was compared.',
        next: 'Name one of these with --object.',
      });
  if (keys.length === 0) return;
  const { unknownKeys } = await import('../../snapshots/index.js');
  let unknown = keys;
  for (const one of new Set(held.map((info) => info.platform))) unknown = await unknownKeys([a, b], one, unknown, objects);
  if (unknown.length > 0)
    throw new RunbackError('not-found', `Neither snapshot has a record ${unknown.slice(0, 5).join(', ')}`, {
      state: 'Nothing was compared.',
      next: 'Correct --key, or leave it out.',
      data: { keys: unknown },
    });
}

function recordDifference(platform: string, object: string, { key, a, b }: KeyDifference, watched: ReadonlyMap<string, string>): RecordDifference {
  const change = a === undefined ? 'added' : b === undefined ? 'removed' : 'changed';
  const [first, second] = [a, b].map((line) => (line === undefined ? undefined : parseRecordLine(line)));
  const known = first ?? second;
  const called = known === undefined ? {} : namesOf({ ...known.meta, ...known.fields });
  return { platform, object, key, called, change, fields: first && second ? movesBetween(first, second, watched) : {} };
}

function movesBetween(from: PlatformRecord, to: PlatformRecord, watched: ReadonlyMap<string, string>): RecordDifference['fields'] {
  const moves: Record<string, RecordDifference['fields'][string]> = {};
  for (const name of new Set([...Object.keys(from.fields), ...Object.keys(to.fields), ...watched.keys()])) {
    const how = watched.get(name);
    const [old, now] = how === undefined ? [ownValue(from.fields, name), ownValue(to.fields, name)] : [valueIn(from, name), valueIn(to, name)];
    if (sameValue(old, now)) continue;
    setOwn(moves, name, {
      ...defined({ from: old, to: now, byHand: how }),
    });
  }
  return moves;
}

/**
 * Reads the platforms as they are now into a snapshot that is thrown away afterwards, and gives it to `work`. Nothing
 * is added to the workspace's snapshots.
 */
export async function withLive<T>(
  session: Session,
  platforms: readonly string[],
  objects: readonly string[] | undefined,
  call: CallOptions,
  work: (live: SnapshotReader) => Promise<T>,
): Promise<T> {
  const { createSnapshot, openSnapshot } = await import('../../snapshots/index.js');
  const dir = await temporaryFolder('runback-live-');
  try {
    const opened = await Promise.all(platforms.map((name) => session.openPlatform(name, call)));
    const request = { platforms: opened, by: session.by, ...defined({ objects }) };
    const { path } = await createSnapshot(request, { dir, store: session.store, clock: session.clock, unrecorded: true }, call);
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
