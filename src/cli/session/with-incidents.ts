import type { Incident } from '../../incidents/index.js';
import { RunbackError } from '../../lib/index.js';
import type { CommandContext } from '../shell/command.js';
import { type IncidentSession, nameOf, openIncidentSession, troubleText } from './incidents.js';
import { byPrefix } from './prefix.js';
import type { Session } from './session.js';

/**
 * Runs a piece of work with the incidents of the session, closed afterwards. `tells`: the work itself says what is
 * wrong with escalation.yml.
 */
export async function withIncidents<T>(
  context: CommandContext,
  work: (incidentSession: IncidentSession, session: Session) => Promise<T>,
  { tells = false }: { readonly tells?: boolean } = {},
): Promise<T> {
  const session = await context.session();
  const incidentSession = await openIncidentSession(session, { by: session.by });
  if (incidentSession.trouble && !tells) context.live.note(troubleText(incidentSession.trouble));
  try {
    return await work(incidentSession, session);
  } finally {
    await incidentSession.close();
  }
}

/** The one that was opened last: ids of one second are in the order that chance gave them. */
const newest = (incidents: readonly Incident[]): string | undefined => incidents.toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : 1)).at(-1)?.id;

/**
 * The incident an id, the beginning of one, or `latest` means; without one, the only open incident, or the one a person
 * picks.
 */
export async function findIncident(context: CommandContext, { incidents }: IncidentSession, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    const ids = await incidents.list();
    const id =
      wanted === 'latest'
        ? newest((await incidents.readAll(ids.slice(-20))).incidents)
        : byPrefix(wanted, ids, (one) => one, { what: 'incident', list: 'runback incident list --all' });
    if (id !== undefined) return id;
  }
  const listed = await incidents.listOpen();
  const [first] = listed;
  if (first === undefined)
    throw new RunbackError('not-found', 'No incident is open', { state: 'Nothing was changed.', next: 'runback respond, or runback incident open' });
  if (listed.length === 1) return first.id;
  const asker = await context.asker('<incident>');
  return await asker.choose({
    message: 'Which incident?',
    choices: listed.map((one) => ({ value: one.id, name: nameOf(one), description: one.id })),
  });
}
