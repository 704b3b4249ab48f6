import { canonicalJson, sha256 } from '../../lib/index.js';
import type { ForgottenRecords, SnapshotManifest } from '../types.js';

/** One record of a platform. */
export interface RecordName {
  readonly platform: string;
  readonly object: string;
  readonly key: string;
}

/** What a snapshot holds of some records. */
export interface HeldRecords {
  readonly snapshot: string;
  /** Every line with them, links too, as text; `gone` lines of changes are none. */
  readonly lines: readonly string[];
  /** Why it could not be read. */
  readonly why?: string;
}

/** What became of one snapshot that held some of the records, or of which that cannot be told. */
export interface ForgottenFrom {
  readonly snapshot: string;
  readonly lines: number;
  /** Why it stayed as it is. */
  readonly why?: string;
}

/** What is kept of the key of a record that was forgotten: enough to know it again, and not the key. Hexadecimal. */
export function digestOfKey({ platform, object, key }: RecordName): string {
  return sha256(`forgotten record ${canonicalJson([platform, object, key])}`);
}

/** Whether nothing is known of a record since it was forgotten in this snapshot: that it is not there says nothing then. */
export function forgottenIn({ forgotten = [] }: Pick<SnapshotManifest, 'forgotten'>): (record: RecordName) => boolean {
  const keys = new Map(forgotten.map(({ platform, object, keys: digests }) => [canonicalJson([platform, object]), new Set(digests)]));
  if (keys.size === 0) return () => false;
  return (record) => keys.get(canonicalJson([record.platform, record.object]))?.has(digestOfKey(record)) === true;
}

/** With these records beside those that were forgotten before. */
export function withForgotten(before: readonly ForgottenRecords[], records: readonly RecordName[]): readonly ForgottenRecords[] {
  const all = new Map(before.map((one) => [canonicalJson([one.platform, one.object]), one]));
  for (const record of records) {
    const name = canonicalJson([record.platform, record.object]);
    const keys = all.get(name)?.keys ?? [];
    const digest = digestOfKey(record);
    all.set(name, { platform: record.platform, object: record.object, keys: keys.includes(digest) ? keys : [...keys, digest].sort() });
  }
  return [...all.values()];
}

/** True for the snapshot that had this digest when it was referred to, also where records of it were forgotten since. */
export function isKnownAs(
  { digest, manifest }: { readonly digest: string; readonly manifest: Pick<SnapshotManifest, 'formerly'> },
  expected: string,
): boolean {
  return digest === expected || manifest.formerly?.includes(expected) === true;
}
