import type { Cleaned } from '../../../checks/index.js';
import { EXIT, sleepUntil } from '../../../lib/index.js';
import { endLeftDisturbances, openForTest } from '../../flows/checks/tests.js';
import { byPrefix } from '../../session/prefix.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { cleanedText, endedLines } from '../../views/checks/test.js';

/** `runback test cleanup` */
export const cleanupVerb: CommandSpec = {
  verb: 'cleanup',
  summary: 'Take away what tests have created, also those that were killed',
  details:
    'First whatever a test has disturbed, and did not live to end, is ended. Deleted is only what bears an address and a mark that were written down before the test began. What a person has changed since stays. What others have merged or linked with it stays too. Exit 3 if something is left, or may still arrive.',
  options: [
    { flags: '--wait', description: 'wait until nothing can arrive that is on its way, and clean up again' },
    { flags: '--disturbance-ended', description: 'what a test disturbed works again: do not run what ends it' },
  ],
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
    const clean = async (): Promise<Cleaned> => {
      live.start(`Taking away what ${note.id} created`);
      return await cleanUp(note, {
        store: session.store,
        clock,
        by: session.by,
        call,
        openPlatform: async (name) => await openForTest(session, name, call),
      });
    };
    const first = await clean();
    cleaned.push(input.flag('wait') ? await again(first, clean, context) : first);
  }
  return {
    data: { cleaned, ended },
    text: (style) => [...endedLines(ended, style), cleanedText(cleaned, style)].join('\n'),
    ...(cleaned.every(({ done }) => done) ? {} : { exit: EXIT.partial }),
  };
}

/** Once more when nothing can arrive that was on its way: what was deleted both times is told together. */
async function again(first: Cleaned, clean: () => Promise<Cleaned>, { clock, call, live }: CommandContext): Promise<Cleaned> {
  if (first.until === undefined) return first;
  live.start(`Something of ${first.id} may still arrive: waiting until ${first.until}`);
  await sleepUntil(new Date(first.until), clock, call.signal);
  const last = await clean();
  const deletedBefore = (n: number): number => first.places[n]?.deleted ?? 0;
  return { ...last, places: last.places.map((place, n) => ({ ...place, deleted: place.deleted + deletedBefore(n) })) };
}
