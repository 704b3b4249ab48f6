/** Never more than `count` in any stretch of `perMs` milliseconds. */
export interface Limit {
  readonly count: number;
  readonly perMs: number;
}

/** Submissions that go out together: the numbers from `from` up to before `to`, `atMs` after the start. */
export interface Burst {
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
}

/**
 * When each of `count` submissions goes out: evenly over `overMs` milliseconds, later where the limit says so. Those of one moment are
 * one burst.
 */
export function scheduleOf(count: number, overMs: number, limit: Limit | undefined): readonly Burst[] {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const wanted = count === 1 ? 0 : (n * overMs) / (count - 1);
    const allowed = limit === undefined ? 0 : (times[n - limit.count] ?? Number.NEGATIVE_INFINITY) + limit.perMs;
    times.push(Math.max(wanted, allowed, times[n - 1] ?? 0));
  }
  const bursts: Burst[] = [];
  for (let from = 0; from < count;) {
    const atMs = times[from] ?? 0;
    let to = from + 1;
    while (to < count && times[to] === atMs) to += 1;
    bursts.push({ from, to, atMs });
    from = to;
  }
  return bursts;
}
