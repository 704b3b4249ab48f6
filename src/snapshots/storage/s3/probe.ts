import { randomBytes } from 'node:crypto';

import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { S3Client } from './client.js';
import { expectStored } from './upload.js';

/** Answers to a write whose condition does not hold. */
export const CONDITION_FAILED: readonly number[] = [409, 412];

/**
 * Tries on a small object whether the storage does what everything here relies on: it gives back what it was given,
 * does not take what was changed on its way, and overwrites nothing that it was told not to. Leaves nothing, unless it is
 * killed: then the object under `key`, which nothing else may have.
 *
 * Throws `storage-unsafe` for one that does not, and what the client throws.
 */
export async function probe(client: S3Client, key: string, call: CallOptions): Promise<void> {
  const [first, second] = [randomBytes(64), randomBytes(64)];
  const put = async (bytes: Uint8Array, headers: Readonly<Record<string, string>>): ReturnType<S3Client['send']> =>
    await client.send({ method: 'PUT', key, headers, bytes }, call);
  try {
    const made = await put(first, { 'if-none-match': '*' });
    if (made.status === 501) throw unsafe(client, 'it knows no conditional writes (If-None-Match), so two machines could overwrite each other');
    // Nobody else has this key: what is there is ours, whose first answer was lost.
    if (!CONDITION_FAILED.includes(made.status)) expectStored(client, made);
    if (!CONDITION_FAILED.includes((await put(second, { 'if-none-match': '*' })).status))
      throw unsafe(client, 'it overwrites although it was told not to (If-None-Match), so two machines could overwrite each other');
    const { status, body } = await client.send({ method: 'GET', key, headers: { range: 'bytes=8-15' }, file: true }, call);
    if (status !== 206 || !Buffer.isBuffer(body) || !body.equals(first.subarray(8, 16)))
      throw unsafe(client, 'it does not give back the part of an object that was asked for (Range)');
    const changed = await put(second, { 'content-md5': Buffer.alloc(16).toString('base64') });
    if (changed.status < 400) throw unsafe(client, 'it takes bytes that were changed on their way (Content-MD5)');
  } finally {
    await client.send({ method: 'DELETE', key }, call).catch(() => undefined);
  }
}

function unsafe(client: S3Client, why: string): RunbackError {
  const { endpoint } = client.place;
  return new RunbackError('storage-unsafe', `Snapshots are not safe at ${endpoint}`, {
    why: `It was tried on a small object: ${why}.`,
    state: 'Nothing was stored there.',
    next: 'Use a storage that honours conditional writes and checksums, as Amazon S3, Ceph, Cloudflare R2 or MinIO do, or a folder.',
  });
}
