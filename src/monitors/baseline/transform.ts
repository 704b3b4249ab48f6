/**
 * Counts made comparable, whatever their size: a count with the mean m varies by m + c·m², and what this gives varies by 1. `c` is what
 * a series varies more than chance alone does; with none of it this is the square root of Anscombe.
 */
export function stabilised(count: number, c: number): number {
  const shifted = Math.max(0, count) + 3 / 8;
  return c < 1e-9 ? 2 * Math.sqrt(shifted) : (2 / Math.sqrt(c)) * Math.asinh(Math.sqrt(c * shifted));
}

/** How much more the distance to a median of so many varies than the distance to the true mean: the variance of a median is π/2 of that of a mean. */
export function medianNoise(of: number): number {
  return 1 + Math.PI / 2 / of;
}
