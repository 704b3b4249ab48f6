import { THRESHOLDS } from '../thresholds.js';

/**
 * True where a count is more than chance gives around what is expected: so many times as far above it as counts mostly
 * vary (by their square root). Thousands of runs are looked at, so that what happens once in a thousand happens.
 */
export function isBeyondChance(count: number, expected: number, deviations: number = THRESHOLDS.deviations): boolean {
  return count >= expected + deviations * Math.sqrt(expected + 1);
}
