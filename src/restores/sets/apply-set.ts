import { type CallOptions, defined, isRunbackError, parseDuration, RunbackError } from '../../lib/index.js';
import type { Lock, Store } from '../../store/index.js';
import { type ApplyDeps, applyRestore, resumeRestore, stricter } from '../apply/apply.js';
import { undoRestore } from '../apply/undo.js';
import { mayPassNow } from '../records/left.js';
import { type Approval, checkPlan, confirmationOf, type RestoreLimits } from '../records/plan-file.js';
import type { Plan, RestoreSummary } from '../types.js';
import { plansOf } from './set-file.js';
import { restoresOf, type SideStanding } from './standing.js';
import type { PlanSet } from './types.js';

/** Who allows that a set is applied. */
export interface ApplySetRequest {
  readonly by: string;
  /** As {@link setConfirmation} wants it. */
  readonly confirmed: string | undefined;
  readonly limits?: RestoreLimits;
  /** Approvals by platform. */
  readonly approvals: ReadonlyMap<string, readonly Approval[]>;
  /** Incidents that are open on a platform. */
  readonly incidents: ReadonlyMap<string, readonly string[]>;
}

/** What applying a set works with. */
export interface ApplySetDeps {
  readonly store: Store;
  readonly depsOf: (platform: string) => ApplyDeps;
}

/** What became of one side. `restore` is absent where its plan writes nothing. */
export interface SideOutcome {
  readonly platform: string;
  readonly plan: string;
  readonly restore?: RestoreSummary;
}

/** The plans that were not begun, joined: `sandbox:12+production:3`; undefined where all were. */
export function setConfirmation(standings: readonly SideStanding[], plans: ReadonlyMap<string, Plan>): string | undefined {
  const open = standings.flatMap(({ platform, restore }) => {
    const plan = plans.get(platform);
    return restore === undefined && plan !== undefined && writes(plan) ? [confirmationOf(plan.header)] : [];
  });
  return open.length === 0 ? undefined : open.join('+');
}

/**
 * Applies the plans of a set, one after the other; goes on where it was stopped or killed, and writes nothing twice. Before
 * anything is written, each plan that was not begun is checked for what would refuse it: its age, account, limits and
 * approvals. So one side is not written where it is known that the other will be refused.
 *
 * Throws what `applyRestore` throws, with what became of the other sides in its state.
 */
export async function applySet(
  set: PlanSet,
  request: ApplySetRequest,
  deps: ApplySetDeps,
  options: CallOptions = {},
): Promise<readonly SideOutcome[]> {
  return await alone(set, request.by, deps.store, 'applying', async () => {
    const plans = await plansOf(deps.store, set);
    const standings = await restoresOf(deps.store, set);
    const expected = setConfirmation(standings, plans);
    if (expected !== undefined && request.confirmed !== expected) throw notConfirmed(set, expected, request.confirmed);
    for (const { platform, restore } of standings) if (restore === undefined) check(planFor(plans, platform), platform, request, deps);
    const outcomes: SideOutcome[] = [];
    for (const { platform, plan, restore } of standings) {
      try {
        const done = await applySide(planFor(plans, platform), restore, request, deps.depsOf(platform), options);
        outcomes.push({ platform, plan, ...defined({ restore: done }) });
      } catch (error) {
        throw await withSides(error, set, deps.store, 'apply');
      }
    }
    return outcomes;
  });
}

async function applySide(
  plan: Plan,
  restore: RestoreSummary | undefined,
  request: ApplySetRequest,
  deps: ApplyDeps,
  options: CallOptions,
): Promise<RestoreSummary | undefined> {
  const { by, limits } = request;
  if (restore !== undefined)
    return restore.state === 'done' || (restore.state === 'partial' && !mayPassNow(restore))
      ? restore
      : await resumeRestore(restore.id, by, deps, options);
  if (!writes(plan)) return undefined;
  const { id, platform } = plan.header;
  const own = { plan: id, by, confirmed: confirmationOf(plan.header), approvals: request.approvals.get(platform) ?? [] };
  return await applyRestore({ ...own, ...defined({ limits, incidents: request.incidents.get(platform) }) }, deps, options);
}

/** Puts back what the restores of a set wrote, the last one first. Throws what `undoRestore` throws. */
export async function undoSet(set: PlanSet, by: string, deps: ApplySetDeps, options: CallOptions = {}): Promise<readonly SideOutcome[]> {
  return await alone(set, by, deps.store, 'undoing', async () => {
    const outcomes: SideOutcome[] = [];
    for (const { platform, plan, restore } of (await restoresOf(deps.store, set)).toReversed()) {
      if (restore === undefined) continue;
      try {
        outcomes.push({ platform, plan, restore: await undoRestore(restore.id, by, deps.depsOf(platform), options) });
      } catch (error) {
        throw await withSides(error, set, deps.store, 'undo');
      }
    }
    return outcomes;
  });
}

/** What would refuse a plan before its first write. Throws as `applyRestore` does. */
function check(plan: Plan, platform: string, { limits, approvals }: ApplySetRequest, { depsOf }: ApplySetDeps): void {
  if (!writes(plan)) return;
  const deps = depsOf(platform);
  checkPlan(plan, deps.platform, deps.clock.now(), {
    limits: stricter(deps.config.limits, limits ?? {}),
    approvals: approvals.get(platform) ?? [],
    maxAgeMs: parseDuration(deps.config.plan_max_age),
    ...defined({ movedTo: deps.movedTo }),
  });
}

/** True where a plan has a change. */
function writes({ header }: Plan): boolean {
  return Object.values(header.counts.actions).some((count) => count > 0);
}

function planFor(plans: ReadonlyMap<string, Plan>, platform: string): Plan {
  const plan = plans.get(platform);
  if (plan === undefined) throw new RunbackError('bug', `The set has no plan for ${platform}`);
  return plan;
}

/** One process at a time works on a set: two would both find a side that nobody has begun. */
async function alone<T>(set: PlanSet, by: string, store: Store, doing: string, work: () => Promise<T>): Promise<T> {
  const lock: Lock = await store.lock(
    `plan-${set.id}`,
    { by, holder: set.id, purpose: `${doing} the plans of ${set.id}` },
    { breakDead: true, lapse: true },
  );
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

function notConfirmed({ id }: PlanSet, expected: string, confirmed: string | undefined): RunbackError {
  const next = `runback restore apply ${id} --confirm ${expected}`;
  if (confirmed === undefined)
    return new RunbackError('confirmation-missing', `${id} needs a confirmation before it is applied`, {
      state: 'Nothing was written.',
      next,
      data: { expected },
    });
  return new RunbackError('confirmation-wrong', `The confirmation does not match ${id}`, {
    why: `It must name environment and number of records of each plan that is still to be written: ${expected}.`,
    state: 'Nothing was written now.',
    next,
    data: { expected },
  });
}

/** The error of one side, with what became of the others: until both are done, the two systems differ. */
async function withSides(error: unknown, set: PlanSet, store: Store, verb: 'apply' | 'undo'): Promise<unknown> {
  if (!isRunbackError(error)) return error;
  const standings = await restoresOf(store, set).catch(() => undefined);
  if (standings === undefined) return error;
  const words = standings.map(
    ({ platform, restore }) =>
      `${platform}: ${restore === undefined ? 'nothing is written' : `${restore.state}, ${restore.applied} of ${restore.total} changes written (${restore.id})`}`,
  );
  const back =
    verb === 'apply' && standings.some(({ restore }) => restore !== undefined)
      ? [`Or put back what was written: runback restore undo ${set.id}`]
      : [];
  return new RunbackError(error.code, error.message, {
    ...defined({ why: error.why }),
    state: `${error.state ?? ''}${error.state === undefined ? '' : '\n'}${set.id}, ${words.join('; ')}. Until both sides are done they differ, and the syncs stay paused.`,
    next: [error.next, `Continue with both sides: runback restore ${verb} ${set.id}`, ...back].filter((line) => line !== undefined).join('\n'),
    data: {
      ...error.data,
      set: set.id,
      sides: standings.map(({ platform, plan, restore }) => ({ platform, plan, ...defined({ restore: restore?.id, state: restore?.state }) })),
    },
    cause: error,
  });
}
