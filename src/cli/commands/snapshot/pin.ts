import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot pin` */
export const pinVerb: CommandSpec = {
  verb: 'pin',
  summary: 'Keep a snapshot from being deleted',
  args: [SNAPSHOT],
  options: [{ flags: '--off', description: 'no longer keep it' }],
  run: pin,
};

async function pin({ input, session }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  const summary = await catalog.pin(input.required('snapshot'), !input.flag('off'));
  return {
    data: summary,
    text: (style) => `${style.glyph.done} ${summary.id} is ${summary.pinned ? 'pinned: it is kept until you unpin it' : 'no longer pinned'}`,
  };
}
