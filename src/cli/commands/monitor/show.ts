import { readSilences } from '../../flows/monitors/silences.js';
import { monitorsView } from '../../flows/monitors/standings.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { flowText } from '../../views/monitors/status.js';
import { time } from '../../views/text/format.js';
import { visible } from '../../views/text/visible.js';
import { MONITOR, monitorNamed } from './words.js';

/** `runback monitor show` */
export const showVerb: CommandSpec = {
  verb: 'show',
  summary: 'One monitor: what it found, what was expected, and what is silenced',
  args: [MONITOR],
  options: [{ flags: '--accept', description: 'of a schema: what is there now is right from the next look on' }],
  examples: ['runback monitor show quota'],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  const { store, workspace, clock } = await context.session();
  const watching = await requireWatching(workspace);
  const settings = monitorNamed(watching, context.input.required('monitor'));
  const accepted = context.input.flag('accept') && settings.kind === 'schema';
  if (accepted) await (await import('../../../monitors/index.js')).acceptFields(store, settings.name);
  const view = await monitorsView(store, { ...watching, monitors: [settings] }, workspace.config, clock.now());
  const now = clock.now().toISOString();
  const silences = (await readSilences(store)).filter(
    ({ until, match }) => until > now && (match.monitor === undefined || match.monitor === settings.name),
  );
  return {
    data: { settings, flows: view.flows, silences, accepted },
    text: (style) =>
      [
        ...view.flows.map((flow) => flowText(flow, style)),
        ...silences.map(({ id, until, reason }) => `${style.glyph.pause} Silenced until ${time(until, style)}: ${visible(reason)} (${id})`),
        ...(accepted ? [`${style.glyph.done} What is there at the next look is right.`] : []),
      ].join('\n'),
  };
}
