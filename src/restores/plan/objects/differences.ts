import type { CallOptions } from '../../../lib/index.js';
import { type Cell, differingCells, parseRecordLine, setOwn, valueIn, type Fields, type PlatformRecord, type Value } from '../../../records/index.js';
import {
  compareLinks,
  compareObjects,
  type CompareOptions,
  type Damage,
  type KeyDifference,
  type LinkDifference,
  type ObjectInfo,
  type SnapshotReader,
} from '../../../snapshots/index.js';
import type { WatchedSides } from '../../decide/watched.js';

/** B and D of one key that differ. */
export interface Difference {
  readonly key: string;
  readonly base: Fields | undefined;
  readonly damaged: Fields | undefined;
  /** The whole record as the base has it. */
  readonly record: PlatformRecord | undefined;
  /** What they hold in the fields that are watched. */
  readonly watched: WatchedSides;
  /** All that differs, where both hold the record, nothing is watched, and that can be told without reading all of it. */
  readonly cells?: readonly Cell[] | undefined;
}

/** One that two snapshots hold. */
export interface StoredDifference extends Difference {
  /** Characters of both as they are stored. */
  readonly length: number;
}

/** Two snapshots of one platform. */
export interface SnapshotPair {
  readonly base: SnapshotReader;
  readonly damaged: SnapshotReader;
  readonly platform: string;
}

/** Told of each part of a snapshot that cannot be read; its keys are left out of the comparison. */
export type OnDamage = (side: 'base' | 'damaged', damage: Damage) => void;

/** What a snapshot holds of an object type. */
export function objectInfo(reader: SnapshotReader, platform: string, object: string): ObjectInfo | undefined {
  return reader.manifest.objects.find((info) => info.platform === platform && info.object === object);
}

/** A part of a snapshot that cannot be read. */
export interface Unreadable {
  readonly side: 'base' | 'damaged';
  readonly damage: Damage;
}

/** Some records that differ, and the parts that turned out unreadable on the way to them. */
export interface Compared {
  readonly differences: readonly StoredDifference[];
  readonly unreadable: readonly Unreadable[];
}

/** Fields that count although they are read-only, and those that count for nothing since they must never be stored. */
interface FieldsToCompare {
  readonly watched: readonly string[];
  readonly withheld: readonly string[];
}

/**
 * The records of an object type that differ, in key order. A part that cannot be read is told before the records after
 * it. Offline.
 */
export async function* differences(
  pair: SnapshotPair,
  object: string,
  { watched, withheld }: FieldsToCompare,
  options: CallOptions,
): AsyncIterable<Compared> {
  let unreadable: Unreadable[] = [];
  const told = tell((side, damage) => unreadable.push({ side, damage }));
  const compared = compareObjects(pair.base, pair.damaged, pair.platform, object, {
    ...options,
    ...told,
    alsoMeta: watched,
    without: withheld,
  });
  for await (const batch of compared) {
    const found = unreadable;
    unreadable = [];
    yield { differences: batch.map((pair) => differenceOf(pair, watched)), unreadable: found };
  }
  if (unreadable.length > 0) yield { differences: [], unreadable };
}

/** The same, and the records that somebody else proves to be too many: a base that may lack records says nothing of them. */
export async function* withExtra(
  found: AsyncIterable<Compared>,
  pair: SnapshotPair,
  object: string,
  { extra, watched }: { readonly extra: ReadonlySet<string> | undefined; readonly watched: readonly string[] },
): AsyncIterable<Compared> {
  yield* found;
  const info = objectInfo(pair.damaged, pair.platform, object);
  if (extra === undefined || info === undefined || objectInfo(pair.base, pair.platform, object)?.census === true) return;
  for (const key of extra) {
    const line = await pair.damaged.line(info, key);
    if (line !== undefined) yield { differences: [differenceOf({ key, a: undefined, b: line }, watched)], unreadable: [] };
  }
}

/**
 * The links of a kind that only one of the snapshots holds, in order; each snapshot has its own name for it. Offline.
 */
export function linkDifferences(
  pair: SnapshotPair,
  names: { readonly base: string; readonly damaged: string },
  onDamage: OnDamage,
  options: CallOptions,
): AsyncIterable<readonly LinkDifference[]> {
  return compareLinks(pair.base, pair.damaged, pair.platform, names.base, {
    ...options,
    ...tell(onDamage),
    nameInB: names.damaged,
    absentIsEmpty: true,
  });
}

function tell(onDamage: OnDamage): Pick<CompareOptions, 'onDamage'> {
  return { onDamage: (side, damage) => onDamage(side === 'a' ? 'base' : 'damaged', damage) };
}

const NOTHING_WATCHED: WatchedSides = {};

function recordOf(line: string | undefined): PlatformRecord | undefined {
  return line === undefined ? undefined : parseRecordLine(line);
}

function differenceOf({ key, a, b }: KeyDifference, watched: readonly string[]): StoredDifference {
  if (watched.length === 0) {
    const cells = a === undefined || b === undefined ? undefined : differingCells(a, b);
    return new Lines(key, a, b, cells);
  }
  const base = recordOf(a);
  const damaged = recordOf(b);
  const sides = { ...(base && { base: watchedOf(base, watched) }), ...(damaged && { damaged: watchedOf(damaged, watched) }) };
  return { key, base: base?.fields, damaged: damaged?.fields, record: base, watched: sides, length: (a?.length ?? 0) + (b?.length ?? 0) };
}

/** A difference whose records are read when they are asked for: of most, only what differs is. */
class Lines implements StoredDifference {
  readonly watched = NOTHING_WATCHED;
  readonly length: number;
  readonly #a: string | undefined;
  readonly #b: string | undefined;
  #record: PlatformRecord | undefined;
  #damaged: Fields | undefined;

  constructor(
    readonly key: string,
    a: string | undefined,
    b: string | undefined,
    readonly cells: readonly Cell[] | undefined,
  ) {
    this.#a = a;
    this.#b = b;
    this.length = (a?.length ?? 0) + (b?.length ?? 0);
  }

  get record(): PlatformRecord | undefined {
    return (this.#record ??= recordOf(this.#a));
  }

  get base(): Fields | undefined {
    return this.record?.fields;
  }

  get damaged(): Fields | undefined {
    return (this.#damaged ??= recordOf(this.#b)?.fields);
  }
}

/** What a record holds in the fields that are watched. */
export function watchedOf(record: PlatformRecord, names: readonly string[]): Fields {
  const values: Record<string, Value> = {};
  for (const name of names) {
    const value = valueIn(record, name);
    if (value !== undefined) setOwn(values, name, value);
  }
  return values;
}
