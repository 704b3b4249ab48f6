import { confirmDestructive } from '../../session/confirm.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotText } from '../../views/snapshot.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot delete` */
export const deleteVerb: CommandSpec = {
  verb: 'delete',
  summary: 'Delete a snapshot permanently',
  args: [SNAPSHOT],
  options: [{ flags: '--confirm <environment:records>', description: 'the confirmation, for use without a terminal' }],
  run: remove,
};

async function remove(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const catalog = await (await session()).catalog();
  const summary = await catalog.requireDeletable(input.required('snapshot'));
  const strictest =
    ['production', 'staging', 'sandbox'].find((name) => summary.platforms.some((platform) => platform.environment === name)) ?? 'sandbox';
  await confirmDestructive(
    context,
    `${strictest}:${summary.rows}`,
    { untouched: `Snapshot ${summary.id} was not deleted.`, command: `runback snapshot delete ${summary.id}` },
    (style) => {
      live.print(`${snapshotText(summary, style)}\n\n  This deletes the file permanently. It cannot be undone; nothing on any platform changes.`);
    },
  );
  const gone = await catalog.delete(summary.id);
  return { data: { deleted: gone.id }, text: (style) => `${style.glyph.done} Deleted ${gone.id}` };
}
