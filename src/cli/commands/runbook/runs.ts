import { EXIT } from '../../../lib/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runsList } from '../../views/run.js';

/** `runback runbook runs` */
export const runsVerb: CommandSpec = { verb: 'runs', summary: 'Runs, newest first', run: runs };

async function runs({ session }: CommandContext): Promise<Outcome> {
  const { listRuns } = await import('../../../runbooks/index.js');
  const listed = await listRuns((await session()).store);
  return {
    data: listed,
    text: (style) =>
      [
        runsList(listed.runs, style),
        ...listed.damaged.map((id) => `${style.glyph.failed} ${id}: its journal is damaged. See: runback runbook evidence ${id}`),
      ].join('\n'),
    ...(listed.damaged.length === 0 ? {} : { exit: EXIT.partial }),
  };
}
