import { looksIn, openPlanOf } from '../../flows/looks.js';
import { findPlan } from '../../flows/restore.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile } from '../../shell/output-file.js';
import { firstLines, isConflict } from '../../views/restores/plan.js';
import { leftText } from '../../views/restores/restore.js';
import { counted } from '../../views/text/format.js';
import { FIRST } from './outcome.js';
import { PLAN } from './words.js';

/** `runback restore left` */
export const leftVerb: CommandSpec = {
  verb: 'left',
  summary: 'What a plan leaves for people: its conflicts, and what must be fixed by hand',
  args: [PLAN],
  options: [{ flags: '--to <file>', description: 'CSV file to write (default: the first of them on the screen)', kind: 'file' }, OVERWRITE],
  examples: ['runback restore left latest --to left.csv'],
  run: left,
};

async function left(context: CommandContext): Promise<Outcome> {
  const { input, session } = context;
  const file = await outputFile(context);
  const opened = await session();
  const read = await findPlan(opened, input.required('plan'));
  if (file === undefined) {
    const first = await firstLines(read.lines(), isConflict, FIRST);
    const looks = await looksIn(await opened.catalog(), read.header, first);
    const { conflicts, byHand = [] } = read.header.counts;
    return { data: { plan: read.header.id, conflicts, byHand, first }, text: (style) => leftText(read.header, first, style, looks) };
  }
  const { writeLeft } = await import('../../flows/left.js');
  const { path } = file;
  const records = await writeLeft(openPlanOf(opened, read), file);
  return { data: { plan: read.header.id, path, lines: records }, text: (style) => `${style.glyph.done} ${path}: ${counted(records, 'lines')}` };
}
