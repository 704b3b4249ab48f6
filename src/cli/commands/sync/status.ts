import { EXIT } from '../../../lib/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { syncsText } from '../../views/sync.js';
import { NAMES } from './words.js';

/** `runback sync status` */
export const statusVerb: CommandSpec = {
  verb: 'status',
  summary: 'Ask each sync whether it is running, and what is in flight',
  args: [NAMES],
  run: status,
};

async function status({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const syncs = await (await session()).syncs();
  live.start('Checking the syncs');
  const names = input.words('names');
  const [views, pauses] = await Promise.all([syncs.views(names.length === 0 ? undefined : names, call), syncs.pauses()]);
  const unread = views.some((view) => view.status === undefined);
  return { data: { syncs: views, pauses }, text: (style) => syncsText(views, pauses, style), ...(unread ? { exit: EXIT.partial } : {}) };
}
