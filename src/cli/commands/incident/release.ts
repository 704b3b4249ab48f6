import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT } from './words.js';

/** `runback incident release` */
export const releaseVerb: CommandSpec = {
  verb: 'release',
  summary: 'Give it back: escalation starts again',
  args: [INCIDENT],
  run: act(async (id, { incidents }, session) => (await import('../../../incidents/index.js')).release(incidents, id, actor(session))),
};
