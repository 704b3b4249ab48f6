import type { CommandSpec } from '../../shell/command.js';
import { goOn } from './go-on.js';
import { RUN, OTHER_INPUT, ANSWERS } from './words.js';

/** `runback runbook takeover` */
export const takeoverVerb: CommandSpec = {
  verb: 'takeover',
  summary: "Continue another person's run",
  args: [RUN],
  options: [OTHER_INPUT, ANSWERS],
  run: goOn('takeOver', 'succeeded'),
};
