import { utcText } from '../../lib/index.js';
import type { LastRun } from '../../syncs/index.js';
import type { Measurement } from '../types.js';
import type { Look } from './source.js';
import { unmeasured } from './unmeasured.js';

/** Clocks differ by so much, and no more. */
const MOST_AHEAD_MS = 5 * 60_000;

/** The last run of a sync that ended, absent where none has; or why nothing is known of it. */
export type LastRunLook = { readonly run?: LastRun } | { readonly unknown: readonly Measurement[] };

/**
 * Asks the tool of a sync for its last run. One that is said to end later than now is none: no run after it would be
 * newer, and the sync would seem to stand still, or to be well, until then.
 */
export async function lastRunOf(sync: string, { now, reach }: Pick<Look, 'now' | 'reach'>): Promise<LastRunLook> {
  const run = await reach.lastRun(sync, reach.call);
  if (run === 'untold') return { unknown: unmeasured(`The controller of ${sync} does not tell when it ran last.`, now) };
  if (run === undefined) return {};
  if (Date.parse(run.ended) - now.getTime() <= MOST_AHEAD_MS) return { run };
  const why = `The controller of ${sync} says that the last run ended at ${utcText(run.ended, 'minute')}, which is later than now: its clock, or the zone of its times, is another.`;
  return { unknown: unmeasured(why, now) };
}
