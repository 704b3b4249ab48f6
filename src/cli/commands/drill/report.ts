import { RunbackError } from '../../../lib/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { scorecardText } from '../../views/drill.js';

/** `runback drill report` */
export const reportVerb: CommandSpec = {
  verb: 'report',
  summary: 'The scorecard of a drill that was run, also as HTML, Markdown or JUnit XML',
  args: [{ name: 'result', description: 'id of a result, its beginning, or latest', optional: true }],
  options: [{ flags: '--to <file>', description: 'file to write: .html, .md or .xml', kind: 'file' }, OVERWRITE],
  examples: ['runback drill report latest --to drill.html'],
  run: report,
};

async function report(context: CommandContext): Promise<Outcome> {
  const { readResults, scorecardDocument, junitXml } = await import('../../../drills/index.js');
  const file = await outputFile(context);
  const results = await readResults((await context.session()).store);
  const wanted = context.input.argument('result') ?? 'latest';
  const result = wanted === 'latest' ? results.at(-1) : byPrefix(wanted, results, ({ id }) => id, { what: 'result', list: 'runback drill history' });
  if (result === undefined)
    throw new RunbackError('not-found', 'No drill was run here yet', { state: 'Nothing was written.', next: 'runback drill run --all' });
  if (file === undefined) return { data: result, text: (style) => scorecardText(result, style) };
  const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
  const text = /\.xml$/iu.test(file.path)
    ? junitXml([result])
    : /\.html?$/iu.test(file.path)
      ? documentHtml(scorecardDocument([result]))
      : documentMarkdown(scorecardDocument([result]));
  await writeText(file, text);
  return { data: { result, path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}
