import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption } from './words.js';

/** `runback incident escalate` */
export const escalateVerb: CommandSpec = {
  verb: 'escalate',
  summary: 'Page the next level now',
  args: [INCIDENT],
  options: [textOption('why', 'for the timeline')],
  run: act(async (id, { incidents }, session, { input }) =>
    (await import('../../../incidents/index.js')).escalate(incidents, id, input.text('why'), actor(session)),
  ),
};
