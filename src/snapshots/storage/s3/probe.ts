import { randomBytes } from 'node:crypto';

import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { S3Client } from './client.js';
import { expectStored } from './upload.js';

/** Answers to a write whose condition does not hold. */
export const CONDITION_FAILED: readonly number[] = [409, 412];

/** What a storage does not do that everything here relies on. */
export interface Shortcoming {
  /** In words that go on after a colon. */
  readonly why: string;
  /** It would look the same if somebody had removed what it was tried on. */
  readonly orRemoved: boolean;
}

/**
 * Tries on a small object whether the storage does what everything here relies on: it gives back what it was given,
 * does not take what was changed on its way, and overwrites nothing that it was told not to. Leaves nothing, unless it is
 * killed: then the object under `key`, which nothing else may have. Undefined where all of that holds.
 *
 * Throws what the client throws.
 */
export async function probe(client: S3Client, key: string, call: CallOptions): Promise<Shortcoming | undefined> {
  const [first, second] = [randomBytes(64), randomBytes(64)];
  const put = async (bytes: Uint8Array, headers: Readonly<Record<string, string>>): ReturnType<S3Client['send']> =>
    await client.send({ method: 'PUT', key, headers, bytes }, call);
  try {
    const made = await put(first, { 'if-none-match': '*' });
    if (made.status === 501)
      return { why: 'it knows no conditional writes (If-None-Match), so two machines could overwrite each other', orRemoved: false };
    // Nobody else has this key: what is there is ours, whose first answer was lost.
    if (!CONDITION_FAILED.includes(made.status)) expectStored(client, made);
    if (!CONDITION_FAILED.includes((await put(second, { 'if-none-match': '*' })).status))
      return { why: 'it overwrites although it was told not to (If-None-Match), so two machines could overwrite each other', orRemoved: true };
    const { status, body } = await client.send({ method: 'GET', key, headers: { range: 'bytes=8-15' }, file: true }, call);
    if (status !== 206 || !Buffer.isBuffer(body) || !body.equals(first.subarray(8, 16)))
      return { why: 'it does not give back the part of an object that was asked for (Range)', orRemoved: status === 404 };
    const changed = await put(second, { 'content-md5': Buffer.alloc(16).toString('base64') });
    return changed.status < 400 ? { why: 'it takes bytes that were changed on their way (Content-MD5)', orRemoved: false } : undefined;
  } finally {
    await client.send({ method: 'DELETE', key }, call).catch(() => undefined);
  }
}

/** The error for a storage that does not do what is relied on. */
export function unsafe(client: S3Client, { why }: Shortcoming): RunbackError {
  const { endpoint } = client.place;
  return new RunbackError('storage-unsafe', `Snapshots are not safe at ${endpoint}`, {
    why: `It was tried on a small object: ${why}.`,
    state: 'Nothing was stored there.',
    next: 'Use a storage that honours conditional writes and checksums, as Amazon S3, Ceph, Cloudflare R2 or MinIO do, or a folder.',
  });
}
