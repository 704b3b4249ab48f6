import { type Clock, defined, isRunbackError, messageOf, newId } from '../../lib/index.js';
import type { Document, Lock, LockInfo, Store } from '../../store/index.js';
import { isDue, MOST_TRIES, nextRun, nextTry, type Scheduled, type Standing, standingOf } from './due.js';

/** What runs by a schedule and takes no snapshot: the restore test of a job, a round of verification. */
export interface Task extends Scheduled {
  /** What is known of it: `document(kind, name)`. */
  readonly kind: string;
  readonly name: string;
  /** Of those that share it, one is at work at a time. */
  readonly lock: string;
  /** What its lock is held for, in words. */
  readonly purpose: string;
  /** A scheduled run waits while an incident is open on one of these. */
  readonly platforms: readonly string[];
}

/** Why a run failed, in the words of its error. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly why?: string;
}

/** How a run has ended. `interrupted`: it was stopped in the middle. Times are ISO 8601, UTC. */
export interface TaskEnd<R> {
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly by: string;
  readonly end: 'done' | 'failed' | 'interrupted';
  readonly result?: R;
  readonly error?: TaskError;
}

/** What is kept of a task. */
export interface TaskState<R> extends Standing {
  readonly version: 1;
  readonly running?: Pick<TaskEnd<R>, 'run' | 'startedAt' | 'by'>;
  readonly last?: TaskEnd<R>;
  /** The last run that was done. */
  readonly good?: TaskEnd<R>;
  /** It is due, and waits for an incident on one of its platforms to end. */
  readonly waits?: { readonly since: string; readonly incident: string };
}

/** What a run came to. `later`: why it could not be done now; it stays due, and nothing failed. */
export type TaskResult<R> = { readonly later: string } | { readonly result: R; readonly error?: TaskError };

/** What runs of tasks work with. */
export interface TaskDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** The person, or `daemon`. */
  readonly by: string;
  /** Stops the run. */
  readonly signal: AbortSignal;
}

/** What a run does to the world, done by whoever has a session. */
export interface TaskHands<R> {
  /** Id of an incident that is open on one of these platforms, for which a scheduled run waits. */
  readonly incidentOn: (platforms: readonly string[]) => Promise<string | undefined>;
  readonly work: () => Promise<TaskResult<R>>;
}

/** What a call has come to. `interrupted`: when a run was started that was stopped in the middle. */
export type TaskOutcome<R> = { readonly interrupted?: string; readonly clockBackMs?: number } & (
  | { readonly state: 'not-due'; readonly next?: string }
  | { readonly state: 'running'; readonly holder: LockInfo }
  | { readonly state: 'waits'; readonly incident: string }
  | { readonly state: 'later'; readonly why: string }
  | { readonly state: 'ended'; readonly end: TaskEnd<R> }
);

/** What is known of a task. */
export function taskStateOf<R>(store: Store, { kind, name }: Pick<Task, 'kind' | 'name'>): Document<TaskState<R>> {
  return store.document<TaskState<R>>(kind, name);
}

/**
 * Runs a task where its schedule says so and no incident is open on its platforms. Before anything is done, it is on disk
 * that the run has begun, so that one that was killed is known by the next call, and is due again, three times at most.
 * Throws what the work throws; how it ended is on record then.
 */
export async function runTask<R>(task: Task, deps: TaskDeps, hands: TaskHands<R>): Promise<TaskOutcome<R>> {
  const { store, clock, by } = deps;
  const run = newId('task', clock);
  let lock: Lock;
  try {
    lock = await store.lock(task.lock, { by, holder: run, purpose: task.purpose }, { breakDead: true, lapse: true });
  } catch (error) {
    const holder = isRunbackError(error, 'locked') ? await store.lockHolder(task.lock) : undefined;
    if (holder === undefined) throw error;
    return { state: 'running', holder };
  }
  try {
    return await runHeld(run, task, deps, hands);
  } finally {
    await lock.release();
  }
}

async function runHeld<R>(run: string, task: Task, { store, clock, by, signal }: TaskDeps, hands: TaskHands<R>): Promise<TaskOutcome<R>> {
  const document = taskStateOf<R>(store, task);
  const now = clock.now();
  const found = await document.read();
  const stopped = found?.running;
  const known = stopped === undefined ? found : ended(found, { ...stopped, endedAt: now.toISOString(), end: 'interrupted' });
  const { standing, clockBackMs } = standingOf(task, known, now);
  const { schedule: _schedule, owed: _owed, waits, ...rest } = known ?? { version: 1 };
  const state: TaskState<R> = { ...rest, ...standing };
  const said = defined({ interrupted: stopped?.startedAt, clockBackMs });
  if (!isDue(task, standing, now)) {
    await document.update(() => state);
    return { state: 'not-due', ...said, ...defined({ next: nextRun(task, standing, now)?.toISOString() }) };
  }
  const incident = await hands.incidentOn(task.platforms);
  if (incident !== undefined) {
    await document.update(() => ({ ...state, waits: { since: waits?.since ?? now.toISOString(), incident } }));
    return { state: 'waits', incident, ...said };
  }
  const startedAt = now.toISOString();
  const running = { run, startedAt, by };
  await document.update(() => ({ ...state, handled: startedAt, owed: nextTry(state.owed, startedAt), running }));
  const over = async (how: Pick<TaskEnd<R>, 'end' | 'result' | 'error'>): Promise<TaskEnd<R>> => {
    const end: TaskEnd<R> = { ...running, endedAt: clock.now().toISOString(), ...how };
    return (await document.update((current) => ended(current, end))).last ?? end;
  };
  let result: TaskResult<R>;
  try {
    result = await hands.work();
  } catch (error) {
    // The state folder may be what fails: then the next call finds a run that did not come to its end.
    await over(signal.aborted ? { end: 'interrupted' } : { end: 'failed', error: taskErrorOf(error) }).catch(() => undefined);
    throw error;
  }
  if ('later' in result) {
    const owed = state.owed ?? { since: startedAt, tries: 0 };
    await document.update((current) => {
      const { running: _running, ...others } = current ?? state;
      return { ...others, owed };
    });
    return { state: 'later', why: result.later, ...said };
  }
  const how = { end: result.error === undefined ? 'done' : 'failed', ...result } as const;
  return { state: 'ended', end: await over(how), ...said };
}

/** A task after a run. One that was interrupted stays due, unless that came too often. Pure. */
function ended<R>(state: TaskState<R> | undefined, end: TaskEnd<R>): TaskState<R> {
  const { running: _running, owed, ...rest } = state ?? { version: 1, firstSeen: end.startedAt, handled: end.startedAt };
  if (end.end !== 'interrupted') return { ...rest, last: end, ...(end.end === 'done' ? { good: end } : {}) };
  if (owed !== undefined && owed.tries < MOST_TRIES) return { ...rest, owed, last: end };
  const message = `It was interrupted ${owed?.tries ?? MOST_TRIES} times`;
  return { ...rest, last: { ...end, end: 'failed', error: { code: 'interrupted', message } } };
}

/** A run that no schedule asked for was done: it counts as one that was. */
export async function noteDone<R>(store: Store, task: Task, end: TaskEnd<R>): Promise<void> {
  await taskStateOf<R>(store, task).update((current) => ({
    ...(current ?? { version: 1, ...standingOf(task, undefined, new Date(end.endedAt)).standing }),
    last: end,
    good: end,
  }));
}

/** What an error says, as it is kept. */
export function taskErrorOf(error: unknown): TaskError {
  return isRunbackError(error)
    ? { code: error.code, message: error.message, ...defined({ why: error.why }) }
    : { code: 'bug', message: messageOf(error) };
}

/** How a task stands, for people and programs. */
export interface TaskView<R> {
  readonly schedule?: string;
  readonly running?: { readonly since: string; readonly by: string };
  /** A run was stopped in the middle, and the next one cleans up after it. */
  readonly interrupted?: { readonly since: string };
  readonly due: boolean;
  readonly next?: string;
  readonly waits?: NonNullable<TaskState<R>['waits']>;
  readonly last?: TaskEnd<R>;
  readonly good?: TaskEnd<R>;
}

/** How a task stands now. */
export async function taskView<R>(task: Task, store: Store, now: Date): Promise<TaskView<R> & { readonly standing: Standing }> {
  const state = await taskStateOf<R>(store, task).read();
  const isAlive = await isAtWork(task, state, store);
  const { standing } = standingOf(task, state, now);
  const { running, waits, last, good } = state ?? {};
  return {
    ...defined({ schedule: task.schedule }),
    ...(running === undefined
      ? {}
      : isAlive
        ? { running: { since: running.startedAt, by: running.by } }
        : { interrupted: { since: running.startedAt } }),
    due: isDue(task, standing, now),
    ...defined({ next: nextRun(task, standing, now)?.toISOString(), waits, last, good }),
    standing,
  };
}

/** Whether a task is to be looked after now: it is due, was interrupted, or what is known of it has to be written down. */
export async function isTaskWanted<R>(task: Task, state: TaskState<R> | undefined, store: Store, now: Date): Promise<boolean> {
  const { standing, clockBackMs } = standingOf(task, state, now);
  if (state === undefined || clockBackMs !== undefined || standing.handled !== state.handled || isDue(task, standing, now)) return true;
  return state.running !== undefined && !(await isAtWork(task, state, store));
}

/** Whether the run that has begun may still be at work. */
async function isAtWork<R>({ lock }: Task, state: TaskState<R> | undefined, store: Store): Promise<boolean> {
  if (state?.running === undefined) return false;
  const holder = await store.lockHolder(lock);
  return holder !== undefined && holder.life !== 'dead' && holder.holder === state.running.run;
}
