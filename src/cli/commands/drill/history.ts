import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { historyText } from '../../views/drill.js';

/** `runback drill history` */
export const historyVerb: CommandSpec = {
  verb: 'history',
  summary: 'Time to recover over the months, by runbook',
  args: [{ name: 'runbook', description: 'only drills of this runbook', kind: 'runbook', optional: true }],
  options: [{ flags: '--to <file>', description: 'file to write: .html or .md', kind: 'file' }, OVERWRITE],
  run: history,
};

async function history(context: CommandContext): Promise<Outcome> {
  const { historyDocument, readResults } = await import('../../../drills/index.js');
  const file = await outputFile(context);
  const all = await readResults((await context.session()).store);
  const runbook = context.input.argument('runbook');
  const results = runbook === undefined ? all : all.filter((result) => result.runbook.id.startsWith(runbook));
  if (file === undefined) return { data: results, text: (style) => historyText(results, style) };
  const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
  const document = historyDocument(results);
  await writeText(file, /\.html?$/iu.test(file.path) ? documentHtml(document) : documentMarkdown(document));
  return { data: { results, path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}
