import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { silentReporter, systemClock } from '../../src/lib/index.js';
import { S3Client, s3Storage, type SnapshotStorage } from '../../src/snapshots/index.js';
import { snapshotStorageContract } from '../contracts/snapshot-storage.js';
import { radosgw } from '../support/radosgw.js';
import { temporaryFolder } from '../support/store.js';
import { killedPutOf } from './killed-put.js';

const started = await radosgw();
const server = 'missing' in started ? undefined : started;
if ('missing' in started) console.log(`skipped: ${started.missing}`);
afterAll(async () => await server?.stop());
const { endpoint = '', region = '', accessKey: key = '', secretKey: secret = '' } = server ?? {};
let buckets = 0;

const clientOf = (place: Partial<S3Client['place']>): S3Client =>
  new S3Client({
    place: { endpoint, region, bucket: 'bucket', prefix: 'team', ...place },
    credentials: () => Promise.resolve({ key, secret }),
    clock: systemClock,
    environment: {},
  });
const newBucket = async (): Promise<S3Client['place']> => {
  const name = `bucket-${(buckets += 1)}`;
  await server?.createBucket(name);
  return clientOf({ bucket: name }).place;
};
const storageIn = (place: S3Client['place'], dir: string): SnapshotStorage => s3Storage({ client: clientOf(place), dir, now: systemClock.now });

describe.skipIf(server === undefined)('a real server', () => {
  snapshotStorageContract('bucket, radosgw itself', async () => {
    const place = await newBucket();
    const dir = join(await temporaryFolder(), 'storage');
    const settings = JSON.stringify({ place, credentials: { key, secret } });
    return { open: () => storageIn(place, dir), killedPut: killedPutOf('killed-s3-put.mjs', 'snapshots/index.js', [settings, dir]) };
  });

  test('a file that is put in the place of another is that or this', async () => {
    const place = await newBucket();
    const dir = join(await temporaryFolder(), 'storage');
    for (const text of ['first', 'second'])
      await storageIn(place, dir).put(
        'snap-a.zip',
        (sink) => sink(Buffer.from(text)),
        () => Promise.resolve(),
      );
    const file = await storageIn(place, dir).open('snap-a.zip');
    expect((await file.read(0, file.bytes)).toString()).toBe('second');
  });

  test('what is larger than a part is sent in parts, and an upload that was cut off goes on where it was', async () => {
    const place = await newBucket();
    const dir = join(await temporaryFolder(), 'storage');
    const content = Buffer.alloc(30 << 20);
    for (let at = 0; at < content.length; at += 32) createHash('sha256').update(String(at)).digest().copy(content, at);
    const stop = new AbortController();
    const progress = (): void => stop.abort(new Error('cut off'));
    const cut = storageIn(place, dir).put(
      'snap-a.zip',
      (sink) => sink(content),
      () => Promise.resolve(),
      { signal: stop.signal, reporter: { ...silentReporter, progress } },
    );
    await expect(cut).rejects.toThrow('cut off');
    expect(await storageIn(place, dir).list()).toEqual([]);
    expect(await storageIn(place, dir).finish?.('snap-a.zip')).toBe(true);
    const file = await storageIn(place, dir).open('snap-a.zip');
    expect((await file.read(0, file.bytes)).equals(content)).toBe(true);
    await storageIn(place, dir).delete('snap-a.zip');
    const client = clientOf(place);
    const left = await client.send({ method: 'GET', query: { 'list-type': '2' } });
    expect(String(left.body)).not.toContain('<Key>');
    await client.close();
  });
});
