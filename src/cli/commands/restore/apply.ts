import { defined, isRunbackError } from '../../../lib/index.js';
import type { ApplyDeps, PlanSummary, RestoreSummary } from '../../../restores/index.js';
import { acceptedFor } from '../../flows/restores/automations.js';
import { openPlanOf } from '../../flows/restores/looks.js';
import { meansSet, sideOfSet } from '../../flows/restores/plan-sets.js';
import { findPlan, restoreDeps, withResume } from '../../flows/restores/restore.js';
import { confirmDestructive } from '../../session/confirm.js';
import { incidentsNow, linkRestore } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { approvalsFor } from './approvals.js';
import { restoreOutcome } from './outcome.js';
import { applyBoth } from './plan-set.js';
import { ACCEPT, CONFIRM, LIMIT, MOVED, PLAN } from './words.js';

/** `runback restore apply` */
export const applyVerb: CommandSpec = {
  verb: 'apply',
  summary: 'Write what a plan lists',
  args: [PLAN],
  options: [
    CONFIRM,
    LIMIT,
    { flags: '--approve <hash>', description: 'approve exactly this plan although it exceeds the limits', repeat: true },
    ACCEPT,
    MOVED,
  ],
  examples: ['runback restore apply plan-20261122-164733-k3vq --confirm production:256'],
  run: apply,
};

async function apply(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const opened = await session();
  const wanted = input.required('plan');
  if (meansSet(wanted)) return await applyBoth(context, opened, wanted);
  const read = await findPlan(opened, wanted);
  const set = await sideOfSet(opened, read.header.id);
  if (set !== undefined) live.note(`${read.header.id} is one side of ${set}. Both sides: runback restore apply ${set}`);
  live.start(`Opening ${read.header.platform}`);
  const deps = await restoreDeps(opened, read.header.platform, context, input.text('moved-to'));
  live.stop();
  return await applyPlan(context, opened, read, deps);
}

/** Asks for the confirmation of a plan, and writes what it lists. */
export async function applyPlan(context: CommandContext, opened: Session, plan: PlanSummary, deps: ApplyDeps): Promise<Outcome> {
  const { input, live } = context;
  const { id, platform } = plan.header;
  const { confirmationOf } = await import('../../../restores/index.js');
  // Before anyone types a confirmation for what is refused then.
  await acceptedFor(context, opened, [platform], `runback restore apply ${id}`);
  const confirmed = await confirmDestructive(
    context,
    confirmationOf(plan.header),
    { untouched: 'Nothing was written.', command: `runback restore apply ${id}` },
    async () => {
      const { showPlan } = await import('../../prompts/plan-browser.js');
      await showPlan(openPlanOf(opened, await findPlan(opened, id)), { style: context.style, print: (text) => live.print(text) }, { danger: true });
    },
  );
  const records = input.integer('limit-records', 1);
  const approve = input.list('approve').at(-1);
  return await restoreOutcome(opened, await applyConfirmed(context, opened, plan, deps, { confirmed, ...defined({ records, approve }) }));
}

/** What opens the gate to a restore, and what limits it. */
export interface Gate {
  /** What was typed: `<environment>:<records>`. */
  readonly confirmed: string;
  /** Refuse more records than this. */
  readonly records?: number;
  /** Hash of a plan that may exceed the limits. */
  readonly approve?: string;
}

/** Writes what a plan lists, and ties it to the incidents that are open on its platform. */
export async function applyConfirmed(
  context: CommandContext,
  opened: Session,
  read: PlanSummary,
  deps: ApplyDeps,
  { confirmed, records, approve }: Gate,
): Promise<RestoreSummary> {
  const { live, call } = context;
  const { applyRestore } = await import('../../../restores/index.js');
  const { approvals, refused } = await approvalsFor(opened, read, approve);
  live.start('Restoring');
  const limits = records === undefined ? {} : { limits: { records } };
  const incidents = await incidentsNow(opened, [read.header.platform]);
  const accepted = await acceptedFor(context, opened, [read.header.platform], `runback restore apply ${read.header.id}`);
  const request = { plan: read.header.id, by: opened.by, confirmed, approvals, ...limits, ...defined({ incidents }) };
  const tie = async (restore: unknown): Promise<void> => {
    if (typeof restore !== 'string' || incidents === undefined || incidents.length === 0) return;
    await linkRestore(opened, incidents, restore, read.header.id);
    live.note(`Linked to the open ${incidents.length === 1 ? 'incident' : 'incidents'} ${incidents.join(', ')}`);
  };
  try {
    const summary = await withResume(context, 'resume', 'latest', () => applyRestore(request, { ...deps, ...defined({ accepted }) }, call));
    await tie(summary.id);
    return summary;
  } catch (error) {
    await tie(isRunbackError(error) ? error.data['restore'] : undefined);
    const { withRefusals } = await import('../../../runbooks/index.js');
    throw withRefusals(error, read.hash, refused);
  }
}
