import { type Clock, defined, isRunbackError, parseDuration, type RunbackError } from '../../lib/index.js';
import { byAge, type Catalog, type SnapshotSummary } from '../../snapshots/index.js';
import { CLOCK_TOLERANCE_MS, type Store } from '../../store/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { type CopyView, copyViews } from '../copies/view.js';
import { gradeOf } from '../grade.js';
import { testedJobs, type TestView, testView } from '../restore-tests/by-schedule.js';
import { dueSince, isDue, nextRun, type Standing, standingOf } from '../schedule/due.js';
import { readAlarm } from './alarm-record.js';
import { windowOf } from './limits.js';
import type { Waiting } from './run.js';
import { type JobEnd, jobLock, type JobState, stateOf } from './state.js';

/** Snapshots of a job whose sizes are shown. */
const TREND = 24;

/** How a job stands, for people and programs. Times are ISO 8601, UTC. */
export interface JobView {
  readonly job: string;
  readonly platforms: readonly string[];
  readonly schedule?: string;
  readonly timezone: string;
  readonly target?: string;
  /** A run is at work now. */
  readonly running?: { readonly since: string; readonly by: string };
  /** A run was stopped in the middle, and the next one cleans up after it. */
  readonly interrupted?: { readonly since: string };
  readonly due: boolean;
  /** Absent where it has no schedule. */
  readonly next?: string;
  /** It is due, and what it waits for. */
  readonly waits?: { readonly since: string } & Waiting;
  /** Whether its window is open now, and until when, or when it opens next. */
  readonly window?: { readonly from: string; readonly to: string; readonly isOpen: boolean; readonly closes?: string; readonly opens?: string };
  /** Requests that its last complete run took, by the name of the platform. */
  readonly requests?: Readonly<Record<string, number>>;
  readonly last?: JobEnd;
  /** Why its last snapshot is suspect, as long as nobody has accepted it. */
  readonly suspect?: readonly string[];
  /** The newest snapshot of it that holds everything, and its age in milliseconds. */
  readonly newest?: { readonly snapshot: string; readonly startedAt: string; readonly ageMs: number };
  /** The newest one is older than the target, or there has been none for so long. */
  readonly late: boolean;
  /** Why its snapshots cannot be listed, in words: then nothing is known of their number and age. */
  readonly unlisted?: string;
  /** Snapshots of it that are there, and their bytes. */
  readonly snapshots: number;
  readonly bytes: number;
  /** The last of them, oldest first. */
  readonly trend: readonly { readonly snapshot: string; readonly startedAt: string; readonly bytes: number; readonly rows: number }[];
  /** How far each copy is, as it was seen last. */
  readonly copies: readonly CopyView[];
  /** Its restore tests by schedule, where it has them. */
  readonly test?: TestView;
  /** The incident that was opened because of it, as long as what it is about lasts. */
  readonly incident?: string;
}

/** What an overview is made from. */
interface OverviewDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** Names of the copies, where there are any. */
  readonly copies?: readonly string[];
}

/** A job of which something that is kept cannot be read. */
export interface UnreadJob {
  readonly job: string;
  readonly error: RunbackError;
}

/**
 * How these jobs stand, in their order; one that cannot be told of holds up no other. Where the storage of snapshots cannot
 * be asked (`trouble`), what is known without it is told.
 */
export async function jobViews(
  jobs: readonly JobConfig[],
  deps: OverviewDeps,
): Promise<{ readonly views: readonly JobView[]; readonly unread: readonly UnreadJob[]; readonly trouble?: RunbackError }> {
  const snapshots = jobs.length === 0 ? [] : await deps.catalog.list().catch(troubleOf);
  const views: JobView[] = [];
  const unread: UnreadJob[] = [];
  for (const job of jobs)
    try {
      views.push(await jobView(job, snapshots, deps));
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      unread.push({ job: job.name, error });
    }
  return { views, unread, ...(isRunbackError(snapshots) ? { trouble: snapshots } : {}) };
}

function troubleOf(error: unknown): RunbackError {
  if (!isRunbackError(error)) throw error;
  return error;
}

async function jobView(
  job: JobConfig,
  listed: readonly SnapshotSummary[] | RunbackError,
  { store, clock, copies = [] }: OverviewDeps,
): Promise<JobView> {
  const now = clock.now();
  const [all, unlisted] = isRunbackError(listed) ? [[], listed.message] : [listed, undefined];
  const [state, holder] = await Promise.all([stateOf(store, job.name).read(), store.lockHolder(jobLock(job.name))]);
  const { standing } = standingOf(job, state, now);
  const alarm = await readAlarm(store, job.name);
  const { schedule, target, timezone, platforms } = job;
  const own = all.filter((snapshot) => snapshot.job === job.name).sort(byAge);
  const [tested] = testedJobs([job]);
  const isAlive = holder !== undefined && holder.life !== 'dead';
  const newest = own.findLast((snapshot) => gradeOf(snapshot) === 'good' && !isAhead(snapshot.startedAt, now));
  return {
    job: job.name,
    platforms,
    ...defined({ schedule, target }),
    timezone,
    ...(isAlive ? { running: { since: holder.since, by: holder.by } } : {}),
    ...(!isAlive && state?.running !== undefined ? { interrupted: { since: state.running.startedAt } } : {}),
    due: isDue(job, standing, now),
    ...defined({ next: nextIn(job, standing, now)?.toISOString(), last: state?.last, requests: state?.requests, window: windowView(job, now) }),
    ...defined({ waits: waitsOf(job, state, standing, now) }),
    ...(newest === undefined
      ? {}
      : { newest: { snapshot: newest.id, startedAt: newest.startedAt, ageMs: Math.max(0, now.getTime() - Date.parse(newest.startedAt)) } }),
    ...defined({ suspect: own.find(({ id }) => id === state?.last?.snapshot)?.suspect, incident: alarm?.incident }),
    ...(tested === undefined ? {} : { test: await testView(tested, store, now) }),
    copies: await copyViews(job, standing.firstSeen, copies, { store, clock }),
    ...defined({ unlisted }),
    late: unlisted === undefined && isLate(job, newest?.startedAt ?? standing.firstSeen, now),
    snapshots: own.length,
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    trend: own.slice(-TREND).map(({ id, startedAt, bytes, rows }) => ({ snapshot: id, startedAt, bytes, rows })),
  };
}

/** What a job that is due waits for: its window first, since nothing else is looked at before that opens. */
function waitsOf(job: JobConfig, state: JobState | undefined, standing: Standing, now: Date): JobView['waits'] {
  const window = windowOf(job, now);
  const since = dueSince(job, standing, now);
  if (since === undefined || window?.isOpen !== false) return state?.waits;
  return { since, window: defined({ opens: window.opens?.toISOString() }) };
}

/** When a job is run next, in its window. */
function nextIn(job: JobConfig, standing: Standing, now: Date): Date | undefined {
  const next = nextRun(job, standing, now);
  const window = next === undefined ? undefined : windowOf(job, next);
  return window?.isOpen === false ? window.opens : next;
}

function windowView(job: JobConfig, now: Date): JobView['window'] {
  const state = windowOf(job, now);
  if (job.window === undefined || state === undefined) return undefined;
  const times = state.isOpen ? { closes: state.closes.toISOString() } : defined({ opens: state.opens?.toISOString() });
  return { ...job.window, isOpen: state.isOpen, ...times };
}

/** Whether a job has nothing as young as its target asks for. `since`: its newest whole snapshot, or its first sight. */
export function isLate({ target }: Pick<JobConfig, 'target'>, since: string, now: Date): boolean {
  return target !== undefined && now.getTime() - Date.parse(since) > parseDuration(target);
}

/** A time that the clock has not come to: it was put back since, so that an age cannot be told from it. */
function isAhead(at: string, now: Date): boolean {
  return Date.parse(at) - now.getTime() > CLOCK_TOLERANCE_MS;
}
