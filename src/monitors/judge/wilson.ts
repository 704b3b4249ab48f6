/** Of so many that were tried, so many failed. */
export interface Of {
  readonly failed: number;
  readonly of: number;
}

/**
 * The least share that could have given this, with the certainty of so many spreads of the normal distribution: Wilson's score interval. Of few
 * trials it says little, so that two errors in three calls are no alarm.
 */
export function wilsonLower({ failed, of }: Of, spreads: number): number {
  if (of === 0) return 0;
  const share = failed / of;
  const square = spreads * spreads;
  const middle = share + square / (2 * of);
  const reach = spreads * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of));
  return Math.max(0, (middle - reach) / (1 + square / of));
}
