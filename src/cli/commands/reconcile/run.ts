import { EXIT } from '../../../lib/index.js';
import { offersOfReconciliation } from '../../flows/checks/offers.js';
import { oneMapping, reconcileNow } from '../../flows/reconciliations/reconcile.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { OVERWRITE, outputFile, writeText } from '../../shell/output-file.js';
import { offerText } from '../../views/checks/offers.js';
import { reconciliationText } from '../../views/checks/reconciliation.js';

/** Differences in the JSON of a run; the counts are of all. */
const IN_JSON = 1000;

/** `runback reconcile run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Compare both sides of a mapping: records and values; writes nothing',
  details:
    'Takes a snapshot of both sides, compares them as the mapping says, and reads what differs again from the platforms, twice, with the settle time of the mapping before each look. Only what stood both times is a difference. Writes nothing to any platform. Exit status 2 where there are differences, or where a part of the mapping cannot be compared.',
  args: [{ name: 'mapping', description: 'id or path of a mapping' }],
  options: [
    { flags: '--snapshot <id>', description: 'compare this snapshot, not a new one; twice for one of each side', kind: 'snapshot', repeat: true },
    { flags: '--to <file>', description: 'also write the report, with examples: .html, .md or .xml (JUnit)', kind: 'file' },
    OVERWRITE,
  ],
  examples: ['runback reconcile run contacts', 'runback reconcile run contacts --to reconciliation.html'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const opened = await session();
  const mapping = await oneMapping(opened, input.required('mapping'), stdio.cwd);
  const file = await outputFile(context);
  await opened.authorise('snapshot');
  const catalog = await opened.catalog();
  const named = input.someOf('snapshot');
  const snapshots = named === undefined ? undefined : await Promise.all(named.map(async (one) => (await catalog.resolve(one)).id));
  const { result, differences } = await reconcileNow(context, opened, mapping, snapshots);
  const offers = await offersOfReconciliation(opened, mapping, { result, differences });
  if (file !== undefined) {
    const { documentHtml, documentMarkdown } = await import('../../../document/index.js');
    const { reconciliationDocument, reconciliationJunit, withOffers } = await import('../../../checks/index.js');
    const document = withOffers(reconciliationDocument(result, differences, mapping), offers);
    const text = /\.xml$/iu.test(file.path)
      ? reconciliationJunit(result, offers)
      : /\.html?$/iu.test(file.path)
        ? documentHtml(document)
        : documentMarkdown(document);
    await writeText(file, text);
  }
  return {
    data: { ...result, examples: differences.slice(0, IN_JSON), next: offers, ...(file === undefined ? {} : { path: file.path }) },
    text: (style) =>
      [
        reconciliationText(result, differences, mapping, style),
        offerText(offers, style),
        file === undefined ? '' : `${style.glyph.done} ${file.path}`,
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    ...(result.passed ? {} : { exit: EXIT.differences }),
  };
}
