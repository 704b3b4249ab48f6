import type { Document, Store } from '../../store/index.js';

/**
 * What is wrong with a job. `late`: it has nothing as young as its target asks for. `failed`: its last run failed, or was
 * interrupted too often. `gaps`: its last snapshot does not hold everything. `base`: what it built on is damaged. `waits`:
 * it has waited for more than a day for an incident to end, and has no target that would tell. `suspect`: its last snapshot
 * is far from what is usual.
 */
export type JobProblem = 'late' | 'failed' | 'gaps' | 'base' | 'suspect' | 'waits';

/** That something is wrong with a job, as people were told. Times are ISO 8601, UTC. */
export interface JobAlarm {
  readonly version: 1;
  readonly problem: JobProblem;
  readonly since: string;
  /** The incident it was told in; absent where there is nobody to tell, or the process ended meanwhile. */
  readonly incident?: string;
}

/** The alarm of a job: `document('backup-alarms', name)`. */
export function alarmOf(store: Store, job: string): Document<JobAlarm> {
  return store.document<JobAlarm>('backup-alarms', job);
}

/** The alarm of a job, as long as what it is about lasts. */
export async function readAlarm(store: Store, job: string): Promise<JobAlarm | undefined> {
  return await alarmOf(store, job).read();
}
