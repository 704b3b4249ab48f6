import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption, needed } from './words.js';

/** `runback incident mitigate` */
export const mitigateVerb: CommandSpec = {
  verb: 'mitigate',
  summary: 'The damage has stopped; the incident stays open',
  args: [INCIDENT],
  options: [textOption('what', 'what was done')],
  run: act(async (id, { incidents }, session, context) =>
    (await import('../../../incidents/index.js')).mitigate(incidents, id, await needed(context, 'what', 'What stopped the damage?'), actor(session)),
  ),
};
