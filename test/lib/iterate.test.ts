import { describe, expect, test } from 'vitest';

import { inOrder, oneAhead } from '../../src/lib/index.js';

/** Work that ends when told, and tells what has begun and what has ended. */
function works() {
  const begun: number[] = [];
  const ended: number[] = [];
  const ends = new Map<number, { ok: () => void; fail: (why: Error) => void }>();
  const work = (n: number): Promise<number> => {
    begun.push(n);
    return new Promise<number>((resolve, reject) => {
      ends.set(n, { ok: () => resolve(n), fail: reject });
    }).finally(() => ended.push(n));
  };
  return { begun, ended, work, end: (n: number) => ends.get(n)?.ok(), fail: (n: number, why: Error) => ends.get(n)?.fail(why) };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('inOrder', () => {
  test('gives results in the order of the items, whichever is ready first, with so many at once and no more', async () => {
    const { begun, work, end } = works();
    const got: number[] = [];
    const reading = (async () => {
      for await (const n of inOrder([1, 2, 3, 4], 2, work)) got.push(n);
    })();
    await soon();
    expect(begun).toEqual([1, 2]);
    end(2);
    await soon();
    expect([begun, got]).toEqual([[1, 2], []]);
    end(1);
    await soon();
    expect([begun, got]).toEqual([
      [1, 2, 3, 4],
      [1, 2],
    ]);
    end(3);
    await soon();
    end(4);
    await reading;
    expect(got).toEqual([1, 2, 3, 4]);
  });

  test('a reader that stops waits for what was begun, and its source is closed', async () => {
    const { begun, ended, work, end } = works();
    let closed = false;
    async function* source(): AsyncGenerator<number> {
      try {
        yield* [1, 2, 3];
      } finally {
        closed = true;
      }
    }
    let stopped = false;
    const reading = (async () => {
      for await (const n of inOrder(source(), 2, work)) if (n === 1) break;
      stopped = true;
    })();
    await soon();
    end(1);
    await soon();
    expect([begun, stopped]).toEqual([[1, 2], false]);
    end(2);
    await reading;
    expect([ended, closed]).toEqual([[1, 2], true]);
  });

  test('the first failure ends it, after what was begun beside it has ended', async () => {
    const { ended, work, end, fail } = works();
    const got: number[] = [];
    const reading = (async () => {
      for await (const n of inOrder([1, 2, 3], 3, work)) got.push(n);
    })();
    let why: unknown;
    const failed = reading.catch((error: unknown) => (why = error));
    await soon();
    fail(2, new Error('refused'));
    end(1);
    await soon();
    end(3);
    await failed;
    expect(why).toEqual(new Error('refused'));
    expect([got, ended.sort()]).toEqual([[1], [1, 2, 3]]);
  });
});

describe('oneAhead', () => {
  /** Numbers up to `last`; notes which were made, and whether it was closed. */
  function numbers(last: number, failsAt?: number) {
    const seen = { made: [] as number[], closed: false };
    async function* source(): AsyncGenerator<number> {
      try {
        for (let n = 1; n <= last; n += 1) {
          if (n === failsAt) throw new Error('unreadable');
          seen.made.push(n);
          yield n;
        }
      } finally {
        seen.closed = true;
      }
    }
    return { seen, source };
  }

  test('gives the items in their order, and makes one while its reader is busy, no more', async () => {
    const { seen, source } = numbers(4);
    const got: number[] = [];
    for await (const n of oneAhead(source())) {
      got.push(n);
      await soon();
      expect(seen.made).toEqual([1, 2, 3, 4].slice(0, n + 1));
    }
    expect([got, seen.closed]).toEqual([[1, 2, 3, 4], true]);
  });

  test('a failure is told when its turn comes, after all before it', async () => {
    const { source } = numbers(3, 3);
    const got: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const n of oneAhead(source())) {
        await soon();
        got.push(n);
      }
    };
    await expect(reading()).rejects.toThrow('unreadable');
    expect(got).toEqual([1, 2]);
  });

  test('a reader that stops closes the source, also where the next item fails', async () => {
    for (const failsAt of [undefined, 2]) {
      const { seen, source } = numbers(3, failsAt);
      for await (const n of oneAhead(source())) if (n === 1) break;
      expect(seen.closed).toBe(true);
    }
  });
});
