import { stat } from 'node:fs/promises';

import { type CallOptions, type Clock, defined, isRunbackError, RunbackError } from '../../lib/index.js';
import {
  byAge,
  carried,
  type Catalog,
  NOTES_KIND,
  type SnapshotCopy,
  type SnapshotNotes,
  type SnapshotsAt,
  type SnapshotSummary,
  transfer,
} from '../../snapshots/index.js';
import type { Lock, Store } from '../../store/index.js';
import type { KeepConfig } from '../../workspace/index.js';
import { gradeOf } from '../grade.js';
import { factsFor, idsIn, type RuledJob } from '../prune/facts.js';
import { PRUNE_LOCK } from '../prune/prune.js';
import { judge } from '../retention/judge.js';
import type { StayReason } from '../retention/types.js';
import { nextTry } from './retry.js';
import { type CopyState, copyStateOf } from './state.js';

/** A copy, and which snapshots stay in it; without rules all of them. */
export interface KeptCopy extends SnapshotCopy {
  readonly keep?: KeepConfig;
  /** Where it is a folder: its path. */
  readonly folder?: string;
  /** Pruning of the workspace does not wait for it. */
  readonly required?: boolean;
  /** Duration: how long snapshots there are read again in a round of verification. */
  readonly verify?: string;
}

/** What copying works with. */
export interface CopyDeps {
  /** Of the workspace. */
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  /** The snapshots of the workspace, and where they lie. */
  readonly catalog: Catalog;
  readonly from: SnapshotsAt;
  readonly jobs: readonly RuledJob[];
  /** Duration: `restores.plan_max_age`. */
  readonly planMaxAge: string;
}

type Told = Pick<SnapshotSummary, 'id' | 'startedAt' | 'bytes' | 'job'>;

/** One that would stay in a copy and is not there. */
export interface WantedCopy {
  readonly snapshot: Told;
  readonly because: readonly StayReason[];
}

/** One that is not copied, since nobody can vouch for it. */
export interface LeftOut {
  readonly snapshot: Told;
  readonly why: string;
}

/** What copying to one place has come to. */
export interface CopyReport {
  readonly copy: string;
  readonly location: string;
  /** Another process copies there, or prunes: it does what is to be done, or the next run does. */
  readonly busy?: { readonly by?: string; readonly since?: string };
  readonly copied: readonly Told[];
  readonly leftOut: readonly LeftOut[];
  /** Not everything could be copied. */
  readonly error?: { readonly code: RunbackError['code']; readonly message: string; readonly why?: string; readonly next?: string };
}

/** Codes of errors of one snapshot, which hold up no other: it is not what was written, is gone, or another machine brings it there now. */
const OF_ONE: ReadonlySet<string> = new Set([
  'snapshot-damaged',
  'snapshot-replaced',
  'snapshot-foreign',
  'snapshot-newer',
  'not-found',
  'locked',
  'fenced',
]);

/** The jobs as a copy has them: with its own rules. */
export function jobsOfCopy(jobs: readonly RuledJob[], { keep }: Pick<KeptCopy, 'keep'>): readonly RuledJob[] {
  return jobs.map(({ keep: _keep, ...job }) => ({ ...job, ...defined({ keep }) }));
}

/** What is there, and what would be copied, oldest first. Changes nothing. */
export interface CopyPlan {
  readonly wanted: readonly WantedCopy[];
  readonly leftOut: readonly LeftOut[];
  readonly there: readonly SnapshotSummary[];
  /** Ids of files there that are not as they were written, as far as that is known. */
  readonly broken: readonly string[];
}

/**
 * Which snapshots of the workspace a copy lacks: those that its rules, or what guards a snapshot whatever they say, keep
 * among all that are here or there. What one builds on comes before it.
 */
export async function planCopy(deps: CopyDeps, copy: KeptCopy, call: CallOptions): Promise<CopyPlan> {
  const listed = new Set((await copy.storage.list(call)).map(({ name }) => name.replace(/\.zip$/u, '')));
  const [here, there] = [await deps.catalog.survey(), await copy.catalog.survey()];
  const known = new Set(there.snapshots.map(({ id }) => id));
  const all = [...there.snapshots, ...here.snapshots.filter(({ id }) => !known.has(id))];
  const { facts, summaries } = await factsFor({ ...deps, jobs: jobsOfCopy(deps.jobs, copy) }, all, []);
  const verdicts = new Map(judge(facts).map((verdict) => [verdict.id, verdict]));
  const wanted: WantedCopy[] = [];
  const leftOut: LeftOut[] = [];
  // An entry whose bytes are gone is no copy, and gets them again.
  const gone = new Set(there.ignored.flatMap((file) => (file.gone === true ? idsIn(file) : [])));
  const present = new Set([...listed, ...known].filter((id) => !gone.has(id)));
  for (const summary of summaries) {
    const verdict = verdicts.get(summary.id);
    if (present.has(summary.id) || verdict?.stays !== true) continue;
    const why = whyNot(summary, present);
    if (why === undefined) {
      present.add(summary.id);
      wanted.push({ snapshot: told(summary), because: verdict.because });
    } else leftOut.push({ snapshot: told(summary), why });
  }
  const damaged = there.snapshots.flatMap(({ id, damaged: found }) => (found === undefined ? [] : [id]));
  const unopened = there.ignored.flatMap((file) => (file.gone === true || file.unfinished === true ? [] : idsIn(file)));
  return { wanted, leftOut, there: there.snapshots, broken: [...damaged, ...unopened] };
}

const told = ({ id, startedAt, bytes, job }: SnapshotSummary): Told => ({ id, startedAt, bytes, ...defined({ job }) });

/** `present`: what is there, or is copied before it. */
function whyNot({ damaged, record, bases }: SnapshotSummary, present: ReadonlySet<string>): string | undefined {
  if (damaged !== undefined) return 'it is damaged';
  if (record === undefined) return 'nothing was recorded of it when it was made';
  const base = bases.find((id) => !present.has(id));
  return base === undefined ? undefined : `it builds on ${base}, which is not copied`;
}

/**
 * Copies what a copy lacks, oldest first. One process at a time copies to a place or prunes it. What was taken while others
 * were copied is copied as well. A snapshot that is damaged holds up none but those that build on it; where the place
 * itself fails, the next call continues. How it went is on record then; throws only where that cannot be written, or it is stopped.
 */
export async function copySnapshots(deps: CopyDeps, copy: KeptCopy, call: CallOptions): Promise<CopyReport> {
  const where = { copy: copy.name, location: copy.storage.location };
  let lock: Lock;
  try {
    lock = await copy.store.lock(
      PRUNE_LOCK,
      { by: deps.by, holder: `copy-${process.pid}`, purpose: `copying snapshots to ${copy.name}` },
      { breakDead: true, lapse: true },
    );
  } catch (error) {
    if (!isRunbackError(error, 'locked')) throw error;
    const { by, since } = error.data as { readonly by?: string; readonly since?: string };
    return { ...where, busy: defined({ by, since }), copied: [], leftOut: [] };
  }
  const round = new Round(deps, copy, lock, call);
  try {
    await round.begin();
    await round.run();
    await round.note(undefined);
    return { ...where, ...round.done };
  } catch (error) {
    if (!isRunbackError(error) || call.signal?.aborted === true) throw error;
    await round.note(error);
    const { code, message, why, next } = error;
    return { ...where, ...round.done, error: { code, message, ...defined({ why, next }) } };
  } finally {
    await lock.release();
  }
}

class Round {
  readonly #copied: Told[] = [];
  readonly #leftOut = new Map<string, LeftOut>();
  /** As it was seen last; undefined as long as it was not. */
  #there: SnapshotSummary[] | undefined;

  constructor(
    private readonly deps: CopyDeps,
    private readonly copy: KeptCopy,
    private readonly lock: Lock,
    private readonly call: CallOptions,
  ) {}

  get done(): Pick<CopyReport, 'copied' | 'leftOut'> {
    return { copied: this.#copied, leftOut: [...this.#leftOut.values()] };
  }

  /** Writes down that it has begun, so that one that is killed is gone on with. */
  async begin(): Promise<void> {
    const at = this.deps.clock.now().toISOString();
    await copyStateOf(this.deps.store, this.copy.name).update((current) => ({
      ...(current ?? { version: 1, firstSeen: at, at, newest: {}, snapshots: 0, bytes: 0 }),
      begun: at,
    }));
  }

  async run(): Promise<void> {
    await this.#requireFolder();
    await this.#followNotes();
    const tried = new Set<string>();
    let [isFirst, known] = [true, ''];
    for (;;) {
      const recorded = (await this.deps.store.list(NOTES_KIND)).join(' ');
      if (recorded === known) return;
      const { wanted, leftOut, there } = await planCopy(this.deps, this.copy, this.call);
      this.#there = [...there];
      for (const one of leftOut) this.#leftOut.set(one.snapshot.id, one);
      if (isFirst) await this.#discardLeft(new Set(wanted.map(({ snapshot }) => snapshot.id)));
      for (const { snapshot } of wanted.filter(({ snapshot: { id } }) => !tried.has(id))) {
        tried.add(snapshot.id);
        await this.#copyOne(snapshot);
      }
      [isFirst, known] = [false, recorded];
    }
  }

  /** A disk that is not mounted looks like a folder that is not there yet; made anew, it would lie on another disk. */
  async #requireFolder(): Promise<void> {
    const { name, folder } = this.copy;
    const before = (await copyStateOf(this.deps.store, name).read())?.snapshots ?? 0;
    if (folder === undefined || before === 0 || (await stat(folder).catch(() => undefined)) !== undefined) return;
    throw new RunbackError('file-unreadable', `The folder of the copy ${name} is gone: ${folder}`, {
      why: `It held ${before} ${before === 1 ? 'snapshot' : 'snapshots'} when it was looked at last. Its disk may not be mounted.`,
      state: 'Nothing was copied.',
      next: `Mount it, then: runback backup copy ${name}. If it is meant to be empty, make the folder first.`,
    });
  }

  /** What is said of snapshots here is kept there too, for when they are gone here. */
  async #followNotes(): Promise<void> {
    const { store } = this.copy;
    const here = new Set(await this.deps.store.list(NOTES_KIND));
    for (const id of await store.list(NOTES_KIND))
      if (here.has(id)) await store.document<SnapshotNotes>(NOTES_KIND, id).update((current) => current ?? { version: 1, pinned: false });
  }

  /** Removes what killed processes left of snapshots that are there by now, or are wanted no more. */
  async #discardLeft(wanted: ReadonlySet<string>): Promise<void> {
    const { storage } = this.copy;
    for (const name of await storage.unfinished()) if (!wanted.has(name.replace(/\.zip$/u, ''))) await storage.discard(name);
  }

  async #copyOne(snapshot: Told): Promise<void> {
    const { id } = snapshot;
    this.call.signal?.throwIfAborted();
    await this.lock.check();
    const summary = await this.deps.catalog.resolve(id).catch(ofOne);
    if (summary instanceof RunbackError) {
      this.#leftOut.set(id, { snapshot, why: summary.message });
      return;
    }
    const failed = await transfer(
      {
        id,
        from: this.deps.from,
        to: this.copy,
        still: async () => {
          await this.lock.check();
          await this.#requireBases(summary);
        },
        notes: (known, { seal }) => known && noted(known, seal),
      },
      this.call,
    )
      .then(async () => await this.#requireBasesStill(summary))
      .then(
        () => undefined,
        async (error: unknown) => ((await this.#cameFromElsewhere(id, error)) ? undefined : ofOne(error)),
      );
    if (failed !== undefined) this.#leftOut.set(id, { snapshot, why: failed.message });
    else {
      this.#copied.push(snapshot);
      this.#there?.push(summary);
    }
  }

  /** None is there whose base is not: a base that could not be copied, or that another machine has pruned since. */
  async #requireBases({ id, bases }: SnapshotSummary): Promise<void> {
    if (bases.length === 0) return;
    const there = new Set((await this.copy.storage.list(this.call)).map(({ name }) => name));
    const base = bases.find((one) => !there.has(`${one}.zip`));
    if (base !== undefined)
      throw new RunbackError('not-found', `It builds on ${base}, which is not in ${this.copy.name}`, { state: `${id} was not copied.` });
  }

  /** Locks are seen on this machine only: another one may have pruned a base in that very moment. */
  async #requireBasesStill(summary: SnapshotSummary): Promise<void> {
    try {
      await this.#requireBases(summary);
    } catch (error) {
      if (isRunbackError(error, 'not-found')) {
        await this.copy.storage.delete(`${summary.id}.zip`);
        await this.copy.store.document(NOTES_KIND, summary.id).delete();
      }
      throw error;
    }
  }

  /** Another machine was quicker. What this one had sent is removed. */
  async #cameFromElsewhere(id: string, error: unknown): Promise<boolean> {
    const { storage } = this.copy;
    if (!isRunbackError(error, 'storage-refused')) return false;
    const isThere = (await storage.list(this.call).catch(() => [])).some(({ name }) => name === `${id}.zip`);
    if (isThere) await storage.discard(`${id}.zip`);
    return isThere;
  }

  /** Writes down how it went. What could not be seen stays as it was seen last. */
  async note(error: RunbackError | undefined): Promise<void> {
    const at = this.deps.clock.now().toISOString();
    const there = this.#there;
    await copyStateOf(this.deps.store, this.copy.name).update((current): CopyState => {
      const seen =
        there === undefined
          ? { newest: current?.newest ?? {}, snapshots: current?.snapshots ?? 0, bytes: current?.bytes ?? 0 }
          : { newest: newestIn(there), snapshots: there.length, bytes: there.reduce((sum, { bytes }) => sum + bytes, 0) };
      const tries = (current?.failing?.tries ?? 0) + 1;
      const failing = error && {
        since: current?.failing?.since ?? at,
        tries,
        next: nextTry(tries, this.deps.clock.now()),
        code: error.code,
        message: error.message,
        ...defined({ why: error.why }),
      };
      return { version: 1, firstSeen: current?.firstSeen ?? at, at, ...defined({ failing }), ...seen };
    });
  }
}

/** The error of one snapshot; throws any other. */
function ofOne(error: unknown): RunbackError {
  if (isRunbackError(error) && OF_ONE.has(error.code)) return error;
  throw error;
}

/** What is noted of a snapshot in a copy: what is noted of it here. Its bytes are those that were verified. */
function noted(known: SnapshotNotes, seal: string | undefined): SnapshotNotes {
  const { digest, verifiedAt, record } = known;
  const isVerified = verifiedAt !== undefined && digest !== undefined && record?.digest === digest;
  return {
    ...carried(known),
    ...defined({ record: record && { ...record, ...defined({ seal }) } }),
    ...(isVerified ? { digest, verifiedAt } : {}),
  };
}

/** By job: the newest good snapshot. */
function newestIn(there: readonly SnapshotSummary[]): CopyState['newest'] {
  const good = there.filter((one) => one.job !== undefined && gradeOf(one) === 'good').sort(byAge);
  return Object.fromEntries(good.map(({ id, startedAt, job = '' }) => [job, { snapshot: id, startedAt }]));
}
