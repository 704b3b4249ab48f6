import { RunbackError } from '../../../lib/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot pin` */
export const pinVerb: CommandSpec = {
  verb: 'pin',
  summary: 'Keep a snapshot from being deleted',
  args: [SNAPSHOT],
  options: [
    { flags: '--reason <text>', description: 'why it is kept: for whoever asks later' },
    { flags: '--off', description: 'no longer keep it' },
  ],
  examples: ['runback snapshot pin latest --reason "before the migration"'],
  run: pin,
};

async function pin({ input, session }: CommandContext): Promise<Outcome> {
  const [off, reason] = [input.flag('off'), input.text('reason')];
  if (off && reason !== undefined)
    throw new RunbackError('usage', '--reason is for keeping a snapshot, and --off for no longer keeping it', { state: 'Nothing was changed.' });
  const opened = await session();
  const catalog = await opened.catalog();
  const summary = await catalog.pin(input.required('snapshot'), reason === undefined ? !off : { reason, by: opened.by });
  return {
    data: summary,
    text: (style) => `${style.glyph.done} ${summary.id} is ${summary.pinned ? 'pinned: it is kept until you unpin it' : 'no longer pinned'}`,
  };
}
