import { type Clock, defined, isRunbackError } from '../lib/index.js';
import type { Document, Lock, Store } from '../store/index.js';

/** That something is wrong, as people were told. Times are ISO 8601, UTC. */
export interface Alarm<P extends string> {
  readonly version: 1;
  readonly problem: P;
  readonly since: string;
  /** The incident it was told in; absent where there is nobody to tell, or the process ended meanwhile. */
  readonly incident?: string;
}

/** How long a run that is at work has to make up for what is late before people are told of that. */
const CATCH_UP_MS = 3_600_000;

/** A run began a short while ago: it may be about to bring what is missed. Pure. */
export function isRecent(running: { readonly since: string } | undefined, now: Date): boolean {
  return running !== undefined && now.getTime() - Date.parse(running.since) < CATCH_UP_MS;
}

/** What keeping an alarm works with. */
export interface AlarmDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
}

/** What an alarm is about, and how people are told. */
export interface AlarmMatter<P extends string> {
  readonly document: Document<Alarm<P>>;
  /** Two processes that notice at the same time tell once. */
  readonly lock: string;
  /** What that lock is held for, in words. */
  readonly purpose: string;
  readonly problem: P | undefined;
  /** A problem that is another matter than the one that was told: it is told as well. */
  readonly isOther?: (known: P) => boolean;
  /** It may be over soon: it is not told yet. */
  readonly isEarly?: boolean;
  /** Opens an incident, or gives the one that is open for it already; undefined where there is nobody to tell. */
  readonly tell: (problem: P) => Promise<string | undefined>;
  /** It is over: notes that on the incident that it was told in. */
  readonly over?: (incident: string) => Promise<void>;
}

/**
 * Keeps an alarm in step with what it is about. What is wrong is told once for as long as it lasts, whatever it is by
 * then. Gives the alarm that stands.
 */
export async function keepAlarm<P extends string>(deps: AlarmDeps, matter: AlarmMatter<P>): Promise<Alarm<P> | undefined> {
  const { document, problem, isOther, isEarly = false } = matter;
  const known = await document.read();
  const isTold = (alarm: Alarm<P> | undefined): alarm is Alarm<P> => alarm?.incident !== undefined && isOther?.(alarm.problem) !== true;
  if (problem === undefined) {
    if (known?.incident !== undefined) await matter.over?.(known.incident);
    if (known !== undefined) await document.delete();
    return undefined;
  }
  if (isTold(known) || isEarly) return known;
  const { store, clock, by } = deps;
  let lock: Lock;
  try {
    lock = await store.lock(matter.lock, { by, holder: `alarm-${process.pid}`, purpose: matter.purpose }, { breakDead: true, lapse: true });
  } catch (error) {
    if (isRunbackError(error, 'locked')) return known;
    throw error;
  }
  try {
    const before = await document.update((current) => current ?? { version: 1, problem, since: clock.now().toISOString() });
    if (isTold(before)) return before;
    const incident = await matter.tell(problem);
    return await document.update((current) => ({ ...(current ?? before), problem, ...defined({ incident }) }));
  } finally {
    await lock.release();
  }
}
