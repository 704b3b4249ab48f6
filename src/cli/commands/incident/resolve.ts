import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption, needed } from './words.js';

/** `runback incident resolve` */
export const resolveVerb: CommandSpec = {
  verb: 'resolve',
  summary: 'The incident has ended',
  args: [INCIDENT],
  options: [textOption('what', 'what was done')],
  run: act(async (id, { incidents }, session, context) =>
    (await import('../../../incidents/index.js')).resolve(incidents, id, await needed(context, 'what', 'What was done?'), actor(session)),
  ),
};
