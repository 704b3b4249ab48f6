/**
 * Calls `work` for each item, up to `ahead` at the same time, and gives the results in the order of the items. What is
 * in flight when the consumer stops is waited for, so nothing runs on unseen.
 */
export async function* inOrderAhead<T, R>(items: Iterable<T>, ahead: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  const source = items[Symbol.iterator]();
  const start = (): void => {
    const next = source.next();
    if (next.done) return;
    const result = work(next.value);
    result.catch(() => {});
    running.push(result);
  };
  for (let n = 0; n < ahead; n += 1) start();
  try {
    for (let result = running.shift(); result; result = running.shift()) {
      const value = await result;
      start();
      yield value;
    }
  } finally {
    await Promise.allSettled(running);
  }
}
