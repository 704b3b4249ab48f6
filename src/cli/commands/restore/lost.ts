import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { LostValue } from '../../../restores/index.js';
import { looksBy } from '../../flows/restores/looks.js';
import { findPlan } from '../../flows/restores/restore.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile } from '../../shell/output-file.js';
import { lostText } from '../../views/restores/plan.js';
import { counted } from '../../views/text/format.js';
import { PLAN } from './words.js';

/** `runback restore lost` */
export const lostVerb: CommandSpec = {
  verb: 'lost',
  summary: 'What records that are created again do not get back, value by value',
  details: 'Values in the base snapshot that runback cannot write: secondary addresses, dates, statuses. For people, to fix by hand.',
  args: [{ ...PLAN, optional: true }],
  options: [{ flags: '--to <file>', description: 'CSV file to make', kind: 'file' }, OVERWRITE],
  examples: ['runback restore lost latest --to lost.csv'],
  run: lost,
};

async function lost(context: CommandContext): Promise<Outcome> {
  const { input, session } = context;
  const file = await outputFile(context);
  const opened = await session();
  const plan = await findPlan(opened, input.argument('plan') ?? 'latest');
  const { header } = plan;
  const { lostValuesOf } = await import('../../../restores/index.js');
  const values: LostValue[] = [];
  for await (const value of lostValuesOf(opened.store, header.id)) values.push(value);
  const looks = await looksBy(await opened.catalog(), plan, values);
  if (file !== undefined) {
    const { csvLine } = await import('../../../snapshots/index.js');
    const rows = values.map(({ object, key, field, what, value }) => {
      const { name, address, page } = looks(object, key);
      return csvLine([name, address, page, object, key, field, what, Array.isArray(value) ? value.join('; ') : value]);
    });
    const columns = ['name', 'address', 'page', 'object', 'key', 'field', 'what', 'value'];
    await file.write((output) => pipeline(Readable.from([csvLine(columns), ...rows]), output));
  }
  return {
    data: { plan: header.id, lost: header.lost ?? [], values, ...(file === undefined ? {} : { path: file.path }) },
    text: (style) =>
      file === undefined
        ? lostText(header.lost ?? [], values, style, looks)
        : `${style.glyph.done} ${counted(values.length, 'values')} in ${file.path}`,
  };
}
