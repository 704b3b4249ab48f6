import type { CallOptions } from '../lib/index.js';
import { parseRecordLine, type Fields } from '../records/index.js';
import {
  compareLinks,
  compareObjects,
  type CompareOptions,
  type Damage,
  type LinkDifference,
  type ObjectInfo,
  type SnapshotReader,
} from '../snapshots/index.js';

/** B and D of one key that differ. */
export interface Difference {
  readonly key: string;
  readonly base: Fields | undefined;
  readonly damaged: Fields | undefined;
  /** Of a record that only the base holds: what cannot be written. */
  readonly baseMeta?: Fields;
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

/** The records of an object type that differ, in key order. Offline. */
export async function* differences(
  pair: SnapshotPair,
  object: string,
  onDamage: OnDamage,
  options: CallOptions,
): AsyncIterable<readonly Difference[]> {
  for await (const batch of compareObjects(pair.base, pair.damaged, pair.platform, object, { ...options, ...tell(onDamage) }))
    yield batch.map(({ key, a, b }) => {
      const base = a === undefined ? undefined : parseRecordLine(a);
      const gone = base === undefined || b !== undefined ? {} : { baseMeta: base.meta };
      return { key, base: base?.fields, damaged: fieldsOf(b), ...gone };
    });
}

/** The links of a kind that only one of the snapshots holds, in order; each snapshot has its own name for it. Offline. */
export function linkDifferences(
  pair: SnapshotPair,
  names: { readonly base: string; readonly damaged: string },
  onDamage: OnDamage,
  options: CallOptions,
): AsyncIterable<readonly LinkDifference[]> {
  return compareLinks(pair.base, pair.damaged, pair.platform, names.base, { ...options, ...tell(onDamage), nameInB: names.damaged });
}

function tell(onDamage: OnDamage): Pick<CompareOptions, 'onDamage'> {
  return { onDamage: (side, damage) => onDamage(side === 'a' ? 'base' : 'damaged', damage) };
}

function fieldsOf(line: string | undefined): Fields | undefined {
  return line === undefined ? undefined : parseRecordLine(line).fields;
}
