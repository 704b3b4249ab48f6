import type { CommandSpec } from '../../shell/command.js';
import { act, actor } from './change.js';
import { INCIDENT, textOption, needed } from './words.js';

/** `runback incident note` */
export const noteVerb: CommandSpec = {
  verb: 'note',
  summary: 'Write a line into the timeline',
  args: [INCIDENT],
  options: [textOption('text', 'the line'), { flags: '--update <text>', description: 'an update for others: none is due for a while' }],
  examples: ['runback incident note --text "The feed was switched to the new list at 14:00"'],
  run: act(async (id, { incidents }, session, context) => {
    const { note } = await import('../../../incidents/index.js');
    const update = context.input.text('update');
    return await note(incidents, id, update ?? (await needed(context, 'text', 'What happened?')), update !== undefined, actor(session));
  }),
};
