import { type AlarmDeps, isRecent, keepAlarm } from '../alarm.js';
import { alarmOf, type JobAlarm, type JobProblem, readAlarm } from './alarm-record.js';
import type { JobView } from './overview.js';

/** How long a job without a target waits for an incident before people are told: they may have forgotten to close it. */
const WAITS_MS = 24 * 3_600_000;

/** What is wrong with a job; undefined where nothing is. Pure. */
export function problemOf(
  { late, last, waits, target, suspect, copies }: Pick<JobView, 'late' | 'last' | 'waits' | 'target' | 'suspect' | 'copies'>,
  now: Date,
): JobProblem | undefined {
  if (last?.end === 'failed') return 'failed';
  if (suspect !== undefined) return 'suspect';
  if (late) return 'late';
  if (last?.base !== undefined) return 'base';
  if (last?.end === 'gaps') return 'gaps';
  if (copies.some((copy) => copy.late)) return 'copy';
  // With a target, that one says how long is too long.
  const isHeld = waits !== undefined && !('window' in waits);
  return target === undefined && isHeld && now.getTime() - Date.parse(waits.since) > WAITS_MS ? 'waits' : undefined;
}

/**
 * Keeps the alarm of a job in step with it: see {@link keepAlarm}. `tell` opens an incident, or gives the one that is open
 * for it already, and answers its id; undefined where there is nobody to tell.
 */
export async function raiseJobAlarm(
  deps: AlarmDeps,
  view: JobView,
  tell: (problem: JobProblem) => Promise<string | undefined>,
): Promise<JobAlarm | undefined> {
  const now = deps.clock.now();
  const problem = problemOf(view, now);
  // What is not known ends no alarm.
  if (problem === undefined && view.unlisted !== undefined) return await readAlarm(deps.store, view.job);
  return await keepAlarm(deps, {
    document: alarmOf(deps.store, view.job),
    lock: `backup-alarm-${view.job}`,
    purpose: `telling of the backup job ${view.job}`,
    problem,
    // Damage of the data is another matter than one of the backups: it is told although that was.
    isOther: (known) => problem === 'suspect' && known !== 'suspect',
    isEarly:
      (problem === 'late' && isRecent(view.running, now)) ||
      (problem === 'copy' && view.copies.every(({ late, running }) => !late || isRecent(running, now))),
    tell,
  });
}
