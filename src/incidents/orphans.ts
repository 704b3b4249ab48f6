import type { Clock } from '../lib/index.js';
import type { Store } from '../store/index.js';
import { isOpen } from './state/due.js';
import type { Incident } from './types.js';

/** No drill takes longer: one that looks so has ended on a machine that cannot be seen from here. */
const LONGEST_MS = 24 * 3_600_000;
/** How often an open drill is looked at, so that nobody is paged for one whose process is gone. */
export const DRILL_LOOK_MS = 10_000;

/** Name of the lock that the process of a drill holds from before its incident is opened until it is resolved. */
export const drillLock = (drill: string): string => `drill-${drill}`;

/**
 * True for an open incident of a drill whose process is gone, also by kill -9: nobody is there any more for whom people
 * could answer.
 */
export async function isOrphan(incident: Incident, { store, clock }: { readonly store: Store; readonly clock: Clock }): Promise<boolean> {
  const { drill, openedAt } = incident;
  if (drill === undefined || !isOpen(incident)) return false;
  if (clock.now().getTime() - Date.parse(openedAt) > LONGEST_MS) return true;
  return (await store.lockHolder(drillLock(drill)))?.alive !== true;
}
