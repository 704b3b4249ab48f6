import type { SecretRef } from './types.js';

/** A bucket of S3-compatible storage, and what in it is this workspace's. */
export interface BucketConfig {
  /** Origin of the service: `https://s3.example.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Begins every key; without a slash at its end, and empty for the whole bucket. */
  readonly prefix: string;
  readonly credentials: BucketCredentials;
  /** Milliseconds for which nobody can delete or change what was stored there; only in buckets with object lock. */
  readonly lockForMs?: number;
}

/** References to what requests are signed with. */
export interface BucketCredentials {
  readonly key: SecretRef;
  readonly secret: SecretRef;
  readonly session?: SecretRef;
}

const FORM = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.!'()*-]+)*)\/?$/u;
export const BUCKET_FORM = 's3://bucket or s3://bucket/prefix (a bucket has 3 to 63 small letters, digits, dots and hyphens)';

/** Bucket and prefix of `s3://bucket/prefix`; undefined for what is no such address. */
export function parseBucket(storage: string): { readonly bucket: string; readonly prefix: string } | undefined {
  const [, bucket, path = ''] = FORM.exec(storage) ?? [];
  const words = path.split('/').slice(1);
  return bucket === undefined || words.some((word) => /^\.+$/u.test(word)) ? undefined : { bucket, prefix: words.join('/') };
}

/** Whether a place for snapshots is an address rather than a folder. */
export function isAddress(storage: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(storage);
}
