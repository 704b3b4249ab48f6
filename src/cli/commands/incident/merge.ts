import { findIncident } from '../../session/with-incidents.js';
import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT } from './words.js';

/** `runback incident merge` */
export const mergeVerb: CommandSpec = {
  verb: 'merge',
  summary: 'Two reports of the same incident: end one, keep its history in the other',
  args: [{ ...INCIDENT, optional: false, description: 'the one that ends' }],
  options: [{ flags: '--into <incident>', description: 'the one that stays', required: true }],
  run: act(async (id, incidentSession, session, context) =>
    (await import('../../../incidents/index.js')).merge(
      incidentSession.incidents,
      id,
      await findIncident(context, incidentSession, context.input.required('into')),
      actor(session),
    ),
  ),
};
