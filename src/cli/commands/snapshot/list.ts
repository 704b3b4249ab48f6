import { ALL, moreLine, shownAtMost } from '../../flows/page.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotList } from '../../views/snapshot.js';

/** `runback snapshot list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Snapshots, newest first', options: [ALL], run: list };

async function list(context: CommandContext): Promise<Outcome> {
  const catalog = await (await context.session()).catalog();
  const { snapshots, ignored, more } = await catalog.survey(shownAtMost(context));
  const exposures = await catalog.exposures();
  return {
    data: { snapshots, ignored, exposures },
    text: (style) => [snapshotList(snapshots, { ignored, exposures }, style), ...moreLine(more, 'runback snapshot list --all')].join('\n'),
  };
}
