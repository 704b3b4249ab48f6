import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile } from '../../shell/output-file.js';
import { FIRST, leftText } from '../../views/restores/left.js';
import { counted } from '../../views/text/format.js';

/** `runback restore left` */
export const leftVerb: CommandSpec = {
  verb: 'left',
  summary: 'What a plan or restore leaves for people, and what to do about each',
  args: [{ name: 'plan', description: 'id of a plan or a restore, its beginning, or latest', kind: 'plan' }],
  options: [
    {
      flags: '--to <file>',
      description: 'file to write: .csv all of it, .html or .md a page (default: the first of it on the screen)',
      kind: 'file',
    },
    OVERWRITE,
  ],
  examples: ['runback restore left latest --to left.csv'],
  details:
    'Conflicts, what the platform refused or stored differently, what it changed by itself, what someone changed since, and damage that cannot be written. Of a plan that was applied, what its last restore left counts too.',
  run: left,
};

async function left(context: CommandContext): Promise<Outcome> {
  const { input, session } = context;
  const file = await outputFile(context);
  const { countLeft, findLeft, writeLeft } = await import('../../flows/restores/left.js');
  const found = await findLeft(await session(), input.required('plan'));
  const { header } = found.plan;
  const ids = { plan: header.id, ...(found.restore === undefined ? {} : { restore: found.restore }) };
  if (file === undefined) {
    const counts = await countLeft(found.items(), FIRST);
    const looks = await found.looks(counts.first);
    const { conflicts, byHand = [] } = header.counts;
    return { data: { ...ids, conflicts, byHand, ...counts }, text: (style) => leftText(header, found.restore, counts, style, looks) };
  }
  const { path } = file;
  const lines = await writeLeft(found, file);
  return { data: { ...ids, path, lines }, text: (style) => `${style.glyph.done} ${path}: ${counted(lines, 'lines')}` };
}
