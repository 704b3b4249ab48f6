import { EXIT } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
import { chosenMappings, shownPath } from '../../flows/mappings/mapping-files.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { type OutputFile, outputFile, OVERWRITE, writeText } from '../../shell/output-file.js';
import { mappingText } from '../../views/mappings/mapping.js';
import { MAPPINGS } from './words.js';

/** `runback mapping show` */
export const showVerb: CommandSpec = {
  verb: 'show',
  summary: 'A mapping as a page or a table, to hand around',
  details:
    'Which fields belong together, which side counts, what counts as the same value, and all options. Nothing is read from a platform, and no value of any record is in it.',
  args: [MAPPINGS],
  options: [
    { flags: '--html <file>', description: 'write it as a page', kind: 'file' },
    { flags: '--csv <file>', description: 'write it as a table, one line a field', kind: 'file' },
    { ...OVERWRITE, description: 'replace a file that --html or --csv names, if it is there' },
  ],
  examples: ['runback mapping show contacts', 'runback mapping show --html mappings.html', 'runback mapping show contacts --csv contacts.csv'],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio, clock } = context;
  const opened = await session();
  const { chosen, broken } = await chosenMappings(opened, input.words('mappings'), stdio.cwd);
  const [html, csv] = [await outputFile(context, 'html'), await outputFile(context, 'csv')];
  if (html !== undefined) await writePage(html, chosen, clock.now());
  if (csv !== undefined) await writeTable(csv, chosen);
  const files = [html, csv].flatMap((file) => file?.path ?? []);
  const left = broken.map((problem) => ({ ...problem, file: shownPath(opened, problem.file) }));
  return {
    data: { mappings: chosen.map(dataOf), broken: left, files },
    text: (style) => mappingText({ mappings: chosen, files, broken: [...new Set(left.map(({ file }) => file))] }, style),
    ...(broken.length > 0 ? { exit: EXIT.badFile } : {}),
  };
}

async function writePage(file: OutputFile, mappings: readonly Mapping[], at: Date): Promise<void> {
  const [{ mappingPage }, { documentHtml }] = await Promise.all([import('../../../mappings/index.js'), import('../../../document/index.js')]);
  await writeText(file, documentHtml(mappingPage(mappings, at.toISOString())));
}

async function writeTable(file: OutputFile, mappings: readonly Mapping[]): Promise<void> {
  const [{ MAPPING_COLUMNS, mappingRows }, { csvLine }] = await Promise.all([
    import('../../../mappings/index.js'),
    import('../../../snapshots/index.js'),
  ]);
  const rows = mappings.flatMap((mapping) => mappingRows(mapping));
  await writeText(file, [MAPPING_COLUMNS, ...rows].map((row) => csvLine(row.map((cell) => (cell === '' ? undefined : cell)))).join(''));
}

/** A mapping for scripts: what its file says, with nothing left out. */
function dataOf(mapping: Mapping): Omit<Mapping, 'place'> {
  const { place, ...data } = mapping;
  void place;
  return data;
}
