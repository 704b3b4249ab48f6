import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT } from './words.js';

/** `runback incident ack` */
export const ackVerb: CommandSpec = {
  verb: 'ack',
  summary: 'Acknowledge: "I take care of it"; stops the paging',
  args: [INCIDENT],
  run: act(async (id, { incidents }, session) => (await import('../../../incidents/index.js')).acknowledge(incidents, id, actor(session))),
};
