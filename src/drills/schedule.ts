import { parseDuration } from '../lib/index.js';
import type { Store } from '../store/index.js';
import { readResults } from './history.js';
import type { DrillResult } from './result.js';

/** When drills run by themselves. Times are ISO 8601, UTC. */
export interface DrillSchedule {
  readonly version: 1;
  /** A duration such as `30d`. */
  readonly every: string;
  /** Ids of drills; empty: all of them. */
  readonly drills: readonly string[];
  readonly next: string;
  readonly by: string;
}

const KIND = 'drill-schedules';
const ID = 'workspace';

/** The schedule of a workspace, if there is one. */
export async function readSchedule(store: Store): Promise<DrillSchedule | undefined> {
  return await store.document<DrillSchedule>(KIND, ID).read();
}

/** Sets the schedule; the first time is one interval from now. */
export async function setSchedule(store: Store, schedule: Pick<DrillSchedule, 'every' | 'drills' | 'by'>, now: Date): Promise<DrillSchedule> {
  const next = new Date(now.getTime() + parseDuration(schedule.every)).toISOString();
  return await store.document<DrillSchedule>(KIND, ID).update(() => ({ version: 1, ...schedule, next }));
}

/** The scheduled drills were run: the next time is one interval from now, so that what was missed is run once. */
export async function scheduleRan(store: Store, now: Date): Promise<void> {
  const schedule = await readSchedule(store);
  if (schedule !== undefined) await setSchedule(store, schedule, now);
}

export async function endSchedule(store: Store): Promise<void> {
  await store.document(KIND, ID).delete();
}

/** That a drill fails which used to pass, as people were told. */
interface Alarm {
  readonly version: 1;
  readonly drill: string;
  /** Start of the first run that failed. */
  readonly since: string;
  /** The incident it was told in; absent where that was under way when the process ended. */
  readonly incident?: string;
}

/** How a drill ended: with a result, or because it could not be staged, which has no id. */
export type DrillEnd = Pick<DrillResult, 'drill' | 'passed' | 'startedAt'> & { readonly id?: string };

const ALARMS = 'drill-alarms';

/**
 * Tells of each drill that began to fail after it had passed, once for as long as it fails: `tell` opens an incident, or
 * gives the one that is open for it already, and answers its id. To be called once the results are kept.
 */
export async function raiseAlarms<T extends DrillEnd>(
  store: Store,
  ends: readonly T[],
  tell: (end: T) => Promise<string>,
): Promise<readonly string[]> {
  const told: string[] = [];
  const earlier = await readResults(store);
  for (const result of ends) {
    const alarm = store.document<Alarm>(ALARMS, result.drill);
    if (result.passed) {
      await alarm.delete();
      continue;
    }
    const usedToPass = earlier.some(({ drill, passed, id }) => drill === result.drill && id !== result.id && passed);
    if (!usedToPass || (await alarm.read())?.incident !== undefined) continue;
    await alarm.update((current) => current ?? { version: 1, drill: result.drill, since: result.startedAt });
    const incident = await tell(result);
    await alarm.update((current) => ({ version: 1, drill: result.drill, since: current?.since ?? result.startedAt, incident }));
    told.push(incident);
  }
  return told;
}
