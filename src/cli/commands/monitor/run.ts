import { EXIT } from '../../../lib/index.js';
import { openMonitoring } from '../../flows/monitors/monitoring.js';
import { monitorsView } from '../../flows/monitors/standings.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import { deliverNow } from '../../session/incidents.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { monitorsText } from '../../views/monitors/status.js';
import { counted } from '../../views/text/format.js';

/** `runback monitor run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Measure what is due now, and tell of what is wrong: for cron',
  details:
    'The daemon does this by itself. Only reads; a canary writes its own record alone. Ends with status 2 where something is wrong or cannot be measured, with 11 while another process measures.',
  options: [
    { flags: '--once', description: 'one round, then end; without it too: it is how cron says what it means' },
    { flags: '--all', description: 'measure everything, due or not' },
  ],
  examples: ['runback monitor run --once'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { store, workspace, clock } = session;
    const watching = await requireWatching(workspace);
    context.live.start('Measuring');
    const monitoring = await openMonitoring(context, session, watching, () => incidentSession);
    try {
      const { measured, actions } = await monitoring.tick({ all: context.input.flag('all') });
      context.live.stop();
      const view = await monitorsView(store, watching, workspace.config, clock.now());
      for (const { kind, group, number } of actions) {
        const incident = view.incidents[group];
        if (kind === 'open' && incident?.number === number)
          await deliverNow(incidentSession, session, await incidentSession.incidents.read(incident.incident));
      }
      const isWrong = view.flows.some(({ state }) => state === 'wrong' || state === 'unmeasured');
      return {
        data: { measured, actions, ...view },
        text: (style) => `${monitorsText(view, style)}\n${style.glyph.done} ${counted(measured, 'new measurements')}.`,
        ...(isWrong ? { exit: EXIT.differences } : {}),
      };
    } finally {
      await monitoring.close();
    }
  });
}
