/** Requests under way at once where many of one kind are needed. */
const AHEAD = 4;

/**
 * Results of `work` for each item, in the order of the items, with a few under way at once. The first failure ends it. It does not end before
 * what it began has ended, also where its reader stops: nobody's requests are left behind.
 */
export async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  let next = 0;
  try {
    for (;;) {
      for (let item = items[next]; next < items.length && running.length < AHEAD; item = items[next]) {
        const result = work(item as T);
        // Looked at when its turn comes; until then its failure must not end the process.
        result.catch(() => undefined);
        running.push(result);
        next += 1;
      }
      const [first] = running;
      if (!first) return;
      yield await first;
      void running.shift();
    }
  } finally {
    await Promise.allSettled(running);
  }
}
