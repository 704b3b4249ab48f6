import { z } from 'zod';

import type { ApplyDeps, RestoreCreated, RestoreSummary } from '../../../restores/index.js';
import type { ActionContext, OutputType } from '../action.js';

/** Input of the steps that write or undo a restore. */
export const ACCEPT_AUTOMATIONS = z
  .string()
  .optional()
  .describe('Who accepts that automations react to it which are not paused: best an input that a person gives. Empty: nobody does.');

/** What restores need, from what an action is given. The run holds the platform's lock already. */
export async function applyDeps(platform: string, context: ActionContext): Promise<ApplyDeps> {
  return {
    store: context.store,
    clock: context.clock,
    catalog: context.catalog,
    platform: await context.openPlatform(platform),
    config: context.workspace.config.restores,
    lockHeld: true,
    run: context.run.id,
    step: context.step.key,
  };
}

/** The platform a plan is for. Throws `not-found`, `plan-tampered`. */
export async function platformOf(plan: string, context: ActionContext): Promise<string> {
  const { readPlan } = await import('../../../restores/index.js');
  return (await readPlan(context.store, plan)).header.platform;
}

/**
 * The restore that this step began, known by the key of the step and not by any time: clocks are put right. Throws
 * `journal-damaged`.
 */
export async function restoreOfStep(plan: string, context: ActionContext): Promise<RestoreSummary | undefined> {
  return await latestRestore(context, (created) => {
    if (created.step !== undefined) return created.step === context.step.key;
    // Earlier versions noted no step, and the earliest not even the run.
    return created.plan === plan && (created.run === undefined || created.run === context.run.id);
  });
}

/**
 * The restore of a plan that this run began in an earlier visit of a step and that did not come to all of its end: its
 * rest is tried again, nothing twice. Also where this visit was killed while it went on with it.
 */
export async function unfinishedOfRun(plan: string, context: ActionContext): Promise<RestoreSummary | undefined> {
  const latest = await latestRestore(context, (created) => created.plan === plan && created.run === context.run.id);
  return latest !== undefined && ['running', 'stopped', 'partial'].includes(latest.state) ? latest : undefined;
}

/**
 * A restore killed before its first line is whole has done nothing, and is passed over; one whose journal is damaged is
 * not.
 */
async function latestRestore({ store }: ActionContext, isIt: (created: RestoreCreated) => boolean): Promise<RestoreSummary | undefined> {
  const { readCreated, readRestore } = await import('../../../restores/index.js');
  for (const id of (await store.journals('restores')).toReversed()) {
    const created = await readCreated(store, id);
    if (created !== undefined && isIt(created)) return await readRestore(store, id);
  }
  return undefined;
}

/**
 * How much of a plan is not as it says now, and of how much of that the damage is there (again). Reads the platform.
 */
export async function damageNow(plan: string, context: ActionContext): Promise<{ readonly remaining: number; readonly damaged: number }> {
  const { verifyRestore } = await import('../../../restores/index.js');
  const platform = await context.openPlatform(await platformOf(plan, context));
  return await verifyRestore(plan, { store: context.store, clock: context.clock, catalog: context.catalog, platform }, context.options);
}

/**
 * Declared outputs of restore.apply and restore.undo. `left`: all that is not as planned; `what_left`: what that is, in
 * words.
 */
export const RESTORE_OUTPUTS: Readonly<Record<string, OutputType>> = {
  restore: 'string',
  plan: 'string',
  applied: 'int',
  moved: 'int',
  rejected: 'int',
  failed: 'int',
  total: 'int',
  left: 'int',
  what_left: 'string',
};

/** The outputs of restore.apply and restore.undo; of an undo, what is counted is what was put back. */
export async function restoreOutputs(summary: RestoreSummary): Promise<Record<string, unknown>> {
  const { leftOf, leftWords } = await import('../../../restores/index.js');
  const { id, plan, total } = summary;
  const counts = summary.undo ?? summary;
  const { applied, moved, rejected, failed } = counts;
  return { restore: id, plan, applied, moved, rejected, failed, total, left: leftOf(counts), what_left: leftWords(summary) };
}

/** {@link Action.left} of both. */
export function leftOfOutputs({ left, what_left: what }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof left === 'number' && left > 0 ? String(what) : undefined;
}
