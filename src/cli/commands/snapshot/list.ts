import { copyOf } from '../../flows/backups/copies.js';
import { ALL, moreLine, shownAtMost } from '../../flows/page.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotList } from '../../views/snapshot.js';
import type { Style } from '../../views/text/style.js';
import { visible } from '../../views/text/visible.js';

/** `runback snapshot list` */
export const listVerb: CommandSpec = {
  verb: 'list',
  summary: 'Snapshots, newest first',
  options: [ALL, { flags: '--copy <name>', description: 'those in a copy that runback.yml names' }],
  examples: ['runback snapshot list', 'runback snapshot list --copy offsite'],
  run: list,
};

async function list(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  const copy = context.input.text('copy');
  const catalog = copy === undefined ? await session.catalog() : (await copyOf(session, copy)).catalog;
  const { snapshots, ignored, more } = await catalog.survey(shownAtMost(context));
  const exposures = await catalog.exposures();
  const listed = (style: Style): string =>
    copy !== undefined && snapshots.length + ignored.length === 0
      ? `No snapshot in ${visible(copy)} yet. Copy what it lacks: runback backup copy ${visible(copy)}`
      : snapshotList(snapshots, { ignored, exposures }, style);
  return {
    data: { snapshots, ignored, exposures },
    text: (style) => [listed(style), ...moreLine(more, `runback snapshot list${copy === undefined ? '' : ` --copy ${copy}`} --all`)].join('\n'),
  };
}
