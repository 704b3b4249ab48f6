import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';

import { RunbackError } from '../../../lib/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { OVERWRITE, outputFile } from '../../shell/output-file.js';
import { count } from '../../views/text/format.js';
import { objectIn } from './object-in.js';
import { SNAPSHOT, PLATFORM, OBJECT } from './words.js';

/** `runback snapshot export` */
export const exportVerb: CommandSpec = {
  verb: 'export',
  summary: 'One object type as CSV',
  details:
    'For people: what a spreadsheet would run as a formula gets an apostrophe, and control characters are shown as symbols. --exact writes every text as it is.',
  args: [SNAPSHOT, OBJECT],
  options: [
    PLATFORM,
    { flags: '--to <file>', description: 'file to make (default: stdout)', kind: 'file' },
    OVERWRITE,
    { flags: '--exact', description: 'every text as it is: for programs' },
  ],
  examples: ['runback snapshot export latest contacts --to contacts.csv'],
  run: exportRecords,
};

async function exportRecords(context: CommandContext): Promise<Outcome> {
  const { input, session, live, globals, stdio } = context;
  const file = await outputFile(context);
  const exact = input.flag('exact');
  if (exact && file === undefined && stdio.stdout.isTTY)
    throw new RunbackError('usage', '--exact does not print on a terminal', {
      why: 'Raw values may contain characters that control the terminal.',
      state: 'Nothing was written.',
      next: 'Add --to <file>, or leave out --exact.',
    });
  const call = { ...context.call, exact };
  const catalog = await (await session()).catalog();
  const reader = await catalog.open(input.required('snapshot'));
  try {
    const info = await objectIn(reader, input.required('object'), input.text('platform'));
    const { exportCsv } = await import('../../../snapshots/index.js');
    if (file === undefined) {
      if (globals.json)
        throw new RunbackError('usage', 'With --json, export needs --to <file>', {
          why: 'The CSV would mix with the JSON on stdout.',
          state: 'Nothing was written.',
        });
      // Ends with the export; stdout itself stays open for what comes after.
      const through = new PassThrough();
      through.pipe(stdio.stdout, { end: false });
      let gone = false;
      const passedOn = finished(through);
      stdio.stdout.once('error', (error) => {
        gone = true;
        through.destroy(error);
      });
      await Promise.all([exportCsv(reader, info.platform, info.object, through, call), passedOn]).catch((error: unknown) => {
        // Nobody is left to read the rest.
        if (!gone) throw error;
      });
      return { data: undefined, text: () => '' };
    }
    const { path } = file;
    live.start(`Writing ${path}`);
    const rows = await file.write((output) => exportCsv(reader, info.platform, info.object, output, call));
    return { data: { path, object: info.object, rows }, text: (style) => `${style.glyph.done} ${count(rows)} rows in ${path}` };
  } finally {
    await reader.close();
  }
}
