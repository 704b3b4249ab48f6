interface Hidden<T> {
  readonly until: number;
  /** What stood there before the write; undefined where nothing did. */
  readonly before: T | undefined;
}

/** Writes that reads do not show yet, by key. Without a lag it keeps nothing. */
export class Lagging<T> {
  readonly #hidden = new Map<string, Hidden<T>[]>();

  constructor(readonly lagMs: number) {}

  /** A write that is not to be seen until the lag has passed. */
  note(key: string, before: T | undefined, now: number): void {
    if (this.lagMs === 0) return;
    const all = this.#hidden.get(key) ?? [];
    all.push({ until: now + this.lagMs, before });
    this.#hidden.set(key, all);
  }

  /** What a read at `now` shows of what stands under a key. */
  seen(key: string, live: T, now: number): T | undefined {
    const all = this.#hidden.get(key);
    if (all === undefined) return live;
    const open = all.filter(({ until }) => until > now);
    if (open.length === 0) this.#hidden.delete(key);
    const [first] = open;
    return first === undefined ? live : first.before;
  }
}
