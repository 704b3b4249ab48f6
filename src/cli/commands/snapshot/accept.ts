import { acceptSnapshot } from '../../../backups/index.js';
import { RunbackError } from '../../../lib/index.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { snapshotText } from '../../views/snapshot.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot accept` */
export const acceptVerb: CommandSpec = {
  verb: 'accept',
  summary: 'Confirm that what a suspect snapshot holds is right',
  details:
    'For snapshots of backup jobs that are far from what is usual. Look at what changed first: runback diff. An accepted one counts as good, and as much is usual from then on. Changes nothing on any platform.',
  args: [SNAPSHOT],
  options: [{ flags: '--reason <text>', description: 'why it is right: for whoever asks later', required: true }],
  examples: ['runback snapshot accept latest --reason "cleaned up on purpose"'],
  run: accept,
};

async function accept({ input, session }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const reason = input.required('reason');
  if (reason.trim() === '') throw new RunbackError('usage', '--reason is empty', { state: 'Nothing was changed.' });
  const { store, clock, by } = opened;
  const catalog = await opened.catalog();
  const { id } = await catalog.resolve(input.required('snapshot'));
  await opened.authorise('snapshot');
  const summary = await acceptSnapshot(id, { by, reason }, { store, clock, catalog });
  return { data: summary, text: (style) => `${style.glyph.done} ${id} is accepted: it counts as good\n${snapshotText(summary, style)}` };
}
