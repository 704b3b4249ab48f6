import { defined, newId, RunbackError } from '../../../lib/index.js';
import type { Silence } from '../../../monitors/index.js';
import { silenceOf } from '../../flows/monitors/silences.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { time } from '../../views/text/format.js';
import { toCome } from '../incident/words.js';
import { monitorNamed } from './words.js';

/** `runback monitor silence` */
export const silenceVerb: CommandSpec = {
  verb: 'silence',
  summary: 'Tell nobody of a monitor or a platform until a time, for a reason',
  details: 'It is measured all the same, and what is wrong when the silence ends is told then. End one early with --end.',
  args: [{ name: 'monitor', description: 'name of a monitor in runback.yml; with --platform none', optional: true }],
  options: [
    { flags: '--platform <name>', description: 'everything on this platform' },
    { flags: '--until <time>', description: '2h, tomorrow 09:00, or 2026-11-25T14:00Z' },
    { flags: '--reason <text>', description: 'why nobody is to be told' },
    { flags: '--end <id>', description: 'end this silence now' },
  ],
  examples: ['runback monitor silence hubspot-volume --until 2h --reason "planned import"'],
  run: silence,
};

async function silence(context: CommandContext): Promise<Outcome> {
  const { input, clock } = context;
  const session = await context.session();
  const { store } = session;
  const ended = input.text('end');
  if (ended !== undefined) return await end(ended, context);
  const [until, reason, platform, monitor] = [input.text('until'), input.text('reason'), input.text('platform'), input.argument('monitor')];
  if ((platform === undefined) === (monitor === undefined))
    throw new RunbackError('usage', 'A silence is of one monitor or of one platform', {
      state: 'Nothing was silenced.',
      next: 'runback monitor silence MONITOR --until 2h --reason TEXT',
    });
  if (until === undefined || reason === undefined || reason.trim() === '')
    throw new RunbackError('usage', `${until === undefined ? '--until' : '--reason'} is missing`, {
      why: 'A silence needs an end and a reason, so that nobody is left untold for longer than was meant.',
      state: 'Nothing was silenced.',
      next: `runback monitor silence ${monitor ?? `--platform ${platform ?? ''}`} --until ${until ?? '2h'} --reason "planned import"`,
    });
  if (monitor !== undefined) monitorNamed(await requireWatching(session.workspace), monitor);
  if (platform !== undefined) session.platformConfig(platform);
  const made: Silence = {
    id: newId('sil', clock),
    from: clock.now().toISOString(),
    until: (await toCome(context, 'until', until)).toISOString(),
    reason,
    by: session.by,
    match: defined({ monitor, platform }),
  };
  await silenceOf(store, made.id).update(() => made);
  return { data: made, text: (style) => `${style.glyph.pause} Silenced until ${time(made.until, style)}: ${made.id}` };
}

async function end(id: string, context: CommandContext): Promise<Outcome> {
  const { store, clock } = await context.session();
  const document = silenceOf(store, id);
  if ((await document.read()) === undefined)
    throw new RunbackError('not-found', `There is no silence ${id}`, { state: 'Nothing was changed.', next: 'runback monitor status' });
  const now = clock.now().toISOString();
  // One that has ended already keeps its end.
  const changed = await document.update((kept) => ({ ...(kept as Silence), until: (kept as Silence).until < now ? (kept as Silence).until : now }));
  return { data: changed, text: (style) => `${style.glyph.done} Ended: ${id}` };
}
