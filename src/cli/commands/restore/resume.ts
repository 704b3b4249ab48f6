import { defined } from '../../../lib/index.js';
import { acceptedFor } from '../../flows/restores/automations.js';
import { meansSet } from '../../flows/restores/plan-sets.js';
import { findRestore, restoreDeps, withResume } from '../../flows/restores/restore.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { restoreOutcome } from './outcome.js';
import { applyBoth } from './plan-set.js';
import { ACCEPT, MOVED, RESTORE } from './words.js';

/** `runback restore resume` */
export const resumeVerb: CommandSpec = {
  verb: 'resume',
  summary: 'Continue a restore that stopped',
  args: [RESTORE],
  options: [ACCEPT, MOVED],
  run: resume,
};

async function resume(context: CommandContext): Promise<Outcome> {
  const opened = await context.session();
  const wanted = context.input.required('restore');
  if (meansSet(wanted)) return await applyBoth(context, opened, wanted);
  return await resumeHere(context, opened, await findRestore(opened, wanted));
}

/** Continues a restore. */
export async function resumeHere(context: CommandContext, opened: Session, id: string): Promise<Outcome> {
  const { createdOf, resumeRestore } = await import('../../../restores/index.js');
  const { platform } = await createdOf(opened.store, id);
  const deps = await restoreDeps(opened, platform, context, context.input.text('moved-to'));
  const accepted = await acceptedFor(context, opened, [platform], `runback restore resume ${id}`);
  context.live.start('Continuing the restore');
  return await restoreOutcome(
    opened,
    await withResume(context, 'resume', id, () => resumeRestore(id, opened.by, { ...deps, ...defined({ accepted }) }, context.call)),
  );
}
