import { type Clock, defined, isRunbackError, messageOf, newId } from '../../lib/index.js';
import { type Catalog, NOTES_KIND, type SnapshotNotes, type SnapshotSummary } from '../../snapshots/index.js';
import type { Lock, LockInfo, Store } from '../../store/index.js';
import type { JobConfig } from '../../workspace/index.js';
import { isDue, MOST_TRIES, nextRun, nextTry, standingOf } from '../schedule/due.js';
import { watchSnapshot } from '../watch/watch.js';
import {
  type MeteredPlatform,
  quotaViews,
  type QuotaView,
  quotaWait,
  type QuotaWait,
  type RunLimits,
  stillWaits,
  windowOf,
  withinLimits,
} from './limits.js';
import { type BaseTrouble, type JobEnd, jobLock, type JobState, type RunningJob, stateOf } from './state.js';

/** What runs of jobs work with. */
export interface JobDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** The person, or `daemon`. */
  readonly by: string;
  /** Stops the run. */
  readonly signal: AbortSignal;
}

/** What a run does to the world, done by whoever has a session. */
export interface JobHands {
  /** Id of an incident that is open on one of these platforms, for which a scheduled run waits. */
  readonly incidentOn: (platforms: readonly string[]) => Promise<string | undefined>;
  /** Resumes the syncs that an interrupted run left paused; gives their names. */
  readonly resume: (holder: string) => Promise<readonly string[]>;
  /** Those of these platforms that count requests by the day, with what they say of today. */
  readonly metered: (platforms: readonly string[]) => Promise<readonly MeteredPlatform[]>;
  /** Takes the snapshot, marked with the job. `pause`: holder of the pause of the syncs, which are resumed after it. */
  readonly take: (job: JobConfig, pause: string | undefined, signal: AbortSignal) => Promise<Taken>;
}

/** What taking a snapshot gives. */
export interface Taken {
  readonly snapshot: SnapshotSummary;
  /** What it was to build on is damaged. */
  readonly base?: BaseTrouble;
  /** Requests that were made for it, by the name of the platform. */
  readonly requests?: Readonly<Record<string, number>>;
}

/** Why a run that is due does not begin. `opens`: absent where no opening comes within a week. */
export type Waiting = { readonly incident: string } | { readonly window: { readonly opens?: string } } | { readonly quota: QuotaWait };

/** An earlier run of the job that was stopped in the middle, and what became of it. */
export interface Interrupted {
  readonly run: string;
  readonly startedAt: string;
  /** Syncs that it left paused, and that run again. */
  readonly resumed: readonly string[];
  /** Its snapshot, where that was complete when it was stopped. */
  readonly snapshot?: string;
}

/** What a run by schedule would have waited for, and a person did not. */
export interface Anyway {
  readonly incident?: string;
  readonly outside?: { readonly opens?: string };
  readonly quota?: QuotaWait;
}

/** What a call has come to. */
export type JobOutcome = { readonly interrupted?: Interrupted; readonly clockBackMs?: number } & (
  | { readonly state: 'not-due'; readonly next?: string }
  | { readonly state: 'running'; readonly holder: LockInfo }
  | ({ readonly state: 'waits' } & Waiting)
  /** `incident`, `outside`, `quota`: one that is open on its platforms, its closed window, and a day of which others get less than half: no reason to wait. */
  | ({ readonly state: 'taken'; readonly quotas: readonly QuotaView[] } & Anyway & Taken)
);

/**
 * Runs a job once: with `due` only where its schedule says so, its window is open, no incident is open on its platforms
 * and it leaves half of the requests of the day to others, else because someone wants it now. One run of a job at a time: another one gives `running` with `due`, and throws `locked` without.
 *
 * Before anything is done, it is on disk that the run has begun. So the next call knows of one that was killed: it
 * resumes the syncs that were left paused, keeps a snapshot that was complete, and the next snapshot removes what was
 * not. Throws what taking a snapshot throws; how it ended is on record then.
 */
export async function runJob(job: JobConfig, deps: JobDeps, hands: JobHands, { due }: { readonly due: boolean }): Promise<JobOutcome> {
  const { store, clock, by } = deps;
  const id = newId('backup', clock);
  let lock: Lock;
  try {
    lock = await store.lock(jobLock(job.name), { by, holder: id, purpose: `the backup job ${job.name}` }, { breakDead: true, lapse: true });
  } catch (error) {
    const holder = isRunbackError(error, 'locked') ? await store.lockHolder(jobLock(job.name)) : undefined;
    if (!due || holder === undefined) throw error;
    return { state: 'running', holder };
  }
  try {
    return await new JobRun(id, job, deps, hands).run(due);
  } finally {
    await lock.release();
  }
}

/** One call, under the lock of its job. */
class JobRun {
  readonly #document: ReturnType<typeof stateOf>;

  constructor(
    private readonly id: string,
    private readonly job: JobConfig,
    private readonly deps: JobDeps,
    private readonly hands: JobHands,
  ) {
    this.#document = stateOf(deps.store, job.name);
  }

  async run(ifDue: boolean): Promise<JobOutcome> {
    const interrupted = await this.#settle().catch(async (error: unknown) => await this.#notSettled(error));
    const now = this.deps.clock.now();
    const before = await this.#document.read();
    const { standing, clockBackMs } = standingOf(this.job, before, now);
    const state: JobState = { ...without(before, 'schedule', 'owed'), ...standing };
    const said = defined({ interrupted, clockBackMs });
    const due = isDue(this.job, standing, now);
    if (ifDue && !due) {
      await this.#keep(without(state, 'waits'));
      return { state: 'not-due', ...said, ...defined({ next: nextRun(this.job, standing, now)?.toISOString() }) };
    }
    const window = windowOf(this.job, now);
    const outside = window?.isOpen === false ? defined({ opens: window.opens?.toISOString() }) : undefined;
    if (ifDue && outside !== undefined) {
      await this.#keep(state);
      return { state: 'waits', window: outside, ...said };
    }
    const incident = await this.hands.incidentOn(this.job.platforms);
    if (ifDue && incident !== undefined) return await this.#wait(state, { incident }, said);
    const known = state.waits !== undefined && 'quota' in state.waits ? state.waits.quota : undefined;
    if (ifDue && stillWaits(known, now)) return await this.#wait(state, { quota: known }, said);
    const metered = await this.hands.metered(this.job.platforms);
    const quotas = quotaViews(metered, state.requests);
    const quota = quotaWait(quotas, now);
    if (ifDue && quota !== undefined) return await this.#wait(state, { quota }, said);
    const limits = ifDue ? { closes: window?.isOpen === true ? window.closes : undefined, metered } : { closes: undefined, metered: [] };
    return { state: 'taken', quotas, ...(await this.#take(state, due, now, limits)), ...said, ...defined({ incident, outside, quota }) };
  }

  /** Writes down what a run that is due waits for. */
  async #wait(
    state: JobState,
    what: { readonly incident: string } | { readonly quota: QuotaWait },
    said: Pick<JobOutcome, 'interrupted' | 'clockBackMs'>,
  ): Promise<JobOutcome> {
    await this.#keep({ ...state, waits: { since: state.waits?.since ?? this.deps.clock.now().toISOString(), ...what } });
    return { state: 'waits', ...what, ...said };
  }

  /** Ends what a run that did not come to its end left behind. */
  async #settle(): Promise<Interrupted | undefined> {
    const state = await this.#document.read();
    if (state?.running === undefined) return undefined;
    const { running } = state;
    const resumed = running.pause === undefined ? [] : await this.hands.resume(running.pause);
    const made = await this.#madeBy(running);
    await this.#ended(running, made === undefined ? { end: 'interrupted' } : endOf(made));
    return { run: running.run, startedAt: running.startedAt, resumed, ...defined({ snapshot: made?.id }) };
  }

  /** What an interrupted run left cannot be cleaned up: the next call tries again, and people are told. */
  async #notSettled(error: unknown): Promise<never> {
    const at = this.deps.clock.now().toISOString();
    const last: JobEnd = { run: this.id, startedAt: at, endedAt: at, end: 'failed', error: errorOf(error) };
    await this.#document.update((current) => ({ ...(current ?? { version: 1, firstSeen: at, handled: at }), last })).catch(() => undefined);
    throw error;
  }

  /** The snapshot that an interrupted run had completed, if it came so far: one run of a job is at work at a time. */
  async #madeBy({ after }: RunningJob): Promise<SnapshotSummary | undefined> {
    const { store, catalog } = this.deps;
    for (const id of (await store.list(NOTES_KIND)).filter((one) => one > after).toReversed()) {
      const notes = await store.document<SnapshotNotes>(NOTES_KIND, id).read();
      if (notes?.job !== this.job.name) continue;
      const found = await catalog.resolve(id).catch((error: unknown) => {
        if (isRunbackError(error)) return undefined;
        throw error;
      });
      // It may have been stopped before the snapshot was judged.
      if (found !== undefined) return found.watch?.state === 'pending' ? await watchSnapshot(this.job, id, this.deps) : found;
    }
    return undefined;
  }

  async #take(state: JobState, due: boolean, now: Date, limits: RunLimits): Promise<Taken> {
    const { store, by, clock, signal } = this.deps;
    const startedAt = now.toISOString();
    const pause = this.job.pause_syncs || this.job.syncs === 'pause' ? newId('snapshot-pause', clock) : undefined;
    const running: RunningJob = { run: this.id, startedAt, by, after: (await store.list(NOTES_KIND)).at(-1) ?? '', ...defined({ pause }) };
    const owed = due ? nextTry(state.owed, startedAt) : undefined;
    await this.#keep({ ...without(state, 'waits', 'owed'), handled: startedAt, running, ...defined({ owed }) });
    let taken: Taken;
    try {
      const made = await withinLimits(limits, { clock, signal }, async (until) => await this.hands.take(this.job, pause, until));
      taken = { ...made, snapshot: await watchSnapshot(this.job, made.snapshot.id, this.deps) };
    } catch (error) {
      // The state folder may be what fails: then the next call finds a run that did not come to its end.
      await this.#ended(running, signal.aborted ? { end: 'interrupted' } : { end: 'failed', error: errorOf(error) }).catch(() => undefined);
      throw error;
    }
    await this.#ended(running, { ...endOf(taken.snapshot), ...defined({ base: taken.base }) }, taken.requests);
    return taken;
  }

  /** Writes down how a run has ended. One that was interrupted stays due, where it was, unless that came too often. */
  async #ended(
    { run, startedAt }: RunningJob,
    how: Pick<JobEnd, 'end' | 'snapshot' | 'error' | 'base' | 'suspect'>,
    requests?: Taken['requests'],
  ): Promise<void> {
    const times = { run, startedAt, endedAt: this.deps.clock.now().toISOString() };
    await this.#document.update((current) => {
      const { owed, ...rest } = without(current, 'running');
      const spent = how.end === 'interrupted' && owed !== undefined && owed.tries >= MOST_TRIES;
      const last: JobEnd = { ...times, ...(spent ? { end: 'failed', error: tooOften(owed.tries) } : how) };
      const whole =
        how.end === 'done' && how.snapshot !== undefined && how.suspect === undefined ? { snapshot: how.snapshot, startedAt } : rest.whole;
      // One that left something out took fewer than a whole one does.
      const needs = how.end === 'done' && requests !== undefined ? requests : rest.requests;
      return { ...rest, ...defined({ owed: how.end === 'interrupted' && !spent ? owed : undefined, whole, requests: needs }), last };
    });
  }

  async #keep(state: JobState): Promise<void> {
    await this.#document.update(() => state);
  }
}

/** How a run has ended that has taken this snapshot. */
function endOf({ id, gaps, suspect }: SnapshotSummary): Pick<JobEnd, 'end' | 'snapshot' | 'suspect'> {
  return { end: gaps.length === 0 ? 'done' : 'gaps', snapshot: id, ...(suspect === undefined ? {} : { suspect: true }) };
}

function without<K extends keyof JobState>(state: JobState | undefined, ...names: readonly K[]): Omit<JobState, K> {
  const kept = { ...(state ?? { version: 1, firstSeen: '', handled: '' }) };
  for (const name of names) delete (kept as Partial<JobState>)[name];
  return kept;
}

const tooOften = (tries: number): NonNullable<JobEnd['error']> => ({ code: 'interrupted', message: `It was interrupted ${tries} times` });

function errorOf(error: unknown): NonNullable<JobEnd['error']> {
  return isRunbackError(error)
    ? { code: error.code, message: error.message, ...defined({ why: error.why }) }
    : { code: 'bug', message: messageOf(error) };
}
