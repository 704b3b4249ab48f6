import type { Catalog } from '../../../snapshots/index.js';
import { confirmDestructive } from '../../session/confirm.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotText } from '../../views/snapshot.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot delete` */
export const deleteVerb: CommandSpec = {
  verb: 'delete',
  summary: 'Delete a snapshot permanently',
  args: [SNAPSHOT],
  options: [
    {
      flags: '--confirm <environment:records>',
      description: 'the confirmation, for use without a terminal; of what is left of one: entry:<id> or copy:<id>',
    },
  ],
  run: remove,
};

async function remove(context: CommandContext): Promise<Outcome> {
  const { input, session, live } = context;
  const catalog = await (await session()).catalog();
  const left = await catalog.remains(input.required('snapshot'));
  if (left !== undefined) return await removeRemains(context, catalog, input.required('snapshot'), left);
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

const REMAINS = {
  entry: 'Only its entry is left; its bytes are gone. This deletes the entry.',
  copy: 'It was deleted. A copy of it that was to take its place waits on this machine, whole, and may be all that is left. This deletes the copy permanently.',
} as const;

/** Of a snapshot that is not there any more. */
async function removeRemains(context: CommandContext, catalog: Catalog, id: string, left: keyof typeof REMAINS): Promise<Outcome> {
  const words = { untouched: `What is left of ${id} was not deleted.`, command: `runback snapshot delete ${id}`, what: 'what is left, and the id' };
  await confirmDestructive(context, `${left}:${id}`, words, () => context.live.print(`  ${id}: ${REMAINS[left]}`));
  await catalog.deleteRemains(id);
  return { data: { deleted: id, remains: left }, text: (style) => `${style.glyph.done} Deleted what was left of ${id}` };
}
