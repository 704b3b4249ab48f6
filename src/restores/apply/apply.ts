import { platformLock } from '../../connectors/index.js';
import { counted, type CallOptions, defined, isRunbackError, newId, parseDuration, RunbackError, type SendGuard } from '../../lib/index.js';
import { guardOf, type JournalWriter, type Lock, type LockOwner } from '../../store/index.js';
import type { RestoreConfig } from '../../workspace/index.js';
import type { RestoreDeps } from '../plan/plan.js';
import type { Batches } from '../records/batches.js';
import { checkAccount, checkNamed } from '../records/bound.js';
import { giveBackDead, restoreHolders, takePlatform, type HolderLook } from '../records/holders.js';
import type { PlatformMade } from '../records/items.js';
import {
  createdOf,
  EXACT,
  foldRestore,
  readRecreations,
  RestoreFold,
  RESTORES,
  type AcceptedAutomations,
  type RestoreCreated,
  type RestoreState,
} from '../records/journal.js';
import { isLeft, leftCounts, mayPassNow } from '../records/left.js';
import { checkConfirmation, checkPlan, readPlan, type Approval, type RestoreLimits } from '../records/plan-file.js';
import { tallyOf } from '../records/tally.js';
import type { Plan, RestoreSummary } from '../types.js';
import { madeByPlatform, plannedLinks } from './looking/beside-links.js';
import { thereNow } from './looking/their-time.js';
import type { PlanStep } from './sending/batching.js';
import { execute, settle } from './sending/execute.js';
import type { Execution } from './sending/execution.js';
import { stopOf, type Stop } from './sending/results.js';
import { broughtSteps } from './steps/link-steps.js';
import { planSteps, putBackSteps, type Held } from './steps/plan-steps.js';

/** What is to be applied, and who allows it. */
export interface ApplyRequest {
  /** Id of the plan. */
  readonly plan: string;
  /** Person or job. */
  readonly by: string;
  /** `<environment>:<records>`, as a person typed it. */
  readonly confirmed?: string;
  /** Limits of the runbook or the operator; the stricter of these and those of the workspace hold. */
  readonly limits?: RestoreLimits;
  /** Approvals of plans over the limits. */
  readonly approvals?: readonly Approval[];
  /**
   * Incidents that are open on the platform, where it is begun by hand: what it belongs to is kept with it, and never
   * worked out from times.
   */
  readonly incidents?: readonly string[];
}

/** What applying needs beside what planning needs. */
export interface ApplyDeps extends RestoreDeps {
  /** `restores` of runback.yml. */
  readonly config: RestoreConfig;
  /** The caller holds {@link platformLock} of this platform already, as a run of a runbook does. */
  readonly lockHeld?: boolean;
  /** The run that this is a step of. */
  readonly run?: string;
  /** Key of the step of that run: what it finds its restore by, whatever the clocks say. */
  readonly step?: string;
  /**
   * Automations that are not paused and react to what is written, and who accepts that. Kept in the line that begins the restore, its
   * resume or its undo.
   */
  readonly accepted?: AcceptedAutomations;
  /** Tells what became of a dead holder of the platform's lock; by default only what became of restores. */
  readonly holders?: HolderLook;
}

/**
 * Applies a plan: journaled batch by batch, resumable at any point, undoable. Resolves when everything was tried:
 * `done` where all of it is on the platform, else `partial`, with what was left counted in the summary.
 *
 * Throws before anything is written: `plan-tampered`, `plan-other-account`, `plan-stale`, `over-limit`,
 * `confirmation-missing`, `confirmation-wrong`, `locked`. Throws with `data: {restore, summary}` when it stops on its
 * way: `restore-stopped` (first batch, rates), `interrupted` (signal), `in-doubt`, `restore-incomplete`, and codes of
 * the platform.
 */
export async function applyRestore(request: ApplyRequest, deps: ApplyDeps, options: CallOptions = {}): Promise<RestoreSummary> {
  const { store, clock, platform, config } = deps;
  const plan = await readPlan(store, request.plan);
  const conditions = {
    limits: stricter(config.limits, request.limits ?? {}),
    approvals: request.approvals ?? [],
    maxAgeMs: parseDuration(config.plan_max_age),
    ...defined({ movedTo: deps.movedTo }),
  };
  checkPlan(plan, platform, clock.now(), conditions);
  checkConfirmation(plan.header, request.confirmed);
  platform.connector.beginWrite?.(options);
  const id = newId('restore', clock, await store.journals(RESTORES));
  const created: RestoreCreated = {
    plan: plan.header.id,
    hash: plan.hash,
    platform: platform.name,
    account: platform.identity.account,
    total: totalOf(plan),
    confirmed: request.confirmed ?? '',
    settings: { canary: config.canary, errorsPercent: config.stop_at.errors_percent, skippedPercent: config.stop_at.skipped_percent },
    approvals: conditions.approvals,
    ...defined({ run: deps.run }),
    step: deps.step ?? null,
    ...thereNow(platform),
    ...defined({ incidents: request.incidents, accepted: deps.accepted }),
  };
  const held = await hold(deps, { id, run: deps.run }, request.by);
  return await holding(held, async ({ writer }) => {
    await writer.append({ by: request.by, type: 'restore.created', data: { ...created } });
    await journalLock(held, request.by);
    return await run(plan, held, request.by, deps, options);
  });
}

/**
 * Goes on with a restore that stopped or was killed, from its journal alone: settles what is in doubt, then writes what
 * is left. Of one that ended `partial` it tries again what may pass now, and nothing twice. Does nothing where nothing
 * is left to try. Throws as {@link applyRestore} does, `not-found`, and `usage` where it was undone.
 */
export async function resumeRestore(id: string, by: string, deps: ApplyDeps, options: CallOptions = {}): Promise<RestoreSummary> {
  return await goOn(id, by, deps, resumeStanding, {}, async (plan, held) => {
    await held.writer.append({ by, type: 'restore.resumed', data: defined({ accepted: deps.accepted }) });
    await journalLock(held, by);
    return await run(plan, held, by, deps, options);
  });
}

/**
 * The summary of a restore that a resume has nothing to do for; undefined for one to go on with. Throws `usage` for one
 * that was undone.
 */
function resumeStanding({ id, summary }: RestoreState): RestoreSummary | undefined {
  if (summary.state === 'done' || (summary.state === 'partial' && !mayPassNow(summary))) return summary;
  if (summary.state === 'undoing' || summary.state === 'undone' || summary.state === 'undo_failed')
    throw new RunbackError('usage', `Restore ${id} is being undone or was undone; it cannot be resumed`, {
      state: 'Nothing was written now.',
      next: summary.state === 'undone' ? `Apply its plan again: runback restore apply ${summary.plan}` : `runback restore undo ${id}`,
    });
  return undefined;
}

/**
 * Goes on with a restore that has begun. Its journal is read once, by whoever opens it for append: what is so is only
 * known under its lock. `standing`: its summary where nothing is left to do. Where it cannot be gone on with (no plan,
 * another account, locked), that is looked at without a lock, and says more than the hindrance.
 */
export async function goOn(
  id: string,
  by: string,
  deps: ApplyDeps,
  standing: (state: RestoreState) => RestoreSummary | undefined,
  options: { readonly keepApplied?: boolean },
  work: (plan: Plan, held: HeldRestore) => Promise<RestoreSummary>,
): Promise<RestoreSummary> {
  const created = await createdOf(deps.store, id);
  let plan: Plan;
  let held: HeldRestore;
  try {
    plan = await readPlan(deps.store, created.plan);
    checkAccount(plan.header, deps.platform, deps.movedTo);
    checkNamed(deps.platform);
    held = await hold(deps, { id, run: created.run }, by, options);
  } catch (error) {
    const over = isRunbackError(error, 'journal-damaged') ? undefined : standing(await foldRestore(deps.store, id));
    if (over === undefined) throw error;
    await giveBack(deps, id, by);
    return over;
  }
  const over = await holding(held, async ({ fold }) => {
    const summary = standing(fold.state());
    if (summary !== undefined) return { summary };
    return { summary: await work(plan, held) };
  });
  return over.summary;
}

async function run(plan: Plan, { fold, writer, guard }: HeldRestore, by: string, deps: ApplyDeps, options: CallOptions): Promise<RestoreSummary> {
  const { store, platform } = deps;
  const state = fold.state();
  const execution: Execution = {
    platform,
    schema: plan.schema,
    writer,
    guard,
    by,
    kind: 'batch',
    batches: state.apply,
    settings: state.created.settings,
    canary: !state.canaryPassed,
    recreations: readRecreations(store, platform, state.id),
    total: state.created.total,
    task: `Restoring ${platform.name}`,
  };
  const held: Held[] = [];
  const steps = (): AsyncIterable<readonly PlanStep[]> => {
    held.length = 0;
    // Of a restore that has written nothing yet, no change is over.
    const over = state.apply.isUntouched ? undefined : (n: number): boolean => state.apply.isOver(n);
    return planSteps(plan.linesTogether(over), state.apply, held);
  };
  const stop =
    (await executeAll(execution, steps, options)) ??
    (await execute({ ...execution, canary: false }, putBackSteps(held, state.apply), options)) ??
    (await execute(
      { ...execution, canary: false },
      broughtSteps(plan.schema, state.apply, () => plannedLinks(plan, state.apply)),
      options,
    )) ??
    unfinished(state.apply) ??
    (await journalMade(writer, by, () => madeByPlatform(execution, plan, state.apply, state.began, options)));
  if (stop === undefined) {
    const ended = isLeft(leftCounts(state.apply)) ? 'partial' : 'done';
    await writer.append({ by, type: 'restore.closed', data: { state: ended, ...tallyOf(state.apply) } });
    return fold.state().summary;
  }
  await writer.append({
    by,
    type: 'restore.stopped',
    data: { code: stop.code, because: stop.because, ...vendorTrace(stop), ...tallyOf(state.apply) },
  });
  throw stopped(fold.state().summary, stop, 'resume', deps.lockHeld === true);
}

/**
 * Settles what is in doubt, writes what is left, and then tries again what an earlier session was refused: the platform
 * may take it now. That comes last, and its refusals are not counted into the rate, so that the rest is never held up
 * by it.
 */
export async function executeAll(
  execution: Execution,
  steps: () => AsyncIterable<readonly PlanStep[]>,
  options: CallOptions,
): Promise<Stop | undefined> {
  const { batches, settings } = execution;
  const { rejected } = batches;
  const stop = (await settle(execution, options)) ?? (await execute(execution, steps(), options));
  if (stop !== undefined || rejected.length === 0) return stop;
  const forgotten = batches.forget(rejected);
  try {
    // What was refused before says nothing about a batch of which nothing takes: else the restore would stop there for
    // ever.
    return await execute({ ...execution, canary: false, settings: { ...settings, errorsPercent: 100 } }, steps(), options);
  } finally {
    batches.recall(forgotten);
  }
}

/**
 * The error a restore or its undo ends with before its end: with the platform's own reason and cure, where there is
 * one. `inRun`: a run goes on with it by itself, so that no command of its own is named.
 */
export function stopped(summary: RestoreSummary, stop: Stop, verb: 'resume' | 'undo', inRun: boolean): RunbackError {
  const { id, applied, total, inDoubt } = summary;
  const what = verb === 'resume' ? 'Restore' : 'The undo of restore';
  const doubt = inDoubt > 0 ? ` ${inDoubt} may or may not have happened.` : '';
  const cause = isRunbackError(stop.cause) ? stop.cause : undefined;
  const goOn =
    verb === 'resume'
      ? `Continue: runback restore resume ${id}. Or put back what was written: runback restore undo ${id}`
      : `Continue: runback restore undo ${id}`;
  const next = [cause?.next, inRun ? undefined : goOn].filter((part) => part !== undefined).join('\n');
  return new RunbackError(stop.code, `${what} ${id} stopped: ${stop.because}`, {
    ...(cause?.why === undefined ? {} : { why: cause.why }),
    state:
      verb === 'resume'
        ? `${applied} of ${total} changes are on the platform.${doubt} Every one is journaled.`
        : 'What was put back so far stays put back, and is journaled.',
    ...(next === '' ? {} : { next }),
    data: { restore: id, summary, ...vendorTrace(stop) },
    ...defined({ cause: stop.cause }),
  });
}

/** The id that the platform's support asks for, where its error had one. */
export function vendorTrace({ cause }: Stop): { readonly correlationId?: string } {
  const id = isRunbackError(cause) ? cause.data['correlationId'] : undefined;
  return typeof id === 'string' ? { correlationId: id } : {};
}

/** Why a restore that came to the end of its plan is not done. */
export function unfinished(batches: Batches): Stop | undefined {
  const doubtful = [...batches.statuses.having('in_doubt')].length;
  const failed = [...batches.statuses.having('failed')].length;
  if (doubtful > 0)
    return { code: 'in-doubt', because: `${counted(doubtful, 'changes')} may or may not have happened, and the platform cannot tell` };
  if (failed > 0) return { code: 'restore-incomplete', because: `${counted(failed, 'changes')} failed twice and may work later` };
  return undefined;
}

/** A restore that this process works on, alone. */
export interface HeldRestore {
  /** Lines written through it are taken into `fold`. */
  readonly writer: JournalWriter;
  /** What the journal says. */
  readonly fold: RestoreFold;
  /** Of the platform; undefined where the caller holds it. */
  readonly lock: Lock | undefined;
  /** Under which changes are sent: that lock, also where the caller holds it. */
  readonly guard: SendGuard;
}

/**
 * Takes the platform's lock and the journal, reading it on the way; {@link takePlatform} says whose lock it takes over
 * from a process that is gone.
 */
export async function hold(
  deps: ApplyDeps,
  { id, run }: { readonly id: string; readonly run: string | undefined },
  by: string,
  options: { readonly keepApplied?: boolean } = {},
): Promise<HeldRestore> {
  const { store, platform } = deps;
  const owner = ownerOf(deps, id, by);
  const taker = { owner, look: deps.holders ?? restoreHolders(store), ...defined({ run }) };
  const lock = deps.lockHeld === true ? undefined : await takePlatform(store, platformLock(platform), taker);
  try {
    // Of a run that holds it, its store gives the very lock.
    const guard = guardOf(lock ?? (await store.lock(platformLock(platform), owner)));
    const fold = new RestoreFold(id, options);
    const writer = await store.journal(RESTORES, id).open(owner, { exact: EXACT, whole: true, visit: (entry) => fold.take(entry) });
    return { writer: noting(writer, fold), fold, lock, guard };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** A writer whose lines a fold takes note of. */
function noting(writer: JournalWriter, fold: RestoreFold): JournalWriter {
  return {
    get lastHash() {
      return writer.lastHash;
    },
    get broke() {
      return writer.broke;
    },
    lease: writer.lease,
    close: () => writer.close(),
    append: async (entry, options) => {
      const written = await writer.append(entry, options);
      fold.note(written);
      return written;
    },
  };
}

/** Steps on a restore that is held, and gives it back. */
export async function holding<T>(held: HeldRestore, work: (held: HeldRestore) => Promise<T>): Promise<T> {
  try {
    return await work(held);
  } finally {
    try {
      await held.writer.close();
    } finally {
      await held.lock?.release();
    }
  }
}

/** Gives the lock back that a process left which was killed when this restore had come to its end already. */
export async function giveBack(deps: ApplyDeps, id: string, by: string): Promise<void> {
  if (deps.lockHeld !== true) await giveBackDead(deps.store, platformLock(deps.platform), ownerOf(deps, id, by));
}

function ownerOf({ platform }: ApplyDeps, id: string, by: string): LockOwner {
  return { by, holder: id, purpose: `restore of ${platform.name}` };
}

/** Journals which lock is held, and from whom it was taken where that process was dead (G5). */
export async function journalLock({ writer, lock }: HeldRestore, by: string): Promise<void> {
  if (lock !== undefined) await writer.append({ by, type: 'lock.acquired', data: { name: lock.name, ...defined({ broke: lock.broke }) } });
}

/** Journals what the platform made beside the records that were created. A stop where it cannot be asked. */
export async function journalMade(writer: JournalWriter, by: string, look: () => Promise<PlatformMade>): Promise<Stop | undefined> {
  try {
    const made = await look();
    if (made.links.length + (made.wanted ?? []).length + made.records.length > 0)
      await writer.append({ by, type: 'restore.beside', data: { ...made } });
    return undefined;
  } catch (error) {
    return stopOf(error);
  }
}

function totalOf(plan: Plan): number {
  return Object.values(plan.header.counts.actions).reduce((sum, count) => sum + count, 0);
}

export function stricter(a: RestoreLimits, b: RestoreLimits): RestoreLimits {
  const least = (x: number | undefined, y: number | undefined): number | undefined => (x === undefined ? y : y === undefined ? x : Math.min(x, y));
  const records = least(a.records, b.records);
  const percent = least(a.percent, b.percent);
  return { ...defined({ records, percent }) };
}
