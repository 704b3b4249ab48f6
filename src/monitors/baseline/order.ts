/** The median of the first `n` numbers of a buffer, which is sorted by it. `n` is at least 1. */
export function medianOf(buffer: Float64Array, n: number): number {
  sortFew(buffer, n);
  const middle = n >> 1;
  const upper = buffer[middle] ?? 0;
  return n % 2 === 1 ? upper : (upper + (buffer[middle - 1] ?? 0)) / 2;
}

/** The number below which a share of the first `n` of a buffer lies. Sorts them. `n` is at least 1. */
export function quantileOf(buffer: Float64Array, n: number, share: number): number {
  buffer.subarray(0, n).sort();
  return buffer[Math.min(n - 1, Math.floor(share * n))] ?? 0;
}

/** By insertion: for eight numbers nothing is quicker. */
function sortFew(buffer: Float64Array, n: number): void {
  if (n > 32) {
    buffer.subarray(0, n).sort();
    return;
  }
  for (let i = 1; i < n; i += 1) {
    const value = buffer[i] ?? 0;
    let j = i - 1;
    while (j >= 0 && (buffer[j] ?? 0) > value) {
      buffer[j + 1] = buffer[j] ?? 0;
      j -= 1;
    }
    buffer[j + 1] = value;
  }
}
