import { stampIn } from '../lib/index.js';

/** What tells when a snapshot was taken. */
interface Taken {
  readonly id: string;
  /** ISO 8601, UTC: what the clock of the machine said. */
  readonly startedAt: string;
}

/**
 * Which of two snapshots was taken first: negative where `a` was, positive where `b` was. Their ids tell, which are
 * given in the order in which snapshots are taken, whatever the clock says; times decide only between ids of one
 * second, which earlier versions could give.
 */
export function byAge(a: Taken, b: Taken): number {
  const [first, second] = [stampIn(a.id), stampIn(b.id)];
  if (first !== undefined && second !== undefined && first !== second) return first < second ? -1 : 1;
  const apart = Date.parse(a.startedAt) - Date.parse(b.startedAt);
  if (apart !== 0) return apart;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
