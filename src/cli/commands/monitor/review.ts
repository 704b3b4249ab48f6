import { reviewInput } from '../../flows/monitors/review.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { reviewText } from '../../views/monitors/review.js';

/** `runback monitor review` */
export const reviewVerb: CommandSpec = {
  verb: 'review',
  summary: 'What the week shows: what is new, grew, always fails, or drifts to a limit',
  details:
    'Looks at what was counted of every call that runback made to platforms and syncs, and at how long syncs, tests and snapshots took. Asks no platform. Each line has an example and the id that the support of the vendor asks for. No data of records is kept.',
  options: [
    { flags: '--week', description: 'the last seven days, compared with the eight weeks before (default)' },
    { flags: '--html', description: 'print it as an HTML page' },
    { flags: '--to <file>', description: 'file to write: .html or .md', kind: 'file' },
    OVERWRITE,
  ],
  examples: ['runback monitor review --week', 'runback monitor review --to review.html'],
  run: review,
};

async function review(context: CommandContext): Promise<Outcome> {
  const { reviewDocument, reviewWeek } = await import('../../../monitors/index.js');
  const file = await outputFile(context);
  const session = await context.session();
  const input = await reviewInput(session, context.clock.now());
  const findings = reviewWeek(input);
  const { from, to, countedSince } = input;
  const data = { from: from.toISOString(), to: to.toISOString(), countedSince: countedSince.toISOString(), findings };
  if (file === undefined && !context.input.flag('html')) return { data, text: (style) => reviewText(input, findings, style) };
  const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
  const document = reviewDocument(input, findings);
  if (file === undefined) return { data, text: () => documentHtml(document).trimEnd() };
  await writeText(file, /\.md$/iu.test(file.path) ? documentMarkdown(document) : documentHtml(document));
  return { data: { ...data, path: file.path }, text: (style) => `${style.glyph.done} ${file.path}` };
}
