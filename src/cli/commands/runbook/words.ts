import { RunbackError } from '../../../lib/index.js';
import type { OptionSpec, CommandContext } from '../../shell/command.js';

/** The runbook that is meant. */
/** The run that is meant. */
export const RUNBOOK = { name: 'runbook', description: 'id, its beginning, or a path', kind: 'runbook' as const };

export const RUN = { name: 'run', description: 'id of the run, its beginning, or latest', kind: 'run' as const };

/** Changes an input of a run under way. */
export const OTHER_INPUT: OptionSpec = {
  flags: '--input <name=value>',
  description: 'another value for an input that no step has used yet',
  repeat: true,
};

/** Answers for a run that nobody watches. */
export const ANSWERS: OptionSpec = { flags: '--answers <file>', description: 'YAML file with answers to the questions of the runbook', kind: 'file' };

/** `--input name=value` as a record. Throws `usage`. */
export function inputsOf({ input }: CommandContext): Record<string, string> {
  return Object.fromEntries(
    input.list('input').map((text) => {
      const cut = text.indexOf('=');
      if (cut < 1)
        throw new RunbackError('usage', `--input takes name=value, not "${text}"`, {
          state: 'Nothing was started.',
          next: 'runback runbook show <id>',
        });
      return [text.slice(0, cut), text.slice(cut + 1)] as const;
    }),
  );
}
