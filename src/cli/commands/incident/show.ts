import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { incidentText } from '../../views/incident.js';
import { INCIDENT } from './words.js';

/** `runback incident show` */
export const showVerb: CommandSpec = {
  verb: 'show',
  summary: 'An incident: who acknowledged it, timeline, pages, links',
  args: [INCIDENT],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession) => {
    const incident = await incidentSession.incidents.read(await findIncident(context, incidentSession, context.input.argument('incident')));
    const means = (await incidentSession.incidents.policyOf(incident))?.severities[incident.severity]?.means;
    return { data: incident, text: (style) => incidentText(incident, means, style) };
  });
}
