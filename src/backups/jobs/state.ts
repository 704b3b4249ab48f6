import type { Document, Store } from '../../store/index.js';
import type { Standing } from '../schedule/due.js';
import type { QuotaWait } from './limits.js';

/** A run of a job that has begun. Times are ISO 8601, UTC. */
export interface RunningJob {
  readonly run: string;
  readonly startedAt: string;
  readonly by: string;
  /** Holder of the pause of its syncs, where it pauses any. */
  readonly pause?: string;
  /** Id of the newest snapshot that was recorded before it; empty where there was none. */
  readonly after: string;
}

/**
 * How a run of a job has ended. `gaps`: with a snapshot that does not hold everything that was wanted. `interrupted`: it
 * was stopped, and what it had begun is cleaned up.
 */
export interface JobEnd {
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly end: 'done' | 'gaps' | 'failed' | 'interrupted';
  readonly snapshot?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly why?: string };
  /** Its snapshot is suspect. */
  readonly suspect?: true;
  /** What it was to build on, and what was found wrong with that: it holds everything instead. */
  readonly base?: BaseTrouble;
}

/** A snapshot that cannot be built on, since it is damaged or is not the one that was recorded. */
export interface BaseTrouble {
  readonly snapshot: string;
  readonly code: string;
  readonly message: string;
}

/** What is kept of a job: `document('backup-jobs', name)`. */
export interface JobState extends Standing {
  readonly version: 1;
  readonly running?: RunningJob;
  readonly last?: JobEnd;
  /** The newest snapshot of it that held everything, and when reading it began. */
  readonly whole?: { readonly snapshot: string; readonly startedAt: string };
  /** It is due, and waits for an incident on one of its platforms to end, or for the next day of one. */
  readonly waits?: { readonly since: string } & ({ readonly incident: string } | { readonly quota: QuotaWait });
  /** Requests that its last complete run took, by the name of the platform. */
  readonly requests?: Readonly<Record<string, number>>;
}

/** What is known of a job. */
export function stateOf(store: Store, job: string): Document<JobState> {
  return store.document<JobState>('backup-jobs', job);
}

/** Name of the lock that a run of a job holds: one at a time. */
export function jobLock(job: string): string {
  return `backup-job-${job}`;
}
