import { RunbackError } from '../../lib/index.js';
import type { CommandContext } from '../shell/command.js';
import { type IncidentRoom, nameOf, openRoom, troubleText } from './incidents.js';
import { byPrefix } from './prefix.js';
import type { Session } from './session.js';

/** Runs a piece of work with the room of the session, closed afterwards. `tells`: the work itself says what is wrong with escalation.yml. */
export async function withRoom<T>(
  context: CommandContext,
  work: (room: IncidentRoom, session: Session) => Promise<T>,
  { tells = false }: { readonly tells?: boolean } = {},
): Promise<T> {
  const session = await context.session();
  const room = await openRoom(session, { by: session.by });
  if (room.trouble && !tells) context.live.note(troubleText(room.trouble));
  try {
    return await work(room, session);
  } finally {
    await room.close();
  }
}

/** The incident an id, the beginning of one, or `latest` means; without one, the only open incident, or the one a person picks. */
export async function findIncident(context: CommandContext, { desk }: IncidentRoom, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    const ids = await desk.list();
    const id =
      wanted === 'latest'
        ? (await desk.readAll(ids.slice(-20))).incidents.at(-1)?.id
        : byPrefix(wanted, ids, (one) => one, { what: 'incident', list: 'runback incident list --all' });
    if (id !== undefined) return id;
  }
  const listed = await desk.listOpen();
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
