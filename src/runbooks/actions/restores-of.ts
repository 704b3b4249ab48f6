import type { ApplyDeps, RestoreSummary } from '../../restores/index.js';
import type { ActionContext } from './action.js';

/** What restores need, from what an action is given. The run holds the platform's lock already. */
export async function applyDeps(platform: string, context: ActionContext): Promise<ApplyDeps> {
  return {
    store: context.store,
    clock: context.clock,
    catalog: context.catalog,
    platform: await context.openPlatform(platform),
    config: context.workspace.config.restores,
    lockHeld: true,
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

/** The outputs of restore.apply and restore.undo. */
export function restoreOutputs(summary: RestoreSummary): Record<string, unknown> {
  const { id, plan, applied, moved, rejected, failed, total } = summary;
  return { restore: id, plan, applied, moved, rejected, failed, total };
}
