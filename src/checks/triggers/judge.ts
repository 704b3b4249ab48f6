import type { Expected, FiringVerdict } from './facts.js';

/** What was seen of one step: how often it fired, in its time and in all. */
export interface SeenFirings {
  readonly inTime: number;
  readonly inAll: number;
}

/** What became of one step of a row. `countable`: every firing is seen by itself. Pure. */
export function firingVerdict({ least, most }: Expected, { inTime, inAll }: SeenFirings, countable: boolean): FiringVerdict {
  const [low, high] = countable ? [least, most] : [Math.min(1, least), Math.min(1, most)];
  if (inAll < low) return 'missed';
  if (inAll > high) return high === 0 ? 'false' : 'repeated';
  return inTime < low ? 'late' : 'right';
}

/** `2`, `0 or 1` */
export const expectedWords = ({ least, most }: Expected): string =>
  least === most ? String(least) : most - least === 1 ? `${least} or ${most}` : `${least} to ${most}`;
