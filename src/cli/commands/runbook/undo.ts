import type { CommandSpec } from '../../shell/command.js';
import { goOn } from './go-on.js';
import { RUN, ANSWERS } from './words.js';

/** `runback runbook undo` */
export const undoVerb: CommandSpec = {
  verb: 'undo',
  summary: 'Undo what a run did, in reverse order',
  args: [RUN],
  options: [ANSWERS],
  run: goOn('undoRun', 'undone'),
};
