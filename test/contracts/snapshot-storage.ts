import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ByteSink, SnapshotStorage, StoredFile } from '../../src/snapshots/storage/storage.js';

/** A place for snapshots under test, seen from outside the driver. */
export interface StorageUnderTest {
  /** The storage as a process finds it that starts now. */
  open(): SnapshotStorage;
  /**
   * Starts a process that begins to put `name`, has written `bytes` of it and put a file into its scratch space, and is
   * then ended as kill -9 does, while it writes or while it checks. Resolves when it is gone.
   */
  killedPut(name: string, bytes: number, when: 'writing' | 'checking'): Promise<void>;
}

const A = 'snap-a.zip';
const B = 'snap-b.zip';

/** Bytes of which every one says where it is. */
function patterned(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, n) => (n * 31 + (n >> 8)) & 0xff));
}

function writing(content: Uint8Array, step = 64 * 1024): (sink: ByteSink) => Promise<void> {
  return async (sink) => {
    for (let at = 0; at < content.length; at += step) await sink(content.subarray(at, at + step));
  };
}

const unchecked = (): Promise<void> => Promise.resolve();

async function contentOf(storage: SnapshotStorage, name: string): Promise<Buffer> {
  const file = await storage.open(name);
  try {
    return await file.read(0, file.bytes);
  } finally {
    await file.close();
  }
}

const namesIn = async (storage: SnapshotStorage): Promise<string[]> => (await storage.list()).map(({ name }) => name).sort();

/**
 * The promises of `src/snapshots/storage/storage.ts`: every driver passes these. A user would lose: a backup that was
 * said to be there.
 */
export function snapshotStorageContract(name: string, start: () => Promise<StorageUnderTest>): void {
  const begin = async (): Promise<{ storage: SnapshotStorage; place: StorageUnderTest }> => {
    const place = await start();
    return { place, storage: place.open() };
  };
  /** Nothing of a name is there, for this process or the next one. */
  const absent = async (place: StorageUnderTest, of: string): Promise<void> => {
    for (const storage of [place.open(), place.open()]) {
      expect(await namesIn(storage)).not.toContain(of);
      await expect(storage.open(of)).rejects.toMatchObject({ code: 'not-found' });
    }
  };

  describe(`snapshot storage contract: ${name}`, () => {
    it('that is new holds nothing, and says where it is', async () => {
      const { storage, place } = await begin();
      expect(storage.location).toMatch(/\S/);
      expect(storage.pathOf(A)).toContain(A);
      expect([await storage.list(), await storage.unfinished(), await storage.exposures()]).toEqual([[], [], []]);
      await storage.discard(A);
      await absent(place, A);
    });

    it('gives back what was put, in whatever pieces it came, and says how large it is', async () => {
      const { storage, place } = await begin();
      const content = patterned(300_001);
      const sizes: number[] = [];
      await storage.put(A, writing(content, 997), (file) => Promise.resolve(void sizes.push(file.bytes)));
      await storage.put(B, writing(Buffer.alloc(0)), unchecked);
      expect(sizes).toEqual([content.length]);
      const later = place.open();
      expect([...(await later.list())].sort((a, b) => a.name.localeCompare(b.name))).toEqual([
        { name: A, bytes: content.length },
        { name: B, bytes: 0 },
      ]);
      expect((await contentOf(later, A)).equals(content)).toBe(true);
      expect(await contentOf(later, B)).toHaveLength(0);
      expect([await later.unfinished(), await later.exposures()]).toEqual([[], []]);
    });

    it('takes bytes that are used again for something else once the sink has resolved', async () => {
      const { storage } = await begin();
      const buffer = Buffer.alloc(1000);
      const write = async (sink: ByteSink): Promise<void> => {
        for (let n = 0; n < 50; n += 1) await sink(buffer.fill(n));
      };
      await storage.put(A, write, unchecked);
      expect((await contentOf(storage, A)).equals(Buffer.concat(Array.from({ length: 50 }, (_, n) => Buffer.alloc(1000, n))))).toBe(true);
    });

    it('reads any range, several at once, and less only at the end', async () => {
      const { storage } = await begin();
      const content = patterned(100_000);
      await storage.put(A, writing(content), unchecked);
      const file = await storage.open(A);
      expect(file.bytes).toBe(content.length);
      const ranges = [
        [0, 1],
        [0, 0],
        [99_999, 1],
        [50_000, 50_000],
        [99_990, 100],
        [100_000, 10],
        [200_000, 10],
        [1, 65_536],
        [0, 1_000_000],
      ] as const;
      const found = await Promise.all(ranges.map(([offset, length]) => file.read(offset, length)));
      expect(found.map((bytes, n) => bytes.equals(content.subarray(ranges[n]?.[0], (ranges[n]?.[0] ?? 0) + (ranges[n]?.[1] ?? 0))))).toEqual(
        ranges.map(() => true),
      );
      await file.close();
    });

    it('shows a file only after it was written and checked, and to the check before', async () => {
      const { storage, place } = await begin();
      const content = patterned(200_000);
      const seen: string[][] = [];
      const look = async (): Promise<void> => {
        seen.push(await namesIn(place.open()));
        await absent(place, A);
        expect(await place.open().unfinished()).toEqual([A]);
      };
      await storage.put(
        A,
        async (sink) => {
          await sink(content.subarray(0, 100_000));
          await look();
          await sink(content.subarray(100_000));
          await look();
        },
        async (file: StoredFile) => {
          expect((await file.read(0, file.bytes)).equals(content)).toBe(true);
          await look();
        },
      );
      expect(seen).toEqual([[], [], []]);
      expect(await namesIn(place.open())).toEqual([A]);
      expect(await storage.unfinished()).toEqual([]);
    });

    it.each(['writing', 'checking'] as const)('leaves nothing of a name where %s it fails, and the next attempt works', async (when) => {
      const { storage, place } = await begin();
      const failure = new Error('it failed');
      const write = async (sink: ByteSink): Promise<void> => {
        await sink(patterned(50_000));
        if (when === 'writing') throw failure;
      };
      await expect(storage.put(A, write, () => Promise.reject(failure))).rejects.toThrow('it failed');
      await absent(place, A);
      expect(await storage.unfinished()).toEqual([]);
      await storage.put(A, writing(Buffer.from('whole')), unchecked);
      expect((await contentOf(place.open(), A)).toString()).toBe('whole');
    });

    it.each(['writing', 'checking'] as const)('shows nothing of what kill -9 interrupted while %s; it can be found and discarded', async (when) => {
      const { storage, place } = await begin();
      await storage.put(B, writing(Buffer.from('another')), unchecked);
      await place.killedPut(A, 100_000, when);
      await absent(place, A);
      expect(await namesIn(storage)).toEqual([B]);
      expect(await storage.unfinished()).toEqual([A]);
      await storage.discard(A);
      await storage.discard(A);
      expect(await place.open().unfinished()).toEqual([]);
      await storage.put(A, writing(Buffer.from('whole')), unchecked);
      expect(await namesIn(storage)).toEqual([A, B]);
      expect((await contentOf(storage, B)).toString()).toBe('another');
    });

    it('discards what a put left behind, and never a complete file', async () => {
      const { storage, place } = await begin();
      await storage.put(A, writing(Buffer.from('whole')), unchecked);
      await storage.scratch(A);
      expect(await storage.unfinished()).toEqual([A]);
      await storage.discard(A);
      expect(await storage.unfinished()).toEqual([]);
      expect((await contentOf(place.open(), A)).toString()).toBe('whole');
    });

    it('deletes a file for good; one that is not there is no error', async () => {
      const { storage, place } = await begin();
      for (const of of [A, B]) await storage.put(of, writing(Buffer.from(of)), unchecked);
      await storage.delete(A);
      await storage.delete(A);
      await absent(place, A);
      expect((await contentOf(place.open(), B)).toString()).toBe(B);
      await storage.put(A, writing(Buffer.from('again')), unchecked);
      expect((await contentOf(place.open(), A)).toString()).toBe('again');
    });

    it('of which nothing was ever put, deleting is no error either', async () => {
      const { storage } = await begin();
      await storage.delete(A);
      expect(await storage.list()).toEqual([]);
    });

    it('gives an empty folder of this machine as scratch space, for its owner only, until it is discarded', async () => {
      const { storage, place } = await begin();
      const scratch = await storage.scratch(A);
      expect(await readdir(scratch)).toEqual([]);
      expect((await stat(scratch)).mode & 0o077).toBe(0);
      await writeFile(join(scratch, 'part'), 'x');
      expect(await place.open().unfinished()).toEqual([A]);
      await absent(place, A);
      await storage.discard(A);
      await expect(stat(scratch)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await storage.unfinished()).toEqual([]);
    });

    it('puts several at once, each whole', async () => {
      const { storage, place } = await begin();
      const names = Array.from({ length: 6 }, (_, n) => `snap-${n}.zip`);
      await Promise.all(names.map((of, n) => storage.put(of, writing(Buffer.alloc(20_000, n), 1000), unchecked)));
      expect(await namesIn(place.open())).toEqual(names);
      for (const [n, of] of names.entries()) expect((await contentOf(place.open(), of)).equals(Buffer.alloc(20_000, n))).toBe(true);
    });
  });
}
