import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { createSnapshot, openCatalog, S3Client, s3Storage, type SnapshotStorage } from '../../src/snapshots/index.js';
import { snapshotStorageContract } from '../contracts/snapshot-storage.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';
import { killedS3Put } from './killed-s3-put.js';
import { memoryPlatform, people } from './memory-platform.js';
import { collect, SMALL_PARTS } from './support.js';

/** Waits between tries take no time. */
const clock: Clock = { ...systemClock, sleep: () => Promise.resolve() };
/** Bytes of a part: what is put here is small. */
const PART = 64 << 10;

interface Bucket {
  readonly server: S3Server;
  readonly dir: string;
  /** As a process finds it that starts now. */
  open(dir?: string): SnapshotStorage;
}

async function bucket(options: Parameters<typeof startS3>[0] = {}): Promise<Bucket> {
  const server = await startS3({ minPartBytes: PART, ...options });
  onTestFinished(async () => await server.close());
  const dir = join(await temporaryFolder(), 'storage');
  return { server, dir, open: (from = dir) => storageOf(server, from) };
}

function placeOf({ endpoint, region, bucket: name }: S3Server): S3Client['place'] {
  return { endpoint, region, bucket: name, prefix: 'team/backups' };
}

function storageOf(server: S3Server, dir: string): SnapshotStorage {
  const credentials = { key: server.accessKey, secret: server.secretKey };
  const client = new S3Client({ place: placeOf(server), credentials: () => Promise.resolve(credentials), clock, environment: {} });
  onTestFinished(async () => await client.close());
  return s3Storage({ client, dir, now: clock.now, partBytes: PART });
}

for (const like of ['aws', 'radosgw'] as const)
  snapshotStorageContract(`bucket, ${like}`, async () => {
    const { server, dir, open } = await bucket({ like });
    return {
      open: () => open(),
      killedPut: killedS3Put({ place: placeOf(server), credentials: { key: server.accessKey, secret: server.secretKey }, dir }),
    };
  });

const CONTENT = Buffer.from(Array.from({ length: 5 * PART + 17 }, (_, n) => (n * 31 + (n >> 8)) & 0xff));
const put = async (storage: SnapshotStorage, name: string, content = CONTENT): Promise<void> =>
  await storage.put(
    name,
    (sink) => sink(content),
    () => Promise.resolve(),
  );
const contentOf = async (storage: SnapshotStorage, name: string): Promise<Buffer> => {
  const file = await storage.open(name);
  return await file.read(0, file.bytes);
};
const names = async (storage: SnapshotStorage): Promise<string[]> => (await storage.list()).map(({ name }) => name).sort();
/** Keys that hold snapshots, whether they are named or not. */
const objectsIn = (server: S3Server): string[] => [...server.objects().keys()].filter((key) => key.endsWith('.zip'));

describe('G36: a bucket', () => {
  test('holds one object and one entry a snapshot, nothing of it on this machine, and nothing after it was deleted', async () => {
    const { server, dir, open } = await bucket();
    await put(open(), 'snap-a.zip');
    const [key, ...others] = objectsIn(server);
    expect(others).toEqual([]);
    expect(key).toMatch(/^team\/backups\/snap-a\.[0-9a-f]{16}\.zip$/u);
    expect(
      server
        .objects()
        .get(key ?? '')
        ?.equals(CONTENT),
    ).toBe(true);
    expect([...server.objects().keys()].sort()).toEqual(['team/backups/index/snap-a.zip.json', key]);
    expect((await readdir(dir)).filter((name) => name.startsWith('snap-'))).toEqual([]);
    await open().delete('snap-a.zip');
    expect([...server.objects().keys()]).toEqual([]);
    expect(server.uploads()).toEqual([]);
  });

  test.each(['swift', 's3rver'] as const)('of a kind that overwrites (%s) is refused before anything is stored', async (like) => {
    const { server, open } = await bucket({ like });
    await expect(put(open(), 'snap-a.zip')).rejects.toMatchObject({ code: 'storage-unsafe', exitCode: 6 });
    await expect(open().tryOut?.()).rejects.toMatchObject({ code: 'storage-unsafe' });
    expect([...server.objects().keys()]).toEqual([]);
  });

  const after = {
    'refuses for now': { status: 503, code: 'SlowDown' },
    'fails inside': { status: 500, code: 'InternalError' },
    'is gone before a request': 'cut-before',
    'is gone after a request': 'lost-answer',
  } as const;
  test.each(Object.entries(after))('that %s, once at any request: nothing is lost, nothing there twice', async (_, fault) => {
    const count = async (at: number): Promise<number> => {
      const { server, open } = await bucket();
      let n = 0;
      server.fault({ when: () => (n += 1) === at, times: 1, do: fault });
      await put(open(), 'snap-a.zip');
      await put(open(), 'snap-b.zip', Buffer.from('small'));
      expect(await names(open())).toEqual(['snap-a.zip', 'snap-b.zip']);
      expect((await contentOf(open(), 'snap-a.zip')).equals(CONTENT)).toBe(true);
      await open().delete('snap-b.zip');
      expect(await names(open())).toEqual(['snap-a.zip']);
      expect(objectsIn(server)).toHaveLength(1);
      expect(server.uploads()).toEqual([]);
      return n;
    };
    const all = await count(0);
    for (let at = 1; at <= all; at += 1) await count(at);
  });

  test('that goes away at any request and stays away: the whole file waits here, and is stored later without sending twice', async () => {
    for (let at = 7; at < 30; at += 1) {
      const { server, dir, open } = await bucket();
      let n = 0;
      let away = true;
      server.fault({ when: () => (n += 1) >= at && away, do: 'cut-before' });
      const failed = await put(open(), 'snap-a.zip').then(
        () => undefined,
        (error: unknown) => error,
      );
      away = false;
      if (failed === undefined) {
        expect(n).toBeLessThan(at);
        return;
      }
      expect(failed).toMatchObject({ code: 'storage-unreachable', state: expect.stringContaining(dir) as string });
      const later = open();
      const there = (await names(later)).length;
      if (await later.canFinish?.('snap-a.zip')) {
        expect(await later.unfinished()).toEqual(['snap-a.zip']);
        const sent = new Set(server.uploads().flatMap(({ parts }) => parts));
        const from = server.requests.length;
        expect(await later.finish?.('snap-a.zip')).toBe(true);
        const again = server.requests.slice(from).flatMap(({ query }) => query.get('partNumber') ?? []);
        expect(again.filter((part) => sent.has(Number(part)))).toEqual([]);
      } else expect(there).toBe(1);
      expect((await contentOf(later, 'snap-a.zip')).equals(CONTENT)).toBe(true);
      expect([await names(later), await later.unfinished(), server.uploads()]).toEqual([['snap-a.zip'], [], []]);
      expect(objectsIn(server)).toHaveLength(1);
    }
    throw new Error('it was never put without a failure');
  });

  test('that says that it stored, and did not, or other bytes, is found out; the file is still here', async () => {
    for (const lie of ['store-nothing', 'store-changed'] as const) {
      const { server, open } = await bucket();
      server.fault({ when: ({ method, key }) => method === 'PUT' && key.includes('snap-a.'), times: 1, do: lie });
      const content = Buffer.from('small');
      await expect(put(open(), 'snap-a.zip', content)).rejects.toMatchObject({
        code: lie === 'store-nothing' ? 'not-found' : 'file-unreadable',
      });
      expect(await names(open())).toEqual([]);
      expect(await open().finish?.('snap-a.zip')).toBe(true);
      expect((await contentOf(open(), 'snap-a.zip')).equals(content)).toBe(true);
    }
  });

  test('that is full, or does not know us: a clear error, and the file waits', async () => {
    const { server, open } = await bucket();
    await put(open(), 'snap-a.zip');
    let on = true;
    server.fault({ when: ({ method }) => on && method !== 'GET', do: { status: 403, code: 'QuotaExceeded' } });
    await expect(put(open(), 'snap-b.zip')).rejects.toMatchObject({ code: 'disk-full' });
    on = false;
    server.fault({ when: ({ method }) => method === 'PUT', times: 1, do: { status: 403, code: 'AccessDenied' } });
    await expect(open().finish?.('snap-b.zip')).rejects.toMatchObject({ code: 'storage-refused', exitCode: 5 });
    expect(await open().finish?.('snap-b.zip')).toBe(true);
    expect(await names(open())).toEqual(['snap-a.zip', 'snap-b.zip']);
    const place = placeOf(server);
    const wrong = { key: server.accessKey, secret: 'another' };
    const storage = (deps: { readonly secret?: typeof wrong; readonly at?: Partial<S3Client['place']> }): SnapshotStorage => {
      const credentials = deps.secret ?? { key: server.accessKey, secret: server.secretKey };
      const client = new S3Client({ place: { ...place, ...deps.at }, credentials: () => Promise.resolve(credentials), clock, environment: {} });
      onTestFinished(async () => await client.close());
      return s3Storage({ client, dir: '/nowhere', now: clock.now });
    };
    await expect(storage({ secret: wrong }).list()).rejects.toMatchObject({
      code: 'storage-refused',
      message: expect.stringContaining('Not allowed') as string,
    });
    await expect(storage({ at: { bucket: 'another' } }).list()).rejects.toMatchObject({
      code: 'storage-refused',
      message: 'There is no bucket another',
    });
    await expect(storage({ at: { region: 'mars-1' } }).list()).rejects.toMatchObject({
      message: expect.stringContaining('another region') as string,
    });
  });

  test('that lists what was: what is gone is not there, what was stored here is', async () => {
    const { server, dir, open } = await bucket();
    await put(open(), 'snap-a.zip');
    await put(open(), 'snap-b.zip');
    const moment = server.moment();
    await open().delete('snap-a.zip');
    await put(open(), 'snap-c.zip');
    server.fault({ when: () => true, do: { listAsOf: moment } });
    expect(await names(open())).toEqual(['snap-b.zip', 'snap-c.zip']);
    expect(await names(open(join(dir, '..', 'another machine')))).toEqual(['snap-b.zip']);
    expect((await contentOf(open(join(dir, '..', 'another machine')), 'snap-c.zip')).equals(CONTENT)).toBe(true);
  });

  test('in which another machine has a snapshot of the same name keeps that one', async () => {
    const { dir, open } = await bucket();
    const other = open(join(dir, '..', 'another machine'));
    const ours = open().put(
      'snap-a.zip',
      (sink) => sink(CONTENT),
      // Both have begun before either is there.
      async () => await put(other, 'snap-a.zip', Buffer.from('theirs')),
    );
    await expect(ours).rejects.toMatchObject({ code: 'storage-refused', message: expect.stringContaining('There is another snap-a.zip') as string });
    expect((await contentOf(open(), 'snap-a.zip')).toString()).toBe('theirs');
    await open().discard('snap-a.zip');
    expect((await contentOf(open(), 'snap-a.zip')).toString()).toBe('theirs');
  });

  test('whose clock is an hour ahead is used all the same', async () => {
    const { open } = await bucket({ now: () => new Date(Date.now() + 3_600_000) });
    await put(open(), 'snap-a.zip');
    expect(await names(open())).toEqual(['snap-a.zip']);
  });

  test('that flips a bit or cuts an answer while it is read: never other bytes', async () => {
    const { server, open } = await bucket();
    await put(open(), 'snap-a.zip');
    server.fault({ when: ({ method, key }) => method === 'GET' && key.includes('snap-a.') && !key.includes('index/'), times: 1, do: 'cut-body' });
    expect((await contentOf(open(), 'snap-a.zip')).equals(CONTENT)).toBe(true);
  });
});

test('snapshots in a bucket are taken, listed, verified, compared, built upon, encrypted again and deleted as in a folder', async () => {
  const { server, dir, open } = await bucket();
  const { store } = await temporaryStore();
  const deps = { dir, store, clock, storage: open(), partSizes: SMALL_PARTS };
  const catalog = openCatalog(deps);
  const records = people(60);
  const platform = memoryPlatform('crm', { objects: { contacts: records } });
  const first = await createSnapshot({ platforms: [platform], by: 'maya' }, deps);
  expect(first.path).toBe(`s3://${server.bucket}/team/backups/${first.id}.zip`);
  expect(await catalog.verify('latest')).toMatchObject({ id: first.id, damage: [], recorded: true });
  const base = await catalog.open(first.id);
  const second = await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: records.slice(1) } })], by: 'maya', base }, deps);
  await base.close();
  expect(second.bases).toEqual([first.id]);
  const reader = await catalog.open('latest');
  const [info] = reader.manifest.objects;
  expect(info && (await collect(reader.lines(info)))).toHaveLength(59);
  await reader.close();
  await expect(catalog.delete(first.id)).rejects.toMatchObject({ code: 'snapshot-needed' });
  for (const { id } of await catalog.list()) await catalog.delete(id);
  expect([...server.objects().keys()]).toEqual([]);
});
