import { z } from 'zod';

import { defined, RunbackError } from '../../../lib/index.js';
import { liftingApprovals, withRefusals, type LiftingApproval } from '../../approvals/approvals.js';
import { defineAction, type ActionContext } from '../action.js';
import { acceptedNow, pauseAgain } from '../syncs/of-run.js';
import {
  ACCEPT_AUTOMATIONS,
  applyDeps,
  leftOfOutputs,
  unfinishedOfRun,
  platformOf,
  RESTORE_OUTPUTS,
  restoreOfStep,
  restoreOutputs,
} from './of-run.js';

const input = z.strictObject({
  platform: z.string(),
  plan: z.string(),
  accept_automations: ACCEPT_AUTOMATIONS,
});

/**
 * Applies a plan. Looked up by its own journal after a crash: a restore that was begun is resumed, never begun again.
 */
export const restoreApply = defineAction({
  name: 'restore.apply',
  summary: 'Write what the plan lists',
  input,
  outputs: RESTORE_OUTPUTS,
  effect: 'verifiable',
  writes: ({ platform }) => [platform],
  confirm: async ({ plan: id }, context) => {
    const { confirmationOf, readPlan } = await import('../../../restores/index.js');
    const plan = await readPlan(context.store, id);
    const { header } = plan;
    return {
      expect: confirmationOf(header),
      about: {
        plan: header.id,
        hash: plan.hash,
        platform: header.platform,
        account: header.account,
        environment: header.environment,
        counts: header.counts,
        undo: 'runback restore undo <restore> puts back every value that this replaces',
      },
    };
  },
  run: async ({ platform, plan, accept_automations: acceptedBy }, context) => {
    const { applyRestore, resumeRestore } = await import('../../../restores/index.js');
    await pauseAgain(context);
    const accepted = await acceptedNow(platform, acceptedBy, context);
    const deps = { ...(await applyDeps(platform, context)), ...defined({ accepted }) };
    if ((await platformOf(plan, context)) !== platform)
      throw new RunbackError('plan-other-account', `Plan ${plan} is not for the platform ${platform}`, { state: 'Nothing was written.' });
    const begun = (await restoreOfStep(plan, context)) ?? (await unfinishedOfRun(plan, context));
    if (begun) return await restoreOutputs(await resumeRestore(begun.id, context.by, deps, context.options));
    // An approval may have expired while the run waited: what lifts the limits is what counts at this moment.
    const { hash, approvals, refused } = await approvalsNow(plan, context);
    const confirmed = context.confirmed === undefined ? {} : { confirmed: context.confirmed };
    const request = { plan, by: context.by, limits: context.run.limits, approvals, ...confirmed };
    try {
      return await restoreOutputs(await applyRestore(request, deps, context.options));
    } catch (error) {
      throw withRefusals(error, hash, refused);
    }
  },
  lookup: async ({ plan }, context) => {
    const begun = await restoreOfStep(plan, context);
    if (!begun) return { state: 'not-started' };
    const ended = begun.state === 'done' || begun.state === 'partial';
    return ended ? { state: 'succeeded', outputs: await restoreOutputs(begun) } : { state: 'unfinished' };
  },
  did: async ({ plan }, context) => {
    const begun = (await restoreOfStep(plan, context)) ?? (await unfinishedOfRun(plan, context));
    return begun === undefined ? undefined : await restoreOutputs(begun);
  },
  left: leftOfOutputs,
  undo: {
    summary: 'Put back every value that the restore replaced, where nobody has changed it since',
    afterFailure: true,
    run: async ({ platform, plan, accept_automations: acceptedBy }, outputs, context) => {
      const { isLeft, leftWords, undoRestore } = await import('../../../restores/index.js');
      const id = typeof outputs?.['restore'] === 'string' ? outputs['restore'] : (await restoreOfStep(plan, context))?.id;
      if (id === undefined)
        return outputs === undefined ? 'no restore had started' : { words: 'no restore of this step is on record', left: 'what it may have written' };
      // What reacted to the restore reacts to its undoing too.
      await pauseAgain(context);
      const accepted = await acceptedNow(platform, acceptedBy, context, `runback restore undo ${id} --accept-automations NAME`);
      const deps = { ...(await applyDeps(platform, context)), ...defined({ accepted }) };
      const summary = await undoRestore(id, context.by, deps, context.options);
      const words = `restore ${id} is ${summary.state}`;
      return isLeft(summary.undo ?? {}) ? { words, left: leftWords(summary) } : words;
    },
  },
  manual: (values) => [
    'Set each field of the list to its good value, and only where it still has the bad one.',
    'Start with ten records, check them again, and only then continue. Keep the value you replace: you need it to undo this.',
    `By command: \`runback restore apply ${values['plan'] ?? '<plan>'} --confirm <environment>:<number of records>\`.`,
  ],
});

/** What lifts the limits for a plan now. Without a policy: every approval of the run, as it was given. */
async function approvalsNow(
  id: string,
  { store, clock, approvals: policy, run, by }: ActionContext,
): Promise<{ readonly hash: string; readonly approvals: readonly LiftingApproval[]; readonly refused: readonly string[] }> {
  const { readPlan } = await import('../../../restores/index.js');
  const { header, hash } = await readPlan(store, id);
  if (policy === undefined) return { hash, approvals: run.approvals.map((approval) => ({ hash: approval.of, by: approval.by })), refused: [] };
  const lifting = await liftingApprovals({ of: hash, act: 'approve-restore', plan: header, requester: by, run }, policy, { store, clock });
  return { hash, ...lifting };
}
