import { type Clock, isRunbackError, RunbackError } from '../lib/index.js';
import { NOTES_KIND, type SnapshotNotes, suspicionOf } from '../snapshots/index.js';
import type { Store } from '../store/index.js';
import type { JobConfig } from '../workspace/index.js';
import { readAlarm } from './jobs/alarm-record.js';
import { stillWaits, windowOf } from './jobs/limits.js';
import { isLate } from './jobs/overview.js';
import { jobLock, stateOf } from './jobs/state.js';
import { isDue, standingOf } from './schedule/due.js';

/** Between two starts of one job: what fails to start, or waits for an incident, is not started again each second. */
const AGAIN_MS = 60_000;

/** What the ticker of backup jobs works with. */
export interface BackupTickerDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** The jobs of now: runback.yml may change. */
  readonly jobs: () => Promise<readonly JobConfig[]>;
  /**
   * Runs `backup run <job> --due` to its end, wherever that is: it decides under the lock of the job what there is to
   * do. Never rejects.
   */
  readonly start: (job: string) => Promise<void>;
  /** Wait for what was started. */
  readonly once: boolean;
}

/**
 * Starts backup jobs when they are due, were interrupted, or have missed their target untold. It keeps nothing that
 * matters: of two daemons, or one and a timer, the second finds the job running or not due. Throws `backup-failing` as
 * long as something is wrong with a job that nobody was told of, or what is kept of one cannot be read, so that no dead
 * man's ping is sent; the other jobs run.
 */
export function backupTicker({ store, clock, jobs, start, once }: BackupTickerDeps): {
  readonly name: 'backups';
  readonly tick: (now: Date) => Promise<{ readonly due: number }>;
} {
  const underWay = new Map<string, Promise<void>>();
  const startedMs = new Map<string, number>();

  const isWanted = async (job: JobConfig, now: Date): Promise<boolean> => {
    const state = await stateOf(store, job.name).read();
    const { standing, clockBackMs } = standingOf(job, state, now);
    // Seen for the first time, under another schedule, or by a clock that was put back: written down by the run itself.
    const isHeld =
      windowOf(job, now)?.isOpen === false || (state?.waits !== undefined && 'quota' in state.waits && stillWaits(state.waits.quota, now));
    if (state === undefined || clockBackMs !== undefined || standing.handled !== state.handled) return true;
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
      (last?.suspect === true && (await isSuspect(store, last.snapshot)))
    );
  };

  return {
    name: 'backups',
    tick: async (now) => {
      const known = await jobs();
      const unread = new Map<string, RunbackError>();
      for (const job of known) {
        const before = startedMs.get(job.name);
        if (underWay.has(job.name) || (before !== undefined && clock.monotonicMs() - before < AGAIN_MS)) continue;
        const isStarted = await orUnread(job.name, unread, async () => await isWanted(job, now));
        if (isStarted !== true) continue;
        startedMs.set(job.name, clock.monotonicMs());
        underWay.set(
          job.name,
          start(job.name).finally(() => underWay.delete(job.name)),
        );
      }
      if (once) await Promise.all(underWay.values());
      const untold = new Set(unread.keys());
      for (const { name } of known) if ((await orUnread(name, unread, async () => await isUntold(store, name))) !== false) untold.add(name);
      if (untold.size > 0) throw failing([...untold], [...unread.values()]);
      return { due: 0 };
    },
  };
}

/** What a look at a job gives; undefined where something of it cannot be read, which is kept then. */
async function orUnread<T>(job: string, unread: Map<string, RunbackError>, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    unread.set(job, error);
    return undefined;
  }
}

/** Whether a snapshot is still there and suspect: a person may have accepted it since. */
async function isSuspect(store: Store, id = ''): Promise<boolean> {
  return suspicionOf((await store.document<SnapshotNotes>(NOTES_KIND, id).read())?.watch) !== undefined;
}

/** Whether a job has an alarm that nobody was told of. */
async function isUntold(store: Store, job: string): Promise<boolean> {
  const alarm = await readAlarm(store, job);
  return alarm !== undefined && alarm.incident === undefined;
}

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
