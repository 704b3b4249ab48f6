import { RunbackError } from '../../../lib/index.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { incidentBlock } from '../../views/incident.js';
import { actor } from './change.js';
import { INCIDENT } from './words.js';

/** `runback incident link` */
export const linkVerb: CommandSpec = {
  verb: 'link',
  summary: 'Link a run, plan, restore, snapshot, drill or investigation',
  args: [
    { ...INCIDENT, optional: false },
    {
      name: 'kind',
      description: 'run, plan, restore, snapshot, drill or investigation',
      choices: ['run', 'plan', 'restore', 'snapshot', 'drill', 'investigation'],
    },
    { name: 'linked', description: 'its id' },
  ],
  run: link,
};

async function link(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { link: linkTo, LINK_KINDS } = await import('../../../incidents/index.js');
    const id = await findIncident(context, incidentSession, context.input.required('incident'));
    const kind = context.input.required('kind');
    const known = LINK_KINDS.find((one) => one === kind);
    if (known === undefined)
      throw new RunbackError('usage', `An incident is not linked to a ${kind}`, {
        why: `It can be linked to a ${LINK_KINDS.join(', ')}.`,
        state: 'Nothing was changed.',
      });
    const incident = await linkTo(incidentSession.incidents, id, known, context.input.required('linked'), actor(session));
    return { data: incident, text: (style) => incidentBlock(incident, style) };
  });
}
