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

/** Items one after the other, of which the next can be begun before it is asked for: in a time in which there is nothing else to do. */
export class Ahead<T> {
  readonly #source: AsyncIterator<T>;
  #begun: Promise<IteratorResult<T>> | undefined;

  constructor(items: AsyncIterable<T>) {
    this.#source = items[Symbol.asyncIterator]();
  }

  /** Begins to make the next item, once. */
  begin(): void {
    if (this.#begun !== undefined) return;
    this.#begun = this.#source.next();
    // A failure is told when its turn comes; until then it must not count as unhandled.
    this.#begun.catch(() => undefined);
  }

  /** The next item, begun by now or before. */
  async next(): Promise<IteratorResult<T>> {
    this.begin();
    const next = this.#begun as Promise<IteratorResult<T>>;
    this.#begun = undefined;
    return await next;
  }

  /** Ends it, whether all items came or not. */
  async close(): Promise<void> {
    await this.#begun?.catch(() => undefined);
    await this.#source.return?.();
  }
}
