import { defined, RunbackError } from '../../../lib/index.js';
import { acceptedFor } from '../../flows/restores/automations.js';
import { meansSet } from '../../flows/restores/plan-sets.js';
import { findRestore, restoreDeps, withResume } from '../../flows/restores/restore.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { restoreText } from '../../views/restores/restore.js';
import { counted } from '../../views/text/format.js';
import { restoreOutcome } from './outcome.js';
import { undoBoth } from './plan-set.js';
import { ACCEPT, MOVED, RESTORE } from './words.js';

/** `runback restore undo` */
export const undoVerb: CommandSpec = {
  verb: 'undo',
  summary: 'Put back what a restore replaced, unless someone changed it since',
  args: [RESTORE],
  options: [ACCEPT, MOVED],
  run: undo,
};

async function undo(context: CommandContext): Promise<Outcome> {
  const { live, call, session, input } = context;
  const opened = await session();
  const wanted = input.required('restore');
  if (meansSet(wanted)) return await undoBoth(context, opened, wanted);
  const id = await findRestore(opened, wanted);
  const { createdOf, readRestore, undoRestore } = await import('../../../restores/index.js');
  const { platform } = await createdOf(opened.store, id);
  const deps = await restoreDeps(opened, platform, context, input.text('moved-to'));
  if (context.interactive && !context.globals.yes) {
    const summary = await readRestore(opened.store, id);
    live.print(restoreText(summary, context.style));
    const asker = await context.asker('--yes');
    const go = await asker.confirm({
      message: `Put back the ${counted(summary.applied, 'values')} that this restore replaced, unless someone changed them since?`,
      default: false,
    });
    if (!go) throw new RunbackError('person-needed', 'Not undone', { why: 'You said no.', state: 'Nothing was written.' });
  }
  const accepted = await acceptedFor(context, opened, [platform], `runback restore undo ${id}`);
  live.start('Undoing');
  return await restoreOutcome(
    opened,
    await withResume(context, 'undo', id, () => undoRestore(id, opened.by, { ...deps, ...defined({ accepted }) }, call)),
  );
}
