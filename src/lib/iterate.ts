/** A list in pieces of at most `size`, in its order. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

/**
 * Results of `work` for each item, in the order of the items, with at most `atOnce` under way. The first failure ends
 * it. It does not end before what it began has ended, also where its reader stops: nothing runs on unseen.
 */
export async function* inOrder<T, R>(items: Iterable<T> | AsyncIterable<T>, atOnce: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const started = work(item);
      // A failure is told when its turn comes; until then it must not count as unhandled.
      started.catch(() => undefined);
      running.push(started);
      if (running.length >= atOnce) yield await (running.shift() as Promise<R>);
    }
    while (running.length > 0) yield await (running.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(running);
  }
}

/**
 * The same items. The next one is made while the reader is busy with one: in the time in which it waits for something
 * else.
 */
export async function* oneAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const source = items[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const asked = source.next();
    // A failure is told when its turn comes; until then it must not count as unhandled.
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask();
  try {
    for (let item = await next; item.done !== true; item = await next) {
      next = ask();
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return?.();
  }
}
