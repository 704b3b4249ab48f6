import { typedMoment } from '../../flows/restores/moments.js';
import type { ArgumentSpec, OptionSpec, CommandContext } from '../../shell/command.js';

/** The incident that is meant. */
export const INCIDENT: ArgumentSpec = { name: 'incident', description: 'id, its beginning, or latest (default: the only open one)', optional: true };

/** An option that takes a text. */
export const textOption = (flag: string, description: string): OptionSpec => ({ flags: `--${flag} <text>`, description });

/** How bad it is. */
export const SEVERITY: OptionSpec = { flags: '--severity <severity>', description: 'sev1 (worst) to sev4, as escalation.yml has them' };

/** When the damage began. */
export const BEGAN: OptionSpec = {
  flags: '--began <time>',
  description: 'when the damage began: yesterday 14:00, 2026-11-25T14:00Z, or 30m for half an hour ago',
};

/** A text that has to be there: the option, or asked for. */
export async function needed(context: CommandContext, option: string, message: string): Promise<string> {
  const given = context.input.text(option);
  if (given !== undefined && given.trim() !== '') return given;
  const asker = await context.asker(`--${option} <text>`);
  return await asker.text({ message, validate: (value) => value.trim() !== '' || 'A few words are needed.' });
}

/** When the damage began. Throws `usage`. */
export const beganAt = async (context: CommandContext): Promise<string | undefined> => {
  const text = context.input.text('began');
  if (text === undefined) return undefined;
  return (await typedMoment(context, text, { option: 'began', direction: 'past', only: true, state: 'Nothing was changed.' })).toISOString();
};

/** A time to come. Throws `usage`. */
export const toCome = (context: CommandContext, option: string, text: string): Promise<Date> =>
  typedMoment(context, text, { option, direction: 'future', only: true, state: 'Nothing was changed.' });
