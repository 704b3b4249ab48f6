import type { ApplyDeps, RestoreSummary } from '../../restores/index.js';
import type { ActionContext, OutputType } from './action.js';

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
  };
}

/** The platform a plan is for. Throws `not-found`, `plan-tampered`. */
export async function platformOf(plan: string, context: ActionContext): Promise<string> {
  const { readPlan } = await import('../../restores/index.js');
  return (await readPlan(context.store, plan)).header.platform;
}

/**
 * The restore that this step began for a plan, if it did: the latest one that was not begun before the step's intent. The
 * platform's lock keeps everybody else from beginning one meanwhile.
 */
export async function restoreOfStep(plan: string, context: ActionContext): Promise<RestoreSummary | undefined> {
  const { intendedAt } = context.step;
  if (intendedAt === undefined) return undefined;
  const { readRestore } = await import('../../restores/index.js');
  for (const id of (await context.store.journals('restores')).toReversed()) {
    if (!(await context.store.journal('restores', id).exists())) continue;
    const summary = await readable(() => readRestore(context.store, id));
    if (summary?.plan === plan && summary.startedAt >= intendedAt) return summary;
  }
  return undefined;
}

/** A restore killed before its first line is whole has done nothing. */
async function readable(read: () => Promise<RestoreSummary>): Promise<RestoreSummary | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

/** The partial restore of a plan that this run has made in an earlier visit of a step: its rest is tried again, nothing twice. */
export async function partialOfRun(plan: string, context: ActionContext): Promise<RestoreSummary | undefined> {
  const { readRestore } = await import('../../restores/index.js');
  for (const id of (await context.store.journals('restores')).toReversed()) {
    const summary = await readable(() => readRestore(context.store, id));
    if (summary?.plan === plan && summary.run === context.run.id && summary.state === 'partial') return summary;
  }
  return undefined;
}

/** Declared outputs of restore.apply and restore.undo. `left`: all that is not as planned; `what_left`: what that is, in words. */
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
  const { leftOf, leftWords } = await import('../../restores/index.js');
  const { id, plan, total } = summary;
  const counts = summary.undo ?? summary;
  const { applied, moved, rejected, failed } = counts;
  return { restore: id, plan, applied, moved, rejected, failed, total, left: leftOf(counts), what_left: leftWords(summary) };
}

/** {@link Action.left} of both. */
export function leftOfOutputs({ left, what_left: what }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof left === 'number' && left > 0 ? String(what) : undefined;
}
