import { describe, expect, test } from 'vitest';

import { Ahead, inOrder } from '../../src/lib/index.js';

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

describe('Ahead', () => {
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

  test('makes the next item when it is told to, once, and gives it when its turn comes', async () => {
    const { seen, source } = numbers(3);
    const ahead = new Ahead(source());
    await soon();
    expect(seen.made).toEqual([]);
    expect(await ahead.next()).toEqual({ done: false, value: 1 });
    await soon();
    expect(seen.made).toEqual([1]);
    ahead.begin();
    ahead.begin();
    await soon();
    expect(seen.made).toEqual([1, 2]);
    expect([await ahead.next(), await ahead.next(), await ahead.next()]).toEqual([
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: undefined },
    ]);
    expect(seen.closed).toBe(true);
  });

  test('a failure is told when its turn comes, after all before it', async () => {
    const { source } = numbers(3, 2);
    const ahead = new Ahead(source());
    expect(await ahead.next()).toEqual({ done: false, value: 1 });
    ahead.begin();
    await soon();
    await expect(ahead.next()).rejects.toThrow('unreadable');
  });

  test('closing it closes the source, also where the next item was begun, or fails', async () => {
    for (const failsAt of [undefined, 2]) {
      const { seen, source } = numbers(3, failsAt);
      const ahead = new Ahead(source());
      await ahead.next();
      ahead.begin();
      await ahead.close();
      expect(seen.closed).toBe(true);
    }
  });
});
