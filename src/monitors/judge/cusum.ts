/** How a small change that stays is told from a large one that passes. */
export const CUSUM = {
  /** What each look may be away without counting, in spreads: a change of twice that is found soonest. */
  slack: 1,
  /** No single look counts for more. */
  most: 4,
  /** From here on it is a finding. */
  alarm: 14,
  /** The sum does not grow beyond this, so that it falls soon when all is well again. */
  ceiling: 20,
} as const;

/** The next of the cumulated sums of a series that is `away` spreads above what is usual: Page's scheme, one-sided. */
export function cusum(sum: number, away: number): number {
  return Math.min(CUSUM.ceiling, Math.max(0, sum + Math.min(away, CUSUM.most) - CUSUM.slack));
}
