import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, toCome } from './words.js';

/** `runback incident snooze` */
export const snoozeVerb: CommandSpec = {
  verb: 'snooze',
  summary: 'Nobody is paged until a time; then it escalates again',
  args: [INCIDENT],
  options: [{ flags: '--until <time>', description: '2h, tomorrow 09:00, or 2026-11-25T14:00Z', required: true }],
  run: act(async (id, { incidents }, session, context) =>
    (await import('../../../incidents/index.js')).snooze(
      incidents,
      id,
      await toCome(context, 'until', context.input.required('until')),
      actor(session),
    ),
  ),
};
