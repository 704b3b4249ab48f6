import { defined, isRunbackError } from '../../../lib/index.js';
import type { PlanSummary } from '../../../restores/index.js';
import { openPlanOf } from '../../flows/looks.js';
import { findPlan, restoreDeps, withResume } from '../../flows/restore.js';
import { confirmDestructive } from '../../session/confirm.js';
import { incidentsNow, linkRestore } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { restoreOutcome } from './outcome.js';
import { PLAN, MOVED } from './words.js';

/** `runback restore apply` */
export const applyVerb: CommandSpec = {
  verb: 'apply',
  summary: 'Write what a plan lists',
  args: [PLAN],
  options: [
    { flags: '--confirm <environment:records>', description: 'the confirmation, for use without a terminal' },
    { flags: '--limit-records <n>', description: 'refuse more records than this' },
    { flags: '--approve <hash>', description: 'approve exactly this plan although it exceeds the limits' },
    MOVED,
  ],
  examples: ['runback restore apply plan-20261122-164733-k3vq --confirm production:256'],
  run: apply,
};

async function apply(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  const read = await findPlan(opened, input.required('plan'));
  const { applyRestore, confirmationOf } = await import('../../../restores/index.js');
  live.start(`Opening ${read.header.platform}`);
  const deps = await restoreDeps(opened, read.header.platform, context, input.text('moved-to'));
  live.stop();
  const confirmed = await confirmDestructive(
    context,
    confirmationOf(read.header),
    { untouched: 'Nothing was written.', command: `runback restore apply ${read.header.id}` },
    async () => {
      const { showPlan } = await import('../../prompts/plan-browser.js');
      await showPlan(openPlanOf(opened, read), { style: context.style, print: (text) => live.print(text) }, { danger: true });
    },
  );
  const records = input.integer('limit-records', 1);
  const { approvals, refused } = await approvalsFor(opened, read, input.text('approve'));
  live.start('Restoring');
  const limits = records === undefined ? {} : { limits: { records } };
  const incidents = await incidentsNow(opened, [read.header.platform]);
  const request = { plan: read.header.id, by: opened.by, confirmed, approvals, ...limits, ...defined({ incidents }) };
  const tie = async (restore: unknown): Promise<void> => {
    if (typeof restore !== 'string' || incidents === undefined || incidents.length === 0) return;
    await linkRestore(opened, incidents, restore, read.header.id);
    live.note(`Linked to the open ${incidents.length === 1 ? 'incident' : 'incidents'} ${incidents.join(', ')}`);
  };
  try {
    const summary = await withResume(context, 'resume', 'latest', () => applyRestore(request, deps, call));
    await tie(summary.id);
    return await restoreOutcome(opened, summary);
  } catch (error) {
    await tie(isRunbackError(error) ? error.data['restore'] : undefined);
    const { withRefusals } = await import('../../../runbooks/index.js');
    throw withRefusals(error, read.hash, refused);
  }
}

/**
 * What lifts the limits for a plan: approvals that count by escalation.yml, the one given with `--approve` among them.
 * Without a policy that one is enough.
 */
async function approvalsFor(
  opened: Session,
  { header, hash }: PlanSummary,
  approved: string | undefined,
): Promise<{ readonly approvals: readonly { readonly hash: string; readonly by: string }[]; readonly refused: readonly string[] }> {
  const policy = await opened.approvals();
  const { by, store, clock } = opened;
  if (policy === undefined) return { approvals: approved === undefined ? [] : [{ hash: approved, by }], refused: [] };
  const { liftingApprovals } = await import('../../../runbooks/index.js');
  const at = clock.now().toISOString();
  const own = { authority: 'approve-restore', by, at, authenticated: 'none', journaled: false } as const;
  const given = approved === undefined ? [] : [{ ...own, of: approved }];
  return liftingApprovals({ of: hash, act: 'approve-restore', plan: header, requester: by }, policy, { store, clock }, given);
}
