import { EXIT } from '../../../lib/index.js';
import { ALL, moreLine, shownAtMost } from '../../flows/page.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runsList } from '../../views/run.js';

/** `runback runbook runs` */
export const runsVerb: CommandSpec = { verb: 'runs', summary: 'Runs, newest first', options: [ALL], run: runs };

async function runs(context: CommandContext): Promise<Outcome> {
  const { listRuns } = await import('../../../runbooks/index.js');
  const { more, ...listed } = await listRuns((await context.session()).store, shownAtMost(context));
  return {
    data: listed,
    text: (style) =>
      [
        runsList(listed.runs, style),
        ...listed.damaged.map((id) => `${style.glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`),
        ...moreLine(more, 'runback runbook runs --all'),
      ].join('\n'),
    ...(listed.damaged.length === 0 ? {} : { exit: EXIT.partial }),
  };
}
