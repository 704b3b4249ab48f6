import { type Clock, isRunbackError, RunbackError } from '../lib/index.js';
import { NOTES_KIND, type SnapshotNotes, storeOfCopy, suspicionOf } from '../snapshots/index.js';
import type { Store } from '../store/index.js';
import type { JobConfig } from '../workspace/index.js';
import { isRetryDue } from './copies/retry.js';
import { copyStateOf } from './copies/state.js';
import { isCopyLate } from './copies/view.js';
import { readAlarm } from './jobs/alarm-record.js';
import { stillWaits, windowOf } from './jobs/limits.js';
import { isLate } from './jobs/overview.js';
import { jobLock, stateOf } from './jobs/state.js';
import { testAlarmOf, type TestedJob, testProblemOf, testStateOf, testTask, testView } from './restore-tests/by-schedule.js';
import { isDue, standingOf } from './schedule/due.js';
import { isTaskWanted, type Task, taskStateOf } from './schedule/task.js';
import { damageAlarms } from './verification/by-schedule.js';
import type { RoundOfAll } from './verification/round.js';

/** Between two starts of one job: what fails to start, or waits for an incident, is not started again each second. */
const AGAIN_MS = 60_000;

/** What is started by schedule: a backup job, the restore tests of one. */
export interface DueWork {
  /** In messages: `nightly`, `nightly (restore test)`. No two have the same. */
  readonly name: string;
  /** Whether there is something to do, or to tell. */
  readonly isWanted: (now: Date) => Promise<boolean>;
  /** Whether something is wrong that nobody was told of. */
  readonly isUntold: () => Promise<boolean>;
  /** Runs it to its end, wherever that is: it decides under its lock what there is to do. Never rejects. */
  readonly start: () => Promise<void>;
}

/** What the ticker of backups works with. */
export interface BackupTickerDeps {
  readonly clock: Clock;
  /** What there is now: runback.yml may change. */
  readonly works: () => Promise<readonly DueWork[]>;
  /** Wait for what was started. */
  readonly once: boolean;
}

/**
 * Starts what is due, was interrupted, or has something to tell. It keeps nothing that matters: of two daemons, or one and
 * a timer, the second finds it running or not due. Throws `backup-failing` as long as something is wrong that nobody was
 * told of, or what is kept cannot be read, so that no dead man's ping is sent; everything else runs.
 */
export function backupTicker({ clock, works, once }: BackupTickerDeps): {
  readonly name: 'backups';
  readonly tick: (now: Date) => Promise<{ readonly due: number }>;
} {
  const underWay = new Map<string, Promise<void>>();
  const startedMs = new Map<string, number>();
  return {
    name: 'backups',
    tick: async (now) => {
      const known = await works();
      const unread = new Map<string, RunbackError>();
      for (const { name, isWanted, start } of known) {
        const before = startedMs.get(name);
        if (underWay.has(name) || (before !== undefined && clock.monotonicMs() - before < AGAIN_MS)) continue;
        const isStarted = await orUnread(name, unread, async () => await isWanted(now));
        if (isStarted !== true) continue;
        startedMs.set(name, clock.monotonicMs());
        underWay.set(
          name,
          start().finally(() => underWay.delete(name)),
        );
      }
      if (once) await Promise.all(underWay.values());
      const untold = new Set(unread.keys());
      for (const { name, isUntold } of known) if ((await orUnread(name, unread, isUntold)) !== false) untold.add(name);
      if (untold.size > 0) throw failing([...untold], [...unread.values()]);
      return { due: 0 };
    },
  };
}

/** A backup job as the ticker starts it. `copies`: their names. `start`: runs `backup run <job> --due`. */
export function jobWork(store: Store, job: JobConfig, start: (job: string) => Promise<void>, copies: readonly string[] = []): DueWork {
  return {
    name: job.name,
    isWanted: async (now) => await isJobWanted(store, job, copies, now),
    isUntold: async () => isUntold(await readAlarm(store, job.name)),
    start: async () => await start(job.name),
  };
}

async function isJobWanted(store: Store, job: JobConfig, copies: readonly string[], now: Date): Promise<boolean> {
  const state = await stateOf(store, job.name).read();
  const { standing, clockBackMs } = standingOf(job, state, now);
  // Seen for the first time, under another schedule, or by a clock that was put back: written down by the run itself.
  if (state === undefined || clockBackMs !== undefined || standing.handled !== state.handled) return true;
  const isHeld = windowOf(job, now)?.isOpen === false || (state.waits !== undefined && 'quota' in state.waits && stillWaits(state.waits.quota, now));
  if (isDue(job, standing, now) && !isHeld) return true;
  if (state.running !== undefined && (await store.lockHolder(jobLock(job.name)))?.life !== 'alive') return true;
  const alarm = await readAlarm(store, job.name);
  if (alarm !== undefined) return alarm.incident === undefined;
  const { last, whole } = state;
  return (
    isLate(job, whole?.startedAt ?? standing.firstSeen, now) ||
    last?.end === 'failed' ||
    last?.end === 'gaps' ||
    last?.base !== undefined ||
    (last?.suspect === true && (await isSuspect(store, last.snapshot))) ||
    (await isAnyCopyLate(store, job, copies, standing.firstSeen, now))
  );
}

async function isAnyCopyLate(store: Store, job: JobConfig, copies: readonly string[], since: string, now: Date): Promise<boolean> {
  for (const copy of copies) if (isCopyLate(job, since, await copyStateOf(store, copy).read(), now)) return true;
  return false;
}

/** The restore tests of a job as the ticker starts them. `start`: runs `backup test-restore <job> --due`. */
export function testWork(store: Store, job: TestedJob, start: (job: string) => Promise<void>): DueWork {
  return {
    name: `${job.name} (restore test)`,
    isWanted: async (now) => {
      if (await isTaskWanted(testTask(job), await testStateOf(store, job).read(), store, now)) return true;
      const alarm = await testAlarmOf(store, job.name).read();
      // What is over is noted, and what is wrong told.
      return testProblemOf(await testView(job, store, now)) === undefined ? alarm !== undefined : alarm?.incident === undefined;
    },
    isUntold: async () => isUntold(await testAlarmOf(store, job.name).read()),
    start: async () => await start(job.name),
  };
}

/** The verification of stored snapshots as the ticker starts it, here and in these copies. `start`: runs `snapshot verify --due`. */
export function verifyWork(store: Store, task: Task, start: () => Promise<void>, copies: readonly string[] = []): DueWork {
  const places = [store, ...copies.map((copy) => storeOfCopy(store, copy))];
  const untold = async (): Promise<boolean> => {
    for (const place of places) if ([...(await damageAlarms(place)).values()].some(isUntold)) return true;
    return false;
  };
  const state = taskStateOf<RoundOfAll>(store, task);
  return {
    name: 'verification of snapshots',
    isWanted: async (now) => (await isTaskWanted(task, await state.read(), store, now)) || (await untold()),
    isUntold: async () => (await untold()) || (await state.read())?.last?.end === 'failed',
    start,
  };
}

/** The copying to a place as the ticker starts it, where it has failed or was killed. `start`: runs `backup copy <name> --due`. */
export function copyWork(store: Store, copy: string, start: (copy: string) => Promise<void>): DueWork {
  return {
    name: `copy ${copy}`,
    isWanted: async (now) => await isRetryDue(store, copy, now),
    // Its jobs tell of it.
    isUntold: async () => await Promise.resolve(false),
    start: async () => await start(copy),
  };
}

/** What a look gives; undefined where something cannot be read, which is kept then. */
async function orUnread<T>(name: string, unread: Map<string, RunbackError>, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    unread.set(name, error);
    return undefined;
  }
}

/** Whether a snapshot is still there and suspect: a person may have accepted it since. */
async function isSuspect(store: Store, id = ''): Promise<boolean> {
  return suspicionOf((await store.document<SnapshotNotes>(NOTES_KIND, id).read())?.watch) !== undefined;
}

/** Whether there is an alarm that nobody was told of. */
const isUntold = (alarm: { readonly incident?: string } | undefined): boolean => alarm !== undefined && alarm.incident === undefined;

function failing(jobs: readonly string[], unread: readonly RunbackError[]): RunbackError {
  const [first] = unread;
  return new RunbackError('backup-failing', `Backup jobs need attention: ${jobs.join(', ')}`, {
    ...(first === undefined ? {} : { why: unread.map(({ message }) => `${message}.`).join(' '), cause: first }),
    state:
      first === undefined
        ? 'No one was told: this workspace has no escalation.yml.'
        : 'The other jobs run; a job whose state cannot be read does not.',
    next: first?.next ?? 'runback backup jobs',
  });
}
