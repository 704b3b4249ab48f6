/** Makes a binary heap of them, in which those that come first lie above. */
export function heapify<T>(heads: T[], comesFirst: (a: T, b: T) => boolean): void {
  for (let n = heads.length >> 1; n >= 0; n -= 1) sink(heads, n, comesFirst);
}

/** Lets the head at `n` sink below those that come before it: `heads` is a binary heap but for it. */
export function sink<T>(heads: T[], n: number, comesFirst: (a: T, b: T) => boolean): void {
  const head = heads[n];
  if (head === undefined) return;
  for (let at = n; ;) {
    const [left, right] = [heads[2 * at + 1], heads[2 * at + 2]];
    const child = right !== undefined && left !== undefined && comesFirst(right, left) ? 2 * at + 2 : 2 * at + 1;
    const first = heads[child];
    if (first === undefined || !comesFirst(first, head)) {
      heads[at] = head;
      return;
    }
    heads[at] = first;
    at = child;
  }
}

/** Takes the first one off. */
export function dropFirst<T>(heads: T[], comesFirst: (a: T, b: T) => boolean): void {
  const last = heads.pop();
  if (last === undefined || heads.length === 0) return;
  heads[0] = last;
  sink(heads, 0, comesFirst);
}
