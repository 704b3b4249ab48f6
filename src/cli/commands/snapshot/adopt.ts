import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { snapshotText } from '../../views/snapshot.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot adopt` */
export const adoptVerb: CommandSpec = {
  verb: 'adopt',
  summary: 'Confirm that a snapshot without a recorded digest is the right file',
  details:
    'For snapshots made by an earlier version or copied from elsewhere. Every byte is read, and the digest recorded: another file in its place is refused from then on. Changes nothing on any platform.',
  args: [SNAPSHOT],
  examples: ['runback snapshot adopt snap-20261117T020000Z-4f2a'],
  run: adopt,
};

/**
 * Reads every byte of a snapshot that nothing was recorded of, shows it, and records it as the right one on a person's
 * word.
 */
async function adopt(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call } = context;
  const opened = await session();
  const catalog = await opened.catalog();
  const { id, digest } = await catalog.resolve(input.required('snapshot'));
  await opened.authorise('snapshot');
  live.start('Reading every byte');
  const summary = await catalog.adopt(id, opened.by, call);
  return {
    data: summary,
    text: (style) =>
      `${style.glyph.done} ${id} is adopted: from now on it is known by its digest, and it counts as verified\n${snapshotText({ ...summary, digest }, style)}`,
  };
}
