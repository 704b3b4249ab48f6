import { defined } from '../../../lib/index.js';
import { runbookFiles } from '../../flows/runs/runbook-files.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runbookList } from '../../views/runbook.js';

/** `runback runbook list` */
export const listVerb: CommandSpec = { verb: 'list', summary: 'Runbooks of the workspace and when to use them', run: list };

async function list({ session }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const { proofOf } = await import('../../../drills/index.js');
  const files = await Promise.all(
    (await runbookFiles(opened)).map(async (file) => ({
      ...file,
      ...defined({ proof: file.runbook && (await proofOf(opened.store, file.runbook)) }),
    })),
  );
  const data = files.map(({ id, path, runbook, proof, problem }) => ({
    id,
    path,
    ...(runbook === undefined ? {} : { title: runbook.title, symptoms: runbook.document.symptoms ?? [], steps: runbook.steps.length, proof }),
    ...defined({ problem }),
  }));
  return { data, text: (style) => runbookList(files, style) };
}
