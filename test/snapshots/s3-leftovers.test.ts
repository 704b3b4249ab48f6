import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { S3Client } from '../../src/snapshots/index.js';
import { type FaultRule, type S3Options, type S3Request, type S3Server } from '../support/s3-server.js';
import { type Bucket, bucket, clock, contentOf, credentialsOf, namesIn, objectsIn, placeOf, put, storageOf } from './s3-support.js';

const NEW = Buffer.from('encrypted for another key');
const isTrial = ({ key }: S3Request): boolean => /\/probe\.[0-9a-f]{16}\.zip$/u.test(key);

/** Before the nth request that `of` means, `work` is done. */
function before(n: number, of: (request: S3Request) => boolean, work: () => Promise<unknown>): FaultRule {
  let seen = 0;
  const when = (request: S3Request): boolean => of(request) && (seen += 1) === n;
  return {
    when,
    times: 1,
    do: {
      kind: 'late',
      get until() {
        return work();
      },
    },
  };
}

const clientOf = (server: S3Server): S3Client =>
  new S3Client({ place: placeOf(server), credentials: () => Promise.resolve(credentialsOf(server)), clock, environment: {} });

/** Somebody removes an object, and nothing else. */
async function remove(server: S3Server, key = ''): Promise<void> {
  const client = clientOf(server);
  await client.send({ method: 'DELETE', key: key.replace(`${client.place.prefix}/`, '') });
  await client.close();
}

/** Keys under which a trial was made. */
const tried = ({ requests }: S3Server): string[] => [...new Set(requests.filter(isTrial).map(({ key }) => key))];

/** The bucket stays away from the moment when the marker of a name is written; answers how to bring it back. */
function goneBeforeMarker(server: S3Server): () => void {
  let away = false;
  return server.fault({
    when: ({ method, key }) => (away ||= method === 'PUT' && key.includes('/index/')),
    times: Infinity,
    do: { kind: 'cut-before' },
  });
}

/** A snapshot whose copy that is to take its place is whole here, and not sent. */
async function withCopy(options: S3Options = {}): Promise<Bucket> {
  const made = await bucket(options);
  await put(made.open(), 'snap-a.zip', Buffer.from('as it was'));
  const back = goneBeforeMarker(made.server);
  await expect(put(made.open(), 'snap-a.zip', NEW)).rejects.toMatchObject({
    code: 'storage-unreachable',
    state: expect.stringContaining('as it was') as string,
  });
  back();
  expect(await made.open().unfinished()).toEqual(['snap-a.zip']);
  return made;
}

describe('G36: a trial of the storage', () => {
  test.each([2, 3, 4])('is not taken by another clean-up before its request %i', async (n) => {
    const { server, open } = await bucket();
    server.fault(before(n, isTrial, async () => await open().delete('snap-none.zip')));
    await open().tryOut?.();
    expect(tried(server)).toHaveLength(1);
    expect(objectsIn(server)).toEqual([]);
  });

  test.each([2, 3])('whose object somebody removes before request %i is made once more under another key', async (n) => {
    const { server, open } = await bucket();
    server.fault(before(n, isTrial, async () => await remove(server, tried(server)[0])));
    await put(open(), 'snap-a.zip');
    expect(tried(server)).toHaveLength(2);
    expect(objectsIn(server)).toHaveLength(1);
  });

  test('that was ended in the middle is cleaned up: at once where its process is gone, else after an hour', async () => {
    const { server, dir, open } = await bucket();
    await put(open(), 'snap-a.zip');
    const others = { pid: 999_999_999, host: 'another machine' };
    const key = 'probe.0123456789abcdef.zip';
    const note = join(dir, 'garbage', key);
    await writeFile(note, JSON.stringify({ version: 1, key, by: others }));
    await open().tryOut?.();
    expect(await readdir(join(dir, 'garbage'))).toEqual([key]);
    const earlier = new Date(Date.now() - 2 * 3_600_000);
    await utimes(note, earlier, earlier);
    await open().tryOut?.();
    expect(await readdir(join(dir, 'garbage'))).toEqual([]);
    expect(server.requests.filter(({ method, key: of }) => method === 'DELETE' && of.endsWith(key))).toHaveLength(1);
  });
});

test('G36: what is noted to be removed stays noted while another clean-up runs: nothing is left that somebody pays for', async () => {
  const { server, open } = await bucket();
  await put(open(), 'snap-a.zip');
  const isMarkerGoing = ({ method, key }: S3Request): boolean => method === 'DELETE' && key.endsWith('index/snap-a.zip.json');
  server.fault(before(1, isMarkerGoing, async () => await open().delete('snap-none.zip')));
  await open().delete('snap-a.zip');
  expect([...server.objects().keys()]).toEqual([]);
});

test('G36: one object that cannot be removed holds up no other', async () => {
  const { server, open } = await bucket();
  await put(open(), 'snap-a.zip');
  await put(open(), 'snap-b.zip');
  const [stuck] = objectsIn(server);
  const lift = server.fault({
    when: ({ method, key }) => method === 'DELETE' && key === stuck,
    times: Infinity,
    do: { kind: 'answer', status: 403, code: 'AccessDenied' },
  });
  await expect(open().delete('snap-a.zip')).rejects.toMatchObject({ code: 'storage-refused' });
  await expect(open().delete('snap-b.zip')).rejects.toMatchObject({ code: 'storage-refused' });
  expect(objectsIn(server)).toEqual([stuck]);
  lift();
  await open().delete('snap-b.zip');
  expect(objectsIn(server)).toEqual([]);
});

test('the entry of a name is asked for once while it is put', async () => {
  const { server, open } = await bucket();
  await put(open(), 'snap-a.zip');
  const from = server.requests.length;
  await put(open(), 'snap-b.zip');
  const entry = server.requests.slice(from).filter(({ key }) => key.endsWith('index/snap-b.zip.json'));
  expect(entry.map(({ method }) => method)).toEqual(['GET', 'PUT']);
});

describe('G36: a copy that waits to take the place of a snapshot', () => {
  test('takes it later', async () => {
    const { server, open } = await withCopy();
    expect(await open().finish?.('snap-a.zip')).toBe(true);
    expect((await contentOf(open(), 'snap-a.zip')).equals(NEW)).toBe(true);
    expect([await open().unfinished(), objectsIn(server).length]).toEqual([[], 1]);
  });

  test('goes with the snapshot when that is deleted here', async () => {
    const { server, open } = await withCopy();
    await open().delete('snap-a.zip');
    expect([await namesIn(open()), await open().unfinished(), [...server.objects().keys()], server.uploads()]).toEqual([[], [], [], []]);
    expect(await open().finish?.('snap-a.zip')).toBe(false);
  });

  test('brings nothing back that was deleted elsewhere, is kept, since it may be all that is left, and can be deleted', async () => {
    const { server, dir, open } = await withCopy();
    const storage = open();
    expect(await storage.remains?.('snap-a.zip')).toBeUndefined();
    await open(join(dir, '..', 'another machine')).delete('snap-a.zip');
    await expect(storage.finish?.('snap-a.zip')).rejects.toMatchObject({
      code: 'not-found',
      next: expect.stringContaining('runback snapshot delete snap-a') as string,
    });
    expect([await namesIn(storage), await storage.unfinished(), await storage.remains?.('snap-a.zip')]).toEqual([[], ['snap-a.zip'], 'copy']);
    await storage.delete('snap-a.zip');
    expect([await storage.unfinished(), await storage.remains?.('snap-a.zip'), [...server.objects().keys()]]).toEqual([[], undefined, []]);
  });

  test('gives way to what another machine put there, unless the bytes of that are gone', async () => {
    for (const gone of [false, true]) {
      const { server, dir, open } = await withCopy();
      const theirs = Buffer.from('encrypted by another machine');
      await put(open(join(dir, '..', 'another machine')), 'snap-a.zip', theirs);
      if (gone) await remove(server, [...server.objects()].find(([, body]) => body.equals(theirs))?.[0]);
      expect(await open().finish?.('snap-a.zip')).toBe(true);
      expect((await contentOf(open(), 'snap-a.zip')).equals(gone ? NEW : theirs)).toBe(true);
      expect([await open().unfinished(), objectsIn(server).length]).toEqual([[], 1]);
    }
  });

  test.each(['aws', 'radosgw'] as const)('and is given up does not take it when its request arrives late (%s)', async (like) => {
    const { server, open } = await withCopy({ like });
    const [late] = server.requests.filter(({ method, headers }) => method === 'PUT' && headers['if-match'] !== undefined);
    await open().discard('snap-a.zip');
    const client = clientOf(server);
    const key = late?.key.replace('team/backups/', '') ?? '';
    for (const tag of [late?.headers['if-match'] ?? '', late?.headers['if-match']?.replaceAll('"', '') ?? ''])
      expect((await client.send({ method: 'PUT', key, bytes: late?.body ?? Buffer.alloc(0), headers: { 'if-match': tag } })).status).toBe(412);
    await client.close();
    expect(late?.body.toString()).toContain('"key"');
    expect((await contentOf(open(), 'snap-a.zip')).toString()).toBe('as it was');
    expect([await open().unfinished(), objectsIn(server).length]).toEqual([[], 1]);
  });

  test('and is given up while the storage is away leaves nothing there in the end', async () => {
    const { server, open } = await withCopy();
    const back = server.fault({ when: () => true, times: Infinity, do: { kind: 'cut-before' } });
    await open().discard('snap-a.zip');
    back();
    expect([await open().unfinished(), await open().canFinish?.('snap-a.zip')]).toEqual([['snap-a.zip'], false]);
    await open().discard('snap-a.zip');
    expect((await contentOf(open(), 'snap-a.zip')).toString()).toBe('as it was');
    expect([await open().unfinished(), objectsIn(server).length]).toEqual([[], 1]);
  });

  test('that took it, with the answer lost, is not undone; what was there before is removed', async () => {
    const { server, open } = await bucket();
    await put(open(), 'snap-a.zip', Buffer.from('as it was'));
    let written = false;
    server.fault({
      when: ({ method, key }) => (written = method === 'PUT' && key.includes('/index/')),
      times: 1,
      do: { kind: 'lose-answer' },
    });
    const back = server.fault({ when: () => written, times: Infinity, do: { kind: 'cut-before' } });
    await put(open(), 'snap-a.zip', NEW).catch(() => undefined);
    back();
    await open().discard('snap-a.zip');
    expect((await contentOf(open(), 'snap-a.zip')).equals(NEW)).toBe(true);
    expect([await open().unfinished(), objectsIn(server).length]).toEqual([[], 1]);
  });
});

test('an entry whose bytes are gone is found out, and can be deleted; a reader of one that is replaced is told that it is not there', async () => {
  const { server, open } = await bucket();
  await put(open(), 'snap-a.zip');
  const storage = open();
  expect(await storage.remains?.('snap-a.zip')).toBeUndefined();
  await remove(server, objectsIn(server)[0]);
  expect([await namesIn(storage), await storage.remains?.('snap-a.zip')]).toEqual([['snap-a.zip'], 'entry']);
  await storage.delete('snap-a.zip');
  expect([await namesIn(storage), await storage.remains?.('snap-a.zip'), [...server.objects().keys()]]).toEqual([[], undefined, []]);
});

test('a page that is not from the storage tells nothing of what is there: 404 of a proxy hides no snapshot', async () => {
  const { server, dir, open } = await bucket();
  await put(open(), 'snap-a.zip');
  const lift = server.fault({ when: ({ method }) => method === 'GET', times: Infinity, do: { kind: 'answer', status: 404, code: '' } });
  await expect(open().list()).rejects.toMatchObject({ code: 'storage-unreachable' });
  await expect(open().open('snap-a.zip')).rejects.toMatchObject({ code: 'storage-unreachable' });
  lift();
  expect(await readdir(join(dir, 'known'))).toEqual(['snap-a.zip']);
});

test('half of a list is none: a page that says that there is more, and not where, is refused', async () => {
  const page = createServer((_, response) => response.end('<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'));
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  onTestFinished(() => void page.close());
  const { server, dir } = await bucket();
  const { port } = page.address() as AddressInfo;
  await expect(storageOf(server, { dir, place: { endpoint: `http://127.0.0.1:${port}` } }).list()).rejects.toMatchObject({ code: 'storage-refused' });
});
