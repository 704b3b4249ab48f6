import type { CommandSpec } from '../../shell/command.js';
import { goOn } from './go-on.js';
import { RUN, OTHER_INPUT, ANSWERS } from './words.js';

/** `runback runbook resume` */
export const resumeVerb: CommandSpec = {
  verb: 'resume',
  summary: 'Continue a run where it stopped',
  args: [{ ...RUN, optional: true }],
  options: [OTHER_INPUT, ANSWERS],
  run: goOn('resumeRun', 'succeeded'),
};
