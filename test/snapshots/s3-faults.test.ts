import { describe, expect, test } from 'vitest';

import { snapshotStorageContract } from '../contracts/snapshot-storage.js';
import { bucket, CONTENT, contentOf, namesIn, objectsIn, put, underTest } from './s3-support.js';

for (const pageSize of [1, 1000])
  snapshotStorageContract(`bucket of radosgw, ${pageSize} an answer`, async () => await underTest({ like: 'radosgw', pageSize }));

describe('G36: a bucket', () => {
  const after = {
    'refuses for now': { kind: 'answer', status: 503, code: 'SlowDown' },
    'fails inside': { kind: 'answer', status: 500, code: 'InternalError' },
    'is gone before a request': { kind: 'cut-before' },
    'is gone after a request': { kind: 'lose-answer' },
  } as const;
  test.each(Object.entries(after))('that %s, once at any request: nothing is lost, nothing there twice', async (_, fault) => {
    const count = async (at: number): Promise<number> => {
      const { server, open } = await bucket();
      let n = 0;
      server.fault({ when: () => (n += 1) === at, times: 1, do: fault });
      await put(open(), 'snap-a.zip');
      await put(open(), 'snap-b.zip', Buffer.from('small'));
      expect(await namesIn(open())).toEqual(['snap-a.zip', 'snap-b.zip']);
      expect((await contentOf(open(), 'snap-a.zip')).equals(CONTENT)).toBe(true);
      await open().delete('snap-b.zip');
      expect(await namesIn(open())).toEqual(['snap-a.zip']);
      expect(objectsIn(server)).toHaveLength(1);
      expect(server.uploads()).toEqual([]);
      return n;
    };
    const all = await count(0);
    for (let at = 1; at <= all; at += 1) await count(at);
  });

  test('that goes away at any request and stays away: the whole file waits here, and is stored later without sending twice', async () => {
    let finished = 0;
    for (let at = 1; at < 60; at += 1) {
      const { server, dir, open } = await bucket();
      let n = 0;
      let away = true;
      server.fault({ when: () => (n += 1) >= at && away, times: Infinity, do: { kind: 'cut-before' } });
      const failed = await put(open(), 'snap-a.zip').then(
        () => undefined,
        (error: unknown) => error,
      );
      away = false;
      if (failed === undefined) {
        expect(n).toBeLessThan(at);
        expect(finished).toBeGreaterThan(8);
        return;
      }
      expect(failed).toMatchObject({ code: 'storage-unreachable' });
      const later = open();
      if (await later.canFinish?.('snap-a.zip')) {
        expect(failed).toMatchObject({ state: expect.stringContaining(dir) as string });
        expect(await later.unfinished()).toEqual(['snap-a.zip']);
        const sent = new Set(server.uploads().flatMap(({ parts }) => parts));
        const from = server.requests.length;
        expect(await later.finish?.('snap-a.zip')).toBe(true);
        const again = server.requests.slice(from).flatMap(({ query }) => query.get('partNumber') ?? []);
        expect(again.filter((part) => sent.has(Number(part)))).toEqual([]);
        finished += 1;
      } else if ((await namesIn(later)).length === 0) {
        // It went away before anything was read.
        expect(await later.unfinished()).toEqual([]);
        continue;
      }
      expect((await contentOf(later, 'snap-a.zip')).equals(CONTENT)).toBe(true);
      expect([await namesIn(later), await later.unfinished(), server.uploads()]).toEqual([['snap-a.zip'], [], []]);
      expect(objectsIn(server)).toHaveLength(1);
    }
    throw new Error('it was never put without a failure');
  });
});
