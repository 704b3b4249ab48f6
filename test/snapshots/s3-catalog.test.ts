import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';

import {
  type Catalog,
  createSnapshot,
  decryptionWith,
  encryptionFor,
  openCatalog,
  S3Client,
  type SnapshotStorage,
  type SnapshotSummary,
} from '../../src/snapshots/index.js';
import type { S3Request, S3Server } from '../support/s3-server.js';
import { temporaryStore } from '../support/store.js';
import { memoryPlatform, people } from './memory-platform.js';
import { bucket, clock, credentialsOf, placeOf, storageOf } from './s3-support.js';
import { SMALL_PARTS } from './support.js';

const records = people(60);

/** A snapshot in a bucket, and one that builds on it. */
async function chain(
  keys = {},
): Promise<{ server: S3Server; catalog: Catalog; storage: SnapshotStorage; first: SnapshotSummary; second: SnapshotSummary }> {
  const { server, dir, open } = await bucket();
  const { store } = await temporaryStore();
  const deps = { dir, store, clock, storage: open(), partSizes: SMALL_PARTS, ...keys };
  const catalog = openCatalog(deps);
  const first = await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: records } })], by: 'maya' }, deps);
  const base = await catalog.open(first.id);
  const second = await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: records.slice(1) } })], by: 'maya', base }, deps);
  await base.close();
  return { server, catalog, storage: deps.storage, first, second };
}

/** Does something to the bucket that no runback does. */
async function by(server: S3Server, ...requests: Parameters<S3Client['send']>[0][]): Promise<void> {
  const client = new S3Client({ place: placeOf(server), credentials: () => Promise.resolve(credentialsOf(server)), clock, environment: {} });
  for (const request of requests) await client.send(request);
  await client.close();
}

/** The entry of a snapshot and the key of its bytes, below the prefix. */
function entryOf(server: S3Server, id: string): { entry: string; bytes: Buffer; key: string } {
  const entry = `index/${id}.zip.json`;
  const bytes = server.objects().get(`team/backups/${entry}`) ?? Buffer.alloc(0);
  return { entry, bytes, key: (JSON.parse(bytes.toString()) as { key: string }).key };
}

describe('G36: an entry whose bytes are gone', () => {
  test('since its write came late, when the snapshot had been deleted: it is said to be damaged, holds up nothing, and can be deleted', async () => {
    const { server, catalog, first, second } = await chain();
    const { entry, bytes } = entryOf(server, second.id);
    await catalog.delete(second.id);
    await by(server, { method: 'PUT', key: entry, bytes });
    const { snapshots, ignored } = await catalog.survey();
    expect(snapshots.map(({ id }) => id)).toEqual([first.id]);
    expect(ignored).toEqual([
      { path: second.path, code: 'snapshot-damaged', gone: true, why: expect.stringContaining(`runback snapshot delete ${second.id}`) as string },
    ]);
    await expect(catalog.verify(second.id)).rejects.toMatchObject({ code: 'snapshot-damaged', message: expect.stringContaining('gone') as string });
    expect((await catalog.requireDeletable(first.id)).id).toBe(first.id);
    expect(await catalog.remains(second.id)).toBe('entry');
    await catalog.deleteRemains(second.id);
    expect((await catalog.survey()).ignored).toEqual([]);
    await expect(catalog.deleteRemains(second.id)).rejects.toMatchObject({ code: 'not-found' });
    await catalog.delete(first.id);
    expect([...server.objects().keys()]).toEqual([]);
  });

  test('since somebody removed them: neither it nor what builds on it counts as verified, and it goes after that', async () => {
    const { server, catalog, first, second } = await chain();
    for (const { id } of [first, second]) await catalog.verify(id);
    expect((await catalog.resolve('latest-verified')).id).toBe(second.id);
    await by(server, { method: 'DELETE', key: entryOf(server, first.id).key });
    await expect(catalog.verify(first.id)).rejects.toMatchObject({ code: 'snapshot-damaged' });
    expect(await catalog.resolve(second.id)).toMatchObject({ damaged: 1 });
    await expect(catalog.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found' });
    await expect(catalog.deleteRemains(first.id)).rejects.toMatchObject({ code: 'snapshot-needed' });
    await catalog.delete(second.id);
    await catalog.deleteRemains(first.id);
    expect([...server.objects().keys()]).toEqual([]);
  });

  test('never a snapshot that is there, or what is no id', async () => {
    const { catalog, first } = await chain();
    for (const id of [first.id, 'latest', '../index', 'snap-none']) expect(await catalog.remains(id)).toBeUndefined();
    await expect(catalog.deleteRemains(first.id)).rejects.toMatchObject({ code: 'not-found' });
    expect(await catalog.list()).toHaveLength(2);
  });
});

describe('G36: two machines with one bucket', () => {
  /** Another machine with a state of its own, whose clock is so many minutes off, and which begins to build on the snapshot of the first. */
  async function other({ server, dir }: { server: S3Server; dir: string }, minutes: number) {
    const { store } = await temporaryStore();
    const now = (): Date => new Date(Date.now() + minutes * 60_000);
    return {
      dir: join(dir, '..', 'other'),
      store,
      clock: { ...clock, now },
      storage: storageOf(server, { dir: join(dir, '..', 'other') }),
      partSizes: SMALL_PARTS,
    };
  }
  async function scene(minutes: number) {
    const made = await bucket();
    const { store } = await temporaryStore();
    const ours = { dir: made.dir, store, clock, storage: made.open(), partSizes: SMALL_PARTS };
    const theirs = await other(made, minutes);
    const before = made.server.moment();
    const first = await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: records } })], by: 'maya' }, theirs);
    return { ...made, ours, theirs, before, first };
  }
  const next = memoryPlatform('crm', { objects: { contacts: records.slice(1) } });

  test('whose clocks differ, and lists are old: what builds on a snapshot comes after it, and is found when that is to be deleted', async () => {
    const { server, ours, theirs, before, first } = await scene(10);
    const base = await openCatalog(ours).open(first.id);
    const back = server.fault({ when: ({ operation }) => operation === 'ListObjectsV2', times: Infinity, do: { kind: 'old-answer', of: before } });
    const second = await createSnapshot({ platforms: [next], by: 'lee', base }, ours);
    back();
    await base.close();
    expect(second.id > first.id).toBe(true);
    await expect(openCatalog(theirs).delete(first.id)).rejects.toMatchObject({ code: 'snapshot-needed' });
  });

  test('one of which deletes what the other builds on in that moment: no snapshot is left that cannot be read', async () => {
    const { server, ours, theirs, first } = await scene(0);
    const base = await openCatalog(ours).open(first.id);
    const whileReading: typeof next = {
      ...next,
      connector: {
        ...next.connector,
        describe: async (...given) => {
          await openCatalog(theirs).delete(first.id);
          return await next.connector.describe(...given);
        },
      },
    };
    await expect(createSnapshot({ platforms: [whileReading], by: 'lee', base }, ours)).rejects.toMatchObject({ code: 'not-found' });
    await base.close();
    expect([await openCatalog(ours).survey(), [...server.objects().keys()]]).toMatchObject([{ snapshots: [], ignored: [] }, []]);
  });

  test('the deletion comes while it is sent', async () => {
    const { server, ours, theirs, first } = await scene(0);
    const base = await openCatalog(ours).open(first.id);
    let deleted: Promise<unknown> | undefined;
    server.fault({
      when: ({ method, key }) => method === 'PUT' && key.includes('/index/'),
      times: 1,
      do: {
        kind: 'late',
        get until() {
          return (deleted = openCatalog(theirs).delete(first.id));
        },
      },
    });
    await expect(createSnapshot({ platforms: [next], by: 'lee', base }, ours)).rejects.toMatchObject({
      code: 'not-found',
      message: `There is no snapshot ${first.id} to build on`,
    });
    await deleted;
    await base.close();
    expect([await openCatalog(ours).survey(), [...server.objects().keys()]]).toMatchObject([{ snapshots: [], ignored: [] }, []]);
  });
});

/** From the nth reading request on, the storage does not answer; answers how to bring it back. */
function awayFrom(server: S3Server, n: number): () => void {
  let seen = 0;
  return server.fault({
    when: ({ method }: S3Request) => method === 'GET' && (seen += 1) >= n,
    times: Infinity,
    do: { kind: 'answer', status: 503, code: 'SlowDown' },
  });
}

describe('G36: a storage that goes away while a snapshot is verified', () => {
  test.each(['plain', 'encrypted'])('makes it neither verified nor damaged, wherever it goes (%s)', async (kind) => {
    const identity = await generateIdentity();
    const encrypted = { encryption: encryptionFor([await identityToRecipient(identity)]), keys: decryptionWith(() => Promise.resolve(identity)) };
    const { server, catalog, second } = await chain(kind === 'plain' ? {} : encrypted);
    let n = 1;
    for (; ; n += 1) {
      const back = awayFrom(server, n);
      const error = await catalog.verify(second.id).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      back();
      if (error === undefined) break;
      expect(error).toMatchObject({ code: 'storage-unreachable' });
      expect((await catalog.resolve(second.id)).verifiedAt).toBeUndefined();
      expect((await catalog.resolve(second.id)).damaged).toBeUndefined();
    }
    expect(n).toBeGreaterThan(5);
    expect((await catalog.resolve('latest-verified')).id).toBe(second.id);
  });

  test('in the middle of a large one too', async () => {
    const { server, dir, open } = await bucket();
    const { store } = await temporaryStore();
    const deps = { dir, store, clock, storage: open() };
    const large = people(40).map((one) => ({ ...one, fields: { ...one.fields, note: randomBytes(20_000).toString('base64') } }));
    const { id } = await createSnapshot({ platforms: [memoryPlatform('crm', { objects: { contacts: large } })], by: 'maya' }, deps);
    const catalog = openCatalog(deps);
    for (let n = 1; n < 8; n += 1) {
      const back = awayFrom(server, n);
      const error = await catalog.verify(id).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      back();
      const found = await catalog.resolve(id);
      expect([error === undefined, found.damaged]).toEqual([found.verifiedAt !== undefined, undefined]);
    }
  });

  test('gives no older one to whoever asks for the newest', async () => {
    const { server, catalog, second } = await chain();
    const { key } = entryOf(server, second.id);
    const back = server.fault({
      when: (request) => request.key.endsWith(key),
      times: Infinity,
      do: { kind: 'answer', status: 503, code: 'SlowDown' },
    });
    await expect(catalog.resolve('latest')).rejects.toMatchObject({ code: 'storage-unreachable' });
    back();
    expect((await catalog.resolve('latest')).id).toBe(second.id);
  });
});
