import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { S3Client, type S3Credentials, s3Storage, type SnapshotStorage } from '../../src/snapshots/index.js';
import type { StorageUnderTest } from '../contracts/snapshot-storage.js';
import { type S3Options, type S3Server, startS3 } from '../support/s3-server.js';
import { temporaryFolder } from '../support/store.js';
import { killedPutOf } from './killed-put.js';

/** Waits between tries take no time. */
export const clock: Clock = { ...systemClock, sleep: () => Promise.resolve() };
/** Bytes of a part: what is put here is small. */
export const PART = 64 << 10;

/** A bucket, and a folder of this machine for what is on its way there. */
export interface Bucket {
  readonly server: S3Server;
  readonly dir: string;
  /** As a process finds it that starts now. */
  open(dir?: string): SnapshotStorage;
}

export async function bucket(options: S3Options = {}): Promise<Bucket> {
  const server = await startS3({ minPartBytes: PART, ...options });
  onTestFinished(async () => await server.close());
  const dir = join(await temporaryFolder(), 'storage');
  return { server, dir, open: (from = dir) => storageOf(server, { dir: from }) };
}

/** The bucket as something for the contract. */
export async function underTest(options: S3Options): Promise<StorageUnderTest> {
  const { server, dir, open } = await bucket(options);
  const settings = JSON.stringify({ place: placeOf(server), credentials: credentialsOf(server) });
  return { open: () => open(), killedPut: killedPutOf('killed-s3-put.mjs', 'snapshots/index.js', [settings, dir]) };
}

export function placeOf({ endpoint, region, bucket: name }: S3Server): S3Client['place'] {
  return { endpoint, region, bucket: name, prefix: 'team/backups' };
}

export const credentialsOf = ({ accessKey, secretKey }: S3Server): S3Credentials => ({ key: accessKey, secret: secretKey });

export function storageOf(
  server: S3Server,
  {
    dir,
    place,
    credentials = credentialsOf(server),
    lockForMs,
  }: { dir: string; place?: Partial<S3Client['place']>; credentials?: S3Credentials; lockForMs?: number },
): SnapshotStorage {
  const client = new S3Client({ place: { ...placeOf(server), ...place }, credentials: () => Promise.resolve(credentials), clock, environment: {} });
  onTestFinished(async () => await client.close());
  return s3Storage({ client, dir, now: clock.now, partBytes: PART, ...(lockForMs === undefined ? {} : { lockForMs }) });
}

/** Five parts and a bit. */
export const CONTENT = Buffer.from(Array.from({ length: 5 * PART + 17 }, (_, n) => (n * 31 + (n >> 8)) & 0xff));

export async function put(storage: SnapshotStorage, name: string, content = CONTENT): Promise<void> {
  await storage.put(
    name,
    (sink) => sink(content),
    () => Promise.resolve(),
  );
}

export async function contentOf(storage: SnapshotStorage, name: string): Promise<Buffer> {
  const file = await storage.open(name);
  return await file.read(0, file.bytes);
}

export async function namesIn(storage: SnapshotStorage): Promise<string[]> {
  return (await storage.list()).map(({ name }) => name).sort();
}

/** Keys that hold snapshots, whether they are named or not. */
export const objectsIn = (server: S3Server): string[] => [...server.objects().keys()].filter((key) => key.endsWith('.zip'));
