import { RunbackError } from '../../../lib/index.js';
import { monitorsView } from '../../flows/monitors/standings.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { monitorText } from '../../views/monitors/show.js';
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
  const accepted = context.input.flag('accept');
  if (accepted && settings.kind !== 'schema')
    throw new RunbackError('usage', `${settings.name} watches no schema, so there is nothing to accept`, {
      why: '--accept is for monitors with schema:',
      state: 'Nothing was changed.',
      next: `runback monitor show ${settings.name}`,
    });
  if (accepted) await (await import('../../../monitors/index.js')).acceptFields(store, settings.name);
  const view = await monitorsView(store, { ...watching, monitors: [settings] }, workspace.config, clock.now());
  const silences = view.silences.filter(
    ({ match }) =>
      (match.monitor ?? settings.name) === settings.name && (match.platform === undefined || settings.platforms.includes(match.platform)),
  );
  const incidents = view.alerts.flatMap(({ group, number, findings }) => {
    const opened = view.incidents[group];
    return opened?.number === number && findings.some(({ series }) => series.monitor === settings.name) ? [opened.incident] : [];
  });
  const runbook = settings.runbook ?? watching.alerts.runbook;
  const shown = { settings, flows: view.flows, silences, incidents, ...(runbook === undefined ? {} : { runbook }) };
  return { data: { ...shown, accepted }, text: (style) => monitorText(shown, accepted, style) };
}
