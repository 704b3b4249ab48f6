import { defined } from '../../../lib/index.js';
import { severityOf } from '../../flows/runs/respond.js';
import { withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { changed } from './change.js';
import { textOption, SEVERITY, BEGAN, needed, beganAt } from './words.js';

/** `runback incident open` */
export const openVerb: CommandSpec = {
  verb: 'open',
  summary: 'Open an incident and page the people of its first level',
  args: [{ name: 'title', description: 'what is wrong, in one sentence', optional: true, variadic: true }],
  options: [
    SEVERITY,
    textOption('impact', 'what is affected'),
    textOption('summary', 'what is known so far'),
    { flags: '--platform <name>', description: 'platform that is damaged', repeat: true, kind: 'platform' },
    BEGAN,
    textOption('title', 'the same as the words'),
  ],
  examples: ['runback incident open "Wrong first names" --severity sev1'],
  run: open,
};

async function open(context: CommandContext): Promise<Outcome> {
  const { input, clock } = context;
  return await withIncidents(context, async (incidentSession, session) => {
    const title = input.words('title').join(' ').trim() || (await needed(context, 'title', 'What is wrong, in one sentence?'));
    const severity = await severityOf(context, incidentSession.escalation, input.text('severity'));
    const [impact, summary, began] = [input.text('impact'), input.text('summary'), await beganAt(context)];
    for (const platform of input.list('platform')) session.platformConfig(platform);
    const incident = await incidentSession.incidents.open(
      {
        title,
        severity,
        platforms: input.list('platform'),
        source: 'cli',
        detectedAt: clock.now().toISOString(),
        ...defined({ impact, summary, beganAt: began }),
      },
      session.by,
    );
    return await changed(incidentSession, session, incident, 0, () => `  Acknowledge it: runback incident ack ${incident.id}`);
  });
}
