import type { Document, Store } from '../../store/index.js';
import type { Alarm } from '../alarm.js';

/**
 * What is wrong with a job. `late`: it has nothing as young as its target asks for. `failed`: its last run failed, or was
 * interrupted too often. `gaps`: its last snapshot does not hold everything. `base`: what it built on is damaged. `waits`:
 * it has waited for more than a day for an incident to end, and has no target that would tell. `suspect`: its last snapshot
 * is far from what is usual. `copy`: a copy has nothing as young as its target asks for, or has failed for more than a day.
 */
export type JobProblem = 'late' | 'failed' | 'gaps' | 'base' | 'suspect' | 'waits' | 'copy';

/** That something is wrong with a job, as people were told. */
export type JobAlarm = Alarm<JobProblem>;

/** The alarm of a job: `document('backup-alarms', name)`. */
export function alarmOf(store: Store, job: string): Document<JobAlarm> {
  return store.document<JobAlarm>('backup-alarms', job);
}

/** The alarm of a job, as long as what it is about lasts. */
export async function readAlarm(store: Store, job: string): Promise<JobAlarm | undefined> {
  return await alarmOf(store, job).read();
}
