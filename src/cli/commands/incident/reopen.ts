import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption, needed } from './words.js';

/** `runback incident reopen` */
export const reopenVerb: CommandSpec = {
  verb: 'reopen',
  summary: 'Open an incident again that was resolved',
  args: [{ ...INCIDENT, optional: false }],
  options: [textOption('why', 'for the timeline')],
  run: act(async (id, { incidents }, session, context) =>
    (await import('../../../incidents/index.js')).reopen(incidents, id, await needed(context, 'why', 'Why is it open again?'), actor(session)),
  ),
};
