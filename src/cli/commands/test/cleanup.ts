import type { Cleaned } from '../../../checks/index.js';
import { EXIT } from '../../../lib/index.js';
import { endLeftDisturbances, openForTest } from '../../flows/checks/tests.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { cleanedText, endedLines } from '../../views/checks/test.js';

/** `runback test cleanup` */
export const cleanupVerb: CommandSpec = {
  verb: 'cleanup',
  summary: 'Take away what tests have created, also those that were killed',
  details:
    'First whatever a test has disturbed, and did not live to end, is ended. Deleted is only what bears an address and a mark that were written down before the test began. What a person has changed since stays. Exit 3 if something is left.',
  options: [{ flags: '--disturbance-ended', description: 'what a test disturbed works again: do not run what ends it' }],
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
  const believe = input.flag('disturbance-ended');
  const ended = await endLeftDisturbances(context, session, { believe, ...(wanted !== undefined && { run: notes[0]?.id ?? '' }) });
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
    data: { cleaned, ended },
    text: (style) => [...endedLines(ended, style), cleanedText(cleaned, style)].join('\n'),
    ...(cleaned.every(({ done }) => done) ? {} : { exit: EXIT.partial }),
  };
}
