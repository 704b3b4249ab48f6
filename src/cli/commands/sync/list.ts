import { EXIT } from '../../../lib/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { damagedPauseLines, syncsText } from '../../views/sync.js';

/** `runback sync list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Syncs of the workspace and open pauses; contacts no sync', run: list };

async function list({ session }: CommandContext): Promise<Outcome> {
  const open = await session();
  const { open: pauses, damaged } = await (await open.syncs()).survey();
  const views = Object.values(open.workspace.config.syncs).map((sync) => ({
    name: sync.name,
    title: sync.title ?? sync.name,
    controller: sync.controller,
    writesTo: sync.writes_to,
    pauses: pauses.filter((pause) => pause.entries.some((entry) => entry.sync === sync.name)),
  }));
  return {
    data: { syncs: views, pauses, damaged },
    text: (style) => [syncsText(views, pauses, style), ...damagedPauseLines(damaged, style)].join('\n'),
    ...(damaged.length > 0 ? { exit: EXIT.partial } : {}),
  };
}
