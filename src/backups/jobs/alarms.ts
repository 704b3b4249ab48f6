import { type Clock, defined, isRunbackError } from '../../lib/index.js';
import type { Lock, Store } from '../../store/index.js';
import { alarmOf, type JobAlarm, type JobProblem } from './alarm-record.js';
import type { JobView } from './overview.js';

/** How long a job without a target waits for an incident before people are told: they may have forgotten to close it. */
const WAITS_MS = 24 * 3_600_000;

/** What is wrong with a job; undefined where nothing is. Pure. */
export function problemOf(
  { late, last, waits, target, suspect }: Pick<JobView, 'late' | 'last' | 'waits' | 'target' | 'suspect'>,
  now: Date,
): JobProblem | undefined {
  if (last?.end === 'failed') return 'failed';
  if (suspect !== undefined) return 'suspect';
  if (late) return 'late';
  if (last?.base !== undefined) return 'base';
  if (last?.end === 'gaps') return 'gaps';
  // With a target, that one says how long is too long.
  const isHeld = waits !== undefined && !('window' in waits);
  return target === undefined && isHeld && now.getTime() - Date.parse(waits.since) > WAITS_MS ? 'waits' : undefined;
}

/** How long a run that is at work has to make up for a missed target before people are told of that. */
const CATCH_UP_MS = 3_600_000;

/** A run began a short while ago: it may be about to bring what is missed. */
function isAtWork({ running }: JobView, now: Date): boolean {
  return running !== undefined && now.getTime() - Date.parse(running.since) < CATCH_UP_MS;
}

/**
 * Keeps the alarm of a job in step with it. What is wrong is told once for as long as it lasts, whatever it is by then:
 * `tell` opens an incident, or gives the one that is open for it already, and answers its id; undefined where there is
 * nobody to tell. Gives the alarm that stands.
 */
export async function raiseJobAlarm(
  { store, clock, by }: { readonly store: Store; readonly clock: Clock; readonly by: string },
  view: JobView,
  tell: (problem: JobProblem) => Promise<string | undefined>,
): Promise<JobAlarm | undefined> {
  const document = alarmOf(store, view.job);
  const problem = problemOf(view, clock.now());
  if (problem === undefined) {
    if ((await document.read()) !== undefined) await document.delete();
    return undefined;
  }
  const known = await document.read();
  // Damage of the data is another matter than one of the backups: it is told although that was.
  const isTold = (alarm: JobAlarm | undefined): alarm is JobAlarm =>
    alarm?.incident !== undefined && (problem !== 'suspect' || alarm.problem === 'suspect');
  if (isTold(known) || (problem === 'late' && isAtWork(view, clock.now()))) return known;
  // Two processes that notice at the same time tell once.
  const purpose = `telling of the backup job ${view.job}`;
  let lock: Lock;
  try {
    lock = await store.lock(`backup-alarm-${view.job}`, { by, holder: `alarm-${process.pid}`, purpose }, { breakDead: true, lapse: true });
  } catch (error) {
    if (isRunbackError(error, 'locked')) return known;
    throw error;
  }
  try {
    const before = await document.update((current) => current ?? { version: 1, problem, since: clock.now().toISOString() });
    if (isTold(before)) return before;
    const incident = await tell(problem);
    return await document.update((current) => ({ ...(current ?? before), problem, ...defined({ incident }) }));
  } finally {
    await lock.release();
  }
}
