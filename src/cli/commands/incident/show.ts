import type { Incident } from '../../../incidents/index.js';
import type { Session } from '../../session/session.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { holderWords, incidentText, timelineLines } from '../../views/incident.js';
import { INCIDENT } from './words.js';

/** `runback incident show` */
export const showVerb: CommandSpec = {
  verb: 'show',
  summary: 'An incident: who acknowledged it, timeline, pages, links',
  args: [INCIDENT],
  details:
    'With --follow it stays and prints each new line of the timeline within two seconds, whoever wrote it and on which machine, until Ctrl-C or until the incident has ended.',
  options: [{ flags: '--follow', description: 'stay, and print what is new' }],
  run: show,
};

async function show(context: CommandContext): Promise<Outcome> {
  return await withIncidents(context, async (incidentSession, session) => {
    const { incidents } = incidentSession;
    const incident = await incidents.read(await findIncident(context, incidentSession, context.input.argument('incident')));
    const means = (await incidents.policyOf(incident))?.severities[incident.severity]?.means;
    if (!context.input.flag('follow')) return { data: incident, text: (style) => incidentText(incident, means, style) };
    context.live.print(incidentText(incident, means, context.style));
    const last = await follow(context, session, async () => await incidents.read(incident.id), incident);
    return { data: last, text: (style) => `${style.glyph.done} ${holderWords(last, style)}` };
  });
}

/** Prints what is added to an incident until it has ended, or someone ends this. Gives it as it is then. */
async function follow(
  { call, live, event, style, globals }: CommandContext,
  { store }: Pick<Session, 'store'>,
  read: () => Promise<Incident>,
  first: Incident,
): Promise<Incident> {
  let last = first;
  for (;;) {
    if (call.signal.aborted || last.status === 'resolved' || last.mergedInto !== undefined) return last;
    await store.wake(call.signal);
    const now = await read();
    for (const entry of now.timeline.slice(last.timeline.length))
      if (globals.json) event({ type: 'timeline', entry });
      else for (const line of timelineLines(entry, style)) live.print(line);
    last = now;
  }
}
