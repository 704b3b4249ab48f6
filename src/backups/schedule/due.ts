import { defined, nextTime } from '../../lib/index.js';
import { CLOCK_TOLERANCE_MS } from '../../store/index.js';
import type { JobConfig } from '../../workspace/index.js';

/** How often a scheduled run that is interrupted is started again before it waits for the next time. */
export const MOST_TRIES = 3;

/** What a schedule needs to be known of a job. */
export type Scheduled = Pick<JobConfig, 'schedule' | 'timezone'>;

/** Where a job stands with its schedule. Times are ISO 8601, UTC. */
export interface Standing {
  /** When this job was first looked at. */
  readonly firstSeen: string;
  /** All that the schedule named up to this moment is dealt with. */
  readonly handled: string;
  /** The schedule and zone that `handled` is about; absent where the job has none. */
  readonly schedule?: string;
  /** A scheduled run has begun and not come to its end, so that it is due until it does, or was tried too often. */
  readonly owed?: { readonly since: string; readonly tries: number };
}

/**
 * Where a job stands now, with nothing to catch up where that cannot be told: a job that is looked at for the first time,
 * one whose schedule was changed, and one that was dealt with in the future, by a clock that has been put back since
 * (`clockBackMs`: by how much; less than half a minute counts for nothing). Pure.
 */
export function standingOf(job: Scheduled, known: Standing | undefined, now: Date): { readonly standing: Standing; readonly clockBackMs?: number } {
  const at = now.toISOString();
  const schedule = job.schedule === undefined ? undefined : `${job.schedule} ${job.timezone}`;
  if (known === undefined) return { standing: { firstSeen: at, handled: at, ...defined({ schedule }) } };
  const back = Date.parse(known.handled) - now.getTime();
  const isBack = back > CLOCK_TOLERANCE_MS;
  const standing = {
    firstSeen: known.firstSeen > at ? at : known.firstSeen,
    handled: isBack || known.schedule !== schedule ? at : known.handled,
    ...defined({ schedule, owed: known.owed }),
  };
  return { standing, ...(isBack ? { clockBackMs: back } : {}) };
}

/**
 * Whether a job is to be run now: once, however many times were missed. Pure.
 */
export function isDue(job: Scheduled, { owed, handled }: Standing, now: Date): boolean {
  if (owed !== undefined && owed.tries < MOST_TRIES) return true;
  if (job.schedule === undefined) return false;
  const next = nextTime(job.schedule, job.timezone, new Date(handled));
  return next !== undefined && next <= now;
}

/** Since when a job is due; undefined where it is not. Pure. */
export function dueSince(job: Scheduled, standing: Standing, now: Date): string | undefined {
  if (!isDue(job, standing, now)) return undefined;
  return (
    standing.owed?.since ?? (job.schedule === undefined ? undefined : nextTime(job.schedule, job.timezone, new Date(standing.handled))?.toISOString())
  );
}

/** What is owed once a run that is due begins: one more try of what was interrupted, or the first of a new one. Pure. */
export function nextTry(owed: Standing['owed'], startedAt: string): NonNullable<Standing['owed']> {
  return owed !== undefined && owed.tries < MOST_TRIES ? { since: owed.since, tries: owed.tries + 1 } : { since: startedAt, tries: 1 };
}

/** When a job is run next: now, where it is due; undefined where it has no schedule. Pure. */
export function nextRun(job: Scheduled, standing: Standing, now: Date): Date | undefined {
  if (isDue(job, standing, now)) return now;
  return job.schedule === undefined ? undefined : nextTime(job.schedule, job.timezone, now);
}
