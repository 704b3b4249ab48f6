import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { snapshotStorageContract } from '../contracts/snapshot-storage.js';
import { temporaryStore } from '../support/store.js';
import { memoryPlatform, people } from './memory-platform.js';
import { bucket, clock, CONTENT, contentOf, namesIn, objectsIn, put, storageOf, underTest } from './s3-support.js';
import { collect, SMALL_PARTS } from './support.js';

snapshotStorageContract('bucket', async () => await underTest({ like: 'aws' }));

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

  test('that says that it stored, and did not, or other bytes, is found out; the file is still here', async () => {
    for (const lie of ['forget', 'store-changed'] as const) {
      const { server, open } = await bucket();
      server.fault({ when: ({ method, key }) => method === 'PUT' && key.includes('snap-a.'), times: 1, do: { kind: lie } });
      const content = Buffer.from('small');
      await expect(put(open(), 'snap-a.zip', content)).rejects.toMatchObject({
        code: lie === 'forget' ? 'not-found' : 'file-unreadable',
      });
      expect(await namesIn(open())).toEqual([]);
      expect(await open().finish?.('snap-a.zip')).toBe(true);
      expect((await contentOf(open(), 'snap-a.zip')).equals(content)).toBe(true);
    }
  });

  test('that is full, or does not know us: a clear error, and the file waits', async () => {
    const { server, open } = await bucket();
    await put(open(), 'snap-a.zip');
    let on = true;
    server.fault({ when: ({ method }) => on && method !== 'GET', times: Infinity, do: { kind: 'answer', status: 403, code: 'QuotaExceeded' } });
    await expect(put(open(), 'snap-b.zip')).rejects.toMatchObject({ code: 'disk-full' });
    on = false;
    server.fault({ when: ({ method }) => method === 'PUT', times: 1, do: { kind: 'answer', status: 403, code: 'AccessDenied' } });
    await expect(open().finish?.('snap-b.zip')).rejects.toMatchObject({ code: 'storage-refused', exitCode: 4 });
    expect(await open().finish?.('snap-b.zip')).toBe(true);
    expect(await namesIn(open())).toEqual(['snap-a.zip', 'snap-b.zip']);
    const credentials = { key: server.accessKey, secret: 'another' };
    const list = async (deps: Omit<Parameters<typeof storageOf>[1], 'dir'>): Promise<unknown> =>
      await storageOf(server, { dir: '/nowhere', ...deps }).list();
    await expect(list({ credentials })).rejects.toMatchObject({
      code: 'storage-refused',
      message: expect.stringContaining('Not allowed') as string,
    });
    await expect(list({ place: { bucket: 'another' } })).rejects.toMatchObject({
      code: 'storage-refused',
      message: 'There is no bucket another',
    });
    await expect(list({ place: { region: 'mars-1' } })).rejects.toMatchObject({
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
    server.fault({ when: ({ operation }) => operation === 'ListObjectsV2', times: Infinity, do: { kind: 'old-answer', of: moment } });
    expect(await namesIn(open())).toEqual(['snap-b.zip', 'snap-c.zip']);
    expect(await namesIn(open(join(dir, '..', 'another machine')))).toEqual(['snap-b.zip']);
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
    expect(await namesIn(open())).toEqual(['snap-a.zip']);
  });

  test('with object lock keeps the bytes for as long as they were to be kept, and takes the snapshot out of sight', async () => {
    const { server, dir } = await bucket({ lock: true });
    const storage = storageOf(server, { dir, lockForMs: 30 * 24 * 3_600_000 });
    for (const [name, content] of [
      ['snap-a.zip', CONTENT],
      ['snap-b.zip', Buffer.from('small')],
    ] as const)
      await put(storage, name, content);
    for (const name of ['snap-a.zip', 'snap-b.zip']) await storage.delete(name);
    expect([await storage.list(), [...server.objects().keys()]]).toEqual([[], []]);
    const kept = server.versions().filter(({ key, marker }) => key.includes('snap-') && !key.includes('index/') && !marker);
    expect(kept.map(({ body }) => body.length).sort()).toEqual([CONTENT.length, 5].sort());
  });

  test('that flips a bit or cuts an answer while it is read: never other bytes', async () => {
    const { server, open } = await bucket();
    await put(open(), 'snap-a.zip');
    server.fault({
      when: ({ method, key }) => method === 'GET' && key.includes('snap-a.') && !key.includes('index/'),
      times: 1,
      do: { kind: 'cut-body' },
    });
    expect((await contentOf(open(), 'snap-a.zip')).equals(CONTENT)).toBe(true);
  });
});

test.each(['aws', 'radosgw'] as const)('a file that is put in the place of another is that or this (%s)', async (like) => {
  const { server, open } = await bucket({ like });
  await put(open(), 'snap-a.zip');
  const reading = await open().open('snap-a.zip');
  const later = Buffer.from('encrypted for another key');
  await put(open(), 'snap-a.zip', later);
  expect((await contentOf(open(), 'snap-a.zip')).toString()).toBe(later.toString());
  expect(objectsIn(server)).toHaveLength(1);
  await expect(reading.read(0, 10)).rejects.toMatchObject({ code: 'not-found' });
});

test('snapshots in a bucket are taken, listed, verified, built upon and deleted as in a folder', async () => {
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
