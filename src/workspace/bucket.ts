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
