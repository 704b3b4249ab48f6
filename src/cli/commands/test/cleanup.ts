import type { Cleaned } from '../../../checks/index.js';
import { EXIT } from '../../../lib/index.js';
import { openForTest } from '../../flows/checks/tests.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { cleanedText } from '../../views/checks/test.js';

/** `runback test cleanup` */
export const cleanupVerb: CommandSpec = {
  verb: 'cleanup',
  summary: 'Take away what tests have created, also those that were killed',
  details:
    'Deleted is only what bears an address and a mark that were written down before the test began. What a person has changed since stays. Exit 3 if something is left.',
  args: [{ name: 'run', description: 'id of one run of a test, or its beginning; all without', optional: true }],
  run: cleanup,
};

async function cleanup(context: CommandContext): Promise<Outcome> {
  const { clock, call, live, input } = context;
  const { cleanUp, uncleaned } = await import('../../../checks/index.js');
  const session = await context.session();
  const left = await uncleaned(session.store);
  const wanted = input.argument('run');
  const notes = wanted === undefined ? left : [byPrefix(wanted, left, ({ id }) => id, { what: 'run of a test', list: 'runback test list' })];
  const cleaned: Cleaned[] = [];
  for (const note of notes) {
    live.start(`Taking away what ${note.id} created`);
    cleaned.push(
      await cleanUp(note, {
        store: session.store,
        clock,
        by: session.by,
        call,
        openPlatform: async (name) => await openForTest(session, name, call),
      }),
    );
  }
  return {
    data: { cleaned },
    text: (style) => cleanedText(cleaned, style),
    ...(cleaned.every(({ done }) => done) ? {} : { exit: EXIT.partial }),
  };
}
