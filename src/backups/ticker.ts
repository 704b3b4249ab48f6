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
import type { PruneRound } from './prune/by-schedule.js';
import { testAlarmOf, type TestedJob, testProblemOf, testStateOf, testTask, testView } from './restore-tests/by-schedule.js';
import { isDue, standingOf } from './schedule/due.js';
import { isTaskWanted, type Task, taskStateOf } from './schedule/task.js';
import { damageAlarms } from './verification/by-schedule.js';
import type { RoundOfAll } from './verification/round.js';

/** Between two starts of one job: what fails to start, or waits for an incident, is not started again each second. */
const AGAIN_MS = 60_000;
/** Between two looks at a state that others share. */
const LOOK_MS = 5000;
/** What is started here at the same time where it was to be shared, and cannot be. */
const MOST_HERE = 8;

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
  /**
   * Where several processes share it: puts work on offer to all of them; false where that cannot be done now, so that it is started here.
   * Looking at what is due then asks another machine, so that it is done now and then, and no page waits for it.
   */
  readonly offer?: (name: string) => Promise<boolean>;
}

/** What starts due work. */
export interface BackupTicker {
  readonly name: 'backups';
  readonly tick: (now: Date) => Promise<{ readonly due: number }>;
  /** Does work that was on offer to its end, where it is still wanted. Never rejects. */
  readonly run: (name: string) => Promise<void>;
}

/**
 * Starts what is due, was interrupted, or has something to tell. It keeps nothing that matters: of two daemons, or one and
 * a timer, the second finds it running or not due. Throws `backup-failing` as long as something is wrong that nobody was
 * told of, or what is kept cannot be read, so that no dead man's ping is sent; everything else runs.
 */
export function backupTicker(deps: BackupTickerDeps): BackupTicker {
  const look = new DueLook(deps);
  const shared = deps.offer === undefined ? undefined : inBackground(deps.clock, async (now) => await look.at(now));
  return {
    name: 'backups',
    tick: async (now) => {
      await (shared ?? ((at: Date) => look.at(at)))(now);
      return { due: 0 };
    },
    run: async (name) => await look.run(name),
  };
}

/** Does it every few seconds without being waited for; what went wrong is thrown by the next call, until it goes well. */
function inBackground(clock: Clock, look: (now: Date) => Promise<void>): (now: Date) => Promise<void> {
  let lookedMs: number | undefined;
  let isLooking = false;
  let failure: { readonly error: unknown } | undefined;
  return async (now) => {
    if (!isLooking && (lookedMs === undefined || clock.monotonicMs() - lookedMs >= LOOK_MS)) {
      isLooking = true;
      lookedMs = clock.monotonicMs();
      void look(now)
        .then(
          () => (failure = undefined),
          (error: unknown) => (failure = { error }),
        )
        .finally(() => (isLooking = false));
    }
    if (failure !== undefined) throw failure.error;
  };
}

/** Looks at what is due, and starts it. */
class DueLook {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #startedMs = new Map<string, number>();

  constructor(private readonly deps: BackupTickerDeps) {}

  async at(now: Date): Promise<void> {
    const known = await this.deps.works();
    const unread = new Map<string, RunbackError>();
    for (const work of known) await this.#startIfDue(work, now, unread);
    if (this.deps.once) await Promise.all(this.#underWay.values());
    const untold = new Set(unread.keys());
    for (const { name, isUntold } of known) if ((await orUnread(name, unread, isUntold)) !== false) untold.add(name);
    if (untold.size > 0) throw failing([...untold], [...unread.values()]);
  }

  /** It may have been done since it was put on offer, or is under way in a process whose sign of life came late: what is on record decides. */
  async run(name: string): Promise<void> {
    if (this.#underWay.has(name)) return;
    try {
      const work = (await this.deps.works()).find((one) => one.name === name);
      if (work !== undefined && (await work.isWanted(this.deps.clock.now()))) await this.#start(work);
    } catch {
      // What cannot be read is told by the look, and it stays due.
    }
  }

  async #startIfDue(work: DueWork, now: Date, unread: Map<string, RunbackError>): Promise<void> {
    const { clock, offer } = this.deps;
    const { name } = work;
    const before = this.#startedMs.get(name);
    if (this.#underWay.has(name) || (before !== undefined && clock.monotonicMs() - before < AGAIN_MS)) return;
    if ((await orUnread(name, unread, async () => await work.isWanted(now))) !== true) return;
    if (offer !== undefined && (await offer(name))) this.#startedMs.set(name, clock.monotonicMs());
    // The others are wanted as long as nobody has done them.
    else if (offer === undefined || this.#underWay.size < MOST_HERE) {
      this.#startedMs.set(name, clock.monotonicMs());
      void this.#start(work);
    }
  }

  async #start({ name, start }: DueWork): Promise<void> {
    const run = start().finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, run);
    await run;
  }
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

/** The pruning of snapshots as the ticker starts it. `start`: runs `backup prune --due`. */
export function pruneWork(store: Store, task: Task, start: () => Promise<void>): DueWork {
  const state = taskStateOf<PruneRound>(store, task);
  return {
    name: 'pruning of snapshots',
    isWanted: async (now) => await isTaskWanted(task, await state.read(), store, now),
    isUntold: async () => (await state.read())?.last?.end === 'failed',
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
