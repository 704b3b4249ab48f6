import { defined } from '../../../lib/index.js';
import { runbookFiles } from '../../flows/runbook-files.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runbookList } from '../../views/runbook.js';

/** `runback runbook list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Runbooks of the workspace and when to use them', run: list };

async function list({ session }: CommandContext): Promise<Outcome> {
  const files = await runbookFiles(await session());
  const data = files.map(({ id, path, runbook, problem }) => ({
    id,
    path,
    ...(runbook === undefined ? {} : { title: runbook.title, symptoms: runbook.document.symptoms ?? [], steps: runbook.steps.length }),
    ...defined({ problem }),
  }));
  return { data, text: (style) => runbookList(files, style) };
}
