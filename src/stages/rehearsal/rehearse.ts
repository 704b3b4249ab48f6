import { join } from 'node:path';

import type { Platform } from '../../connectors/index.js';
import { type CallOptions, defined, isRunbackError, parseDuration, Redactor, RunbackError } from '../../lib/index.js';
import {
  type ApplyDeps,
  applyRestore,
  checkAge,
  confirmationOf,
  copyPlan,
  type Plan,
  type RestoreSummary,
  undoRestore,
  type VerifySummary,
  verifyRestore,
} from '../../restores/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { openFileStore } from '../../store/index.js';
import type { SecretRef } from '../../workspace/index.js';
import { askAccount, type AccountAsked, type AccountPace } from './account.js';
import { besideOf, type Named, notPutBack, Touched } from './beside.js';
import { CallTrace } from './calls.js';
import { checkPlanned, type Checked } from './check.js';
import { predictMs } from './predict.js';
import type { Rehearsal } from './report.js';
import { openRehearsalStage, type RehearsalStage, type RehearsalStageDeps } from './stage.js';

/** What is rehearsed. */
export interface RehearsalRequest {
  readonly plan: Plan;
  /** Id of the snapshot that is loaded; by default that of the damage. */
  readonly snapshot?: string;
  /** Where it is loaded, for a platform that there is no sandbox of. */
  readonly into?: SecretRef;
  readonly account: AccountAsked;
  readonly by: string;
  /** An empty folder for everything that is left; whoever asks removes it. */
  readonly folder: string;
}

export type RehearsalDeps = RehearsalStageDeps;

/**
 * Applies a plan to a copy of what it is to repair, by the way that a restore takes, compares what came of it with the
 * plan, undoes it, and works out how many calls and how much time the same takes on the real account. That one is read
 * at most, and nothing is kept of the rehearsal but what this gives. Throws `plan-stale`, `plan-other-account`, `usage`,
 * `not-found`, `interrupted`, and what opening and reading a snapshot throws.
 */
export async function rehearsePlan(request: RehearsalRequest, deps: RehearsalDeps, call: CallOptions): Promise<Rehearsal> {
  const { plan } = request;
  const { header } = plan;
  checkAge(header, deps.clock.now(), parseDuration(deps.workspace.restores.plan_max_age));
  requireChanges(plan);
  const reader = await opened(request, deps);
  try {
    deps.doing(`Asking ${header.platform} how fast it is`);
    const account = await askAccount(plan, request.account, deps.clock, call);
    deps.doing(`Loading ${reader.header.id}`);
    const stage = await openRehearsalStage({ ...request, snapshot: reader }, deps, call);
    try {
      const played = await play(stage, request, deps, call);
      return await told({ request, loaded: reader.header.id, stage, account, played }, deps);
    } finally {
      await stage.stop();
    }
  } finally {
    await reader.close();
  }
}

/** What happened on the stage. */
interface Played {
  readonly applied: Phase<{ readonly summary: RestoreSummary; readonly stopped?: string }>;
  readonly verified: Phase<VerifySummary>;
  readonly undone: Phase<{ readonly summary: RestoreSummary; readonly stopped?: string }>;
  readonly checked: Checked;
  readonly beside: Named;
  readonly sideEffects: readonly string[];
  readonly notBack: Named;
}

async function play(stage: RehearsalStage, request: RehearsalRequest, deps: RehearsalDeps, call: CallOptions): Promise<Played> {
  const { plan, by, folder } = request;
  const store = openFileStore({ dir: join(folder, '.runback'), clock: stage.clock, redactor: new Redactor() });
  // Limits are for what is real, and the age was looked at.
  const config = { ...deps.workspace.restores, limits: {}, plan_max_age: '520w' };
  const using = (platform: Platform): ApplyDeps => ({ store, clock: stage.clock, platform, catalog: deps.catalog, config });
  const before = stage.truth?.();
  deps.doing(`Applying ${plan.header.id} there`);
  const applied = await phase(stage, deps, call, async (platform) => {
    const copy = await copyPlan(plan, store, platform);
    return await ended(applyRestore({ plan: copy.header.id, confirmed: confirmationOf(copy.header), by }, using(platform), call), call);
  });
  const { summary } = applied.result;
  deps.doing('Comparing every cell with the plan');
  const verified = await phase(stage, deps, call, async (platform) => await verifyRestore(plan.header.id, using(platform), call));
  const { result: checked } = await phase(stage, deps, call, async (platform) => await checkPlanned(plan, platform, summary.keyMap, call));
  const touched = await Touched.by(plan, summary.keyMap);
  const after = stage.truth?.();
  const sideEffects = stage.sideEffects();
  deps.doing('Undoing it there');
  const undone = await phase(stage, deps, call, async (platform) => await ended(undoRestore(summary.id, by, using(platform), call), call));
  const back = stage.truth?.();
  return {
    applied,
    verified,
    undone,
    checked,
    beside: before && after ? besideOf(before, after, touched) : besideIn(summary),
    sideEffects,
    notBack: before && back ? notPutBack(before, back, touched) : notBackIn(undone.result.summary),
  };
}

/** One command's worth of work. */
interface Phase<T> {
  readonly result: T;
  readonly calls: number;
  /** How long it takes at a place. */
  readonly msAt: (account: AccountPace) => number;
}

/** Connects as a command does, works, and tells how its calls followed each other. */
async function phase<T>(
  stage: RehearsalStage,
  { clock }: RehearsalDeps,
  call: CallOptions,
  work: (platform: Platform) => Promise<T>,
): Promise<Phase<T>> {
  const began = clock.monotonicMs();
  const calls = new CallTrace(clock);
  const platform = await stage.open(calls, call);
  try {
    const result = await work(platform);
    const trace = calls.end();
    const took = { calls: platform.connector.usage().requests, ms: clock.monotonicMs() - began };
    if (trace.calls === 0) return { result, calls: took.calls, msAt: (account) => took.ms + took.calls * slowerBy(account, stage) };
    return { result, calls: trace.calls, msAt: ({ pace, latencyMs }) => predictMs(trace, { latencyMs, ...defined({ pace }) }) };
  } finally {
    await platform.close();
  }
}

/** How much longer a call takes on the account than on the stage, where both were measured. */
function slowerBy({ latencyMs, latencyFrom }: AccountPace, stage: RehearsalStage): number {
  return latencyFrom === 'assumed' || stage.latencyMs === undefined ? 0 : Math.max(0, latencyMs - stage.latencyMs);
}

/** What a restore or its undo came to, also where it did not come to its end. */
async function ended(
  work: Promise<RestoreSummary>,
  { signal }: CallOptions,
): Promise<{ readonly summary: RestoreSummary; readonly stopped?: string }> {
  try {
    return { summary: await work };
  } catch (error) {
    const summary = isRunbackError(error) ? (error.data['summary'] as RestoreSummary | undefined) : undefined;
    if (summary === undefined || !isRunbackError(error) || error.code === 'interrupted' || signal?.aborted === true) throw error;
    return { summary, stopped: error.message };
  }
}

function besideIn({ beside = 0, besideBy = [] }: RestoreSummary): Named {
  return { count: beside, examples: besideBy.map(({ object, field, key }) => [object, key, field].filter((part) => part !== '').join('/')) };
}

function notBackIn({ undo }: RestoreSummary): Named {
  const { moved = 0, rejected = 0, failed = 0, inDoubt = 0, fieldsMoved = 0, fieldsLeft = 0, altered = 0 } = undo ?? {};
  return { count: moved + rejected + failed + inDoubt + fieldsMoved + fieldsLeft + altered, examples: [] };
}

interface Told {
  readonly request: RehearsalRequest;
  readonly loaded: string;
  readonly stage: RehearsalStage;
  readonly account: AccountPace;
  readonly played: Played;
}

async function told({ request, loaded, stage, account: asked, played }: Told, deps: RehearsalDeps): Promise<Rehearsal> {
  const { plan, by } = request;
  const { header, hash } = plan;
  const { applied, verified, undone, checked, beside, sideEffects, notBack } = played;
  const settled = asked.pace === undefined ? await stage.settledPace() : undefined;
  const account = { ...asked, ...defined({ pace: asked.pace ?? settled }) };
  const phaseOf = (one: Phase<unknown>): Rehearsal['apply'] => ({ calls: one.calls, ms: Math.round(one.msAt(account)) });
  const { summary, stopped } = applied.result;
  const allRight = [checked.records, checked.cells, checked.links].every(({ checked: all, right }) => all === right);
  const putBack = notBack.count === 0 && undone.result.stopped === undefined;
  const { left = [] } = summary;
  const { remaining } = verified.result;
  return {
    version: 1,
    plan: header.id,
    hash,
    platform: header.platform,
    snapshot: loaded,
    where: stage.label,
    at: deps.clock.now().toISOString(),
    by,
    passed: allRight && remaining === 0 && putBack && stopped === undefined && beside.count === 0,
    records: checked.records,
    cells: checked.cells,
    links: checked.links,
    examples: [...checked.examples],
    left: [...left],
    beside: { count: beside.count, examples: [...beside.examples] },
    side_effects: { count: sideEffects.length, examples: sideEffects.slice(0, EXAMPLES) },
    ...defined({ stopped }),
    undo: { put_back: putBack, differences: notBack.count, examples: [...notBack.examples], ...defined({ stopped: undone.result.stopped }) },
    apply: phaseOf(applied),
    verify: { ...phaseOf(verified), remaining },
    undoing: phaseOf(undone),
    pace: {
      limits: account.pace === undefined ? [] : [account.pace.all].map(({ limit, intervalMs }) => ({ calls: limit, in_ms: intervalMs })),
      from: asked.pace !== undefined ? 'account' : settled !== undefined ? 'settings' : 'none',
      latency_ms: Math.round(account.latencyMs),
      latency_from: account.latencyFrom,
      asked: account.asked,
      ...defined({ not_asked: account.notAsked }),
    },
    ...quotaAfter(account, applied.calls + verified.calls),
    cannot_know: [`anything that was changed on ${header.platform} since the plan was made`, ...stage.cannotKnow],
    differs: [...stage.lacks],
  };
}

const EXAMPLES = 10;

function quotaAfter({ quota }: AccountPace, calls: number): Pick<Rehearsal, 'quota'> {
  if (quota === undefined) return {};
  const left = Math.max(0, quota.limit - quota.used);
  return { quota: { limit: quota.limit, left, left_after: left - calls, share_left: (left - calls) / quota.limit } };
}

function requireChanges({ header }: Plan): void {
  if (Object.values(header.counts.actions).some((count) => count > 0)) return;
  throw new RunbackError('usage', `Plan ${header.id} writes nothing, so there is nothing to rehearse`, {
    state: 'Nothing was started.',
    next: `Decide its conflicts first: runback restore show ${header.id} --decide`,
  });
}

async function opened({ plan, snapshot }: RehearsalRequest, { catalog }: RehearsalDeps): Promise<SnapshotReader> {
  const { id, platform, damaged, history } = plan.header;
  const take = `Take one now: runback snapshot create --platform ${platform}. Then: runback restore rehearse ${id} --snapshot latest`;
  if (snapshot === undefined && history !== undefined)
    throw new RunbackError('usage', `Plan ${id} was made from the history of ${platform}, without a snapshot that could be loaded`, {
      state: 'Nothing was started.',
      next: take,
    });
  try {
    return await catalog.open(snapshot ?? damaged.snapshot);
  } catch (error) {
    if (snapshot !== undefined || !isRunbackError(error, 'not-found')) throw error;
    throw new RunbackError('not-found', `The snapshot of the damage that plan ${id} was made from, ${damaged.snapshot}, is no longer there`, {
      why: 'A rehearsal loads it.',
      state: 'Nothing was started.',
      next: take,
      cause: error,
    });
  }
}
