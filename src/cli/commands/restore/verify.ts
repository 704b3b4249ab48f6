import { EXIT } from '../../../lib/index.js';
import { looksBy } from '../../flows/restores/looks.js';
import { meansSet } from '../../flows/restores/plan-sets.js';
import { findPlan, restoreDeps } from '../../flows/restores/restore.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { verifySummaryText } from '../../views/restores/restore.js';
import { verifyBoth } from './plan-set.js';
import { PLAN, MOVED } from './words.js';

/** `runback restore verify` */
export const verifyVerb: CommandSpec = {
  verb: 'verify',
  summary: 'Check that the platform has what a plan says',
  args: [PLAN],
  options: [MOVED],
  run: verify,
};

async function verify(context: CommandContext): Promise<Outcome> {
  const { session, input, live, call } = context;
  const opened = await session();
  const wanted = input.required('plan');
  if (meansSet(wanted)) return await verifyBoth(context, opened, wanted);
  const read = await findPlan(opened, wanted);
  const { verifyRestore } = await import('../../../restores/index.js');
  const deps = await restoreDeps(opened, read.header.platform, context, input.text('moved-to'));
  live.start('Comparing the platform with the plan');
  const summary = await verifyRestore(read.header.id, deps, call);
  const lost = read.header.lost ?? [];
  const looks = await looksBy(await opened.catalog(), read, summary.examples);
  return {
    data: { ...summary, ...(lost.length === 0 ? {} : { lost }) },
    text: (style) => verifySummaryText(summary, style, lost, looks),
    ...(summary.remaining > 0 ? { exit: EXIT.differences } : summary.byHand.length > 0 ? { exit: EXIT.partial } : {}),
  };
}
