import type { Actor, Incident } from '../../../incidents/index.js';
import { daemonRuns, deliverNow, type IncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { Outcome, CommandContext } from '../../shell/command.js';
import { incidentBlock, pagingText } from '../../views/incident.js';
import type { Style } from '../../views/text/style.js';

/** A command that does one thing to an incident that is named, the only one, or picked. */
export function act(work: (id: string, incidentSession: IncidentSession, session: Session, context: CommandContext) => Promise<Incident>) {
  return (context: CommandContext): Promise<Outcome> =>
    withIncidents(context, async (incidentSession, session) => {
      const id = await findIncident(context, incidentSession, context.input.argument('incident'));
      const before = (await incidentSession.incidents.read(id)).pages.length;
      return await changed(incidentSession, session, await work(id, incidentSession, session, context), before);
    });
}

/** What a change leaves on the screen: the incident in short, and whom it made us tell. */
export async function changed(
  incidentSession: IncidentSession,
  session: Session,
  incident: Incident,
  before: number,
  words?: (style: Style) => string,
): Promise<Outcome> {
  const daemon = await daemonRuns(session);
  const now = await deliverNow(incidentSession, session, incident);
  const told = { ...now, pages: now.pages.slice(before) };
  return {
    data: now,
    text: (style) =>
      [
        incidentBlock(now, style),
        ...(words === undefined ? [] : [words(style)]),
        ...(known(incidentSession, session.by)
          ? []
          : [`  ${session.by} is not in escalation.yml: say who you are with --as, so that you can be reminded.`]),
        ...(told.pages.length > 0 || now.status === 'open' ? [pagingText(told, daemon, incidentSession.escalation !== undefined, style)] : []),
      ].join('\n'),
  };
}

/** Whether the person is one of those the workspace knows; nobody is asked where it knows none. */
const known = ({ escalation }: IncidentSession, by: string): boolean => !escalation || Object.hasOwn(escalation.people, by);

/** Whoever types, as the journal has it. */
export const actor = ({ by }: Session): Actor => ({ by, source: 'cli' });
