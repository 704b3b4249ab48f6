import { findRunbook } from '../../flows/runs/runbook-files.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { RUNBOOK } from './words.js';

/** `runback runbook render` */
export const renderVerb: CommandSpec = {
  verb: 'render',
  summary: 'A runbook as Markdown, to print and follow by hand',
  args: [RUNBOOK],
  options: [{ flags: '--to <file>', description: 'file to write (default: stdout)', kind: 'file' }, OVERWRITE],
  run: render,
};

async function render(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const file = await outputFile(context);
  const { renderRunbook } = await import('../../../runbooks/index.js');
  const markdown = renderRunbook(await findRunbook(await session(), input.required('runbook'), stdio.cwd));
  if (file === undefined) return { data: { markdown }, text: () => markdown.trimEnd() };
  await writeText(file, markdown);
  return { data: { path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}
