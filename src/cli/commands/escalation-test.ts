import type { ContactTest } from '../../incidents/index.js';
import { defined, EXIT, RunbackError } from '../../lib/index.js';
import { loadEscalation } from '../flows/escalation-file.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { counted, span, table } from '../views/text/format.js';
import type { Style } from '../views/text/style.js';
import { visible } from '../views/text/visible.js';

async function test(context: CommandContext): Promise<Outcome> {
  const { input, live, call } = context;
  const session = await context.session();
  const { escalation } = await loadEscalation(session.workspace.root);
  const [people, channels] = [input.someOf('person'), input.someOf('channel')];
  for (const [names, known, what] of [
    [people, escalation.people, 'person'],
    [channels, escalation.channels, 'channel'],
  ] as const)
    for (const name of names ?? [])
      if (!Object.hasOwn(known, name))
        throw new RunbackError('not-found', `escalation.yml has no ${what} "${name}"`, {
          why: `It has: ${Object.keys(known).join(', ')}.`,
          state: 'Nothing was sent.',
        });
  if (!context.globals.yes) {
    const asker = await context.asker('--yes');
    const message = 'Send a message, marked as a test, to every selected contact?';
    if (!(await asker.confirm({ message, default: false }))) throw new RunbackError('person-needed', 'Nothing was sent', { why: 'You said no.' });
  }
  live.start('Sending tests');
  const [{ testContacts }, { openChannel }] = await Promise.all([import('../../incidents/index.js'), import('../../notify/index.js')]);
  const result = await testContacts(
    escalation,
    session.by,
    { ...defined({ people, channels }) },
    {
      store: session.store,
      clock: session.clock,
      signal: call.signal,
      channel: async (name) => {
        const config = escalation.channels[name];
        if (!config) throw new RunbackError('not-found', `escalation.yml has no channel ${name}`);
        return await openChannel(config, session.channelDeps());
      },
    },
  );
  const failed = result.results.filter(({ state }) => state !== 'accepted').length;
  return { data: result, text: (style) => testText(result, failed, style), ...(failed === 0 ? {} : { exit: EXIT.failed }) };
}

const WORDS = { accepted: 'taken', transient: 'not now', permanent: 'does not work' } as const;

function testText({ results, id }: ContactTest, failed: number, style: Style): string {
  const rows = results.map(({ to, state, why, receipt, ms }) => [
    visible('name' in to && to.name !== undefined ? to.name : (to.person ?? ('channel' in to ? to.channel : ''))),
    visible(to.medium),
    WORDS[state],
    visible(
      why ??
        Object.entries(receipt ?? {})
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
    ),
    span(ms),
  ]);
  const columns = [{ title: 'To' }, { title: 'By' }, { title: 'Came back' }, { title: 'What it said', shrink: true }, { title: 'Took' }];
  const verdict =
    failed === 0
      ? `${style.glyph.done} ${counted(results.length, 'contacts')} accepted the message. Ask the people whether it arrived.`
      : `${style.glyph.failed} ${counted(failed, 'contacts')} of ${results.length} did not accept it. Those people would not be reached.`;
  return `${table(columns, rows, style)}\n\n${verdict}\n  Kept as ${id}`;
}

export const testCommand: CommandSpec = {
  verb: 'test',
  summary: 'Send a marked test through every contact and record the answers',
  details: 'Sends real messages. Exit 1 if a contact did not accept its message.',
  options: [
    { flags: '--person <id>', description: 'only the contacts of this person', repeat: true },
    { flags: '--channel <name>', description: 'only this channel', repeat: true },
  ],
  examples: ['runback escalation test', 'runback escalation test --person maya --yes'],
  run: test,
};
