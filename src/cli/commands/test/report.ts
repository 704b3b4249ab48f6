import { RunbackError } from '../../../lib/index.js';
import { offersOfTest } from '../../flows/checks/offers.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { offerText } from '../../views/checks/offers.js';
import { checkText } from '../../views/checks/test.js';

/** `runback test report` */
export const reportVerb: CommandSpec = {
  verb: 'report',
  summary: 'What a test found, also as HTML, Markdown or JUnit XML',
  args: [{ name: 'result', description: 'id of a result, its beginning, or latest', optional: true }],
  options: [{ flags: '--to <file>', description: 'file to write: .html, .md or .xml', kind: 'file' }, OVERWRITE],
  examples: ['runback test report latest --to test.html'],
  run: report,
};

async function report(context: CommandContext): Promise<Outcome> {
  const { checkDocument, checkJunit, readCheckResults, withOffers } = await import('../../../checks/index.js');
  const file = await outputFile(context);
  const session = await context.session();
  const results = await readCheckResults(session.store);
  const wanted = context.input.argument('result') ?? 'latest';
  const result = wanted === 'latest' ? results.at(-1) : byPrefix(wanted, results, ({ id }) => id, { what: 'result', list: 'runback test list' });
  if (result === undefined)
    throw new RunbackError('not-found', 'No test was run here yet', { state: 'Nothing was written.', next: 'runback test list' });
  const offers = await offersOfTest(session, result);
  if (file === undefined)
    return {
      data: { ...result, next: offers },
      text: (style) => [checkText(result, style), offerText(offers, style)].filter((part) => part !== '').join('\n\n'),
    };
  const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
  const text = /\.xml$/iu.test(file.path)
    ? checkJunit([result], offers)
    : /\.html?$/iu.test(file.path)
      ? documentHtml(withOffers(checkDocument(result), offers))
      : documentMarkdown(withOffers(checkDocument(result), offers));
  await writeText(file, text);
  return { data: { result, next: offers, path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}
