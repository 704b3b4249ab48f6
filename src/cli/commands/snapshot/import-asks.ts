import { readMoment, RunbackError } from '../../../lib/index.js';
import { typedMoment } from '../../flows/restores/moments.js';
import type { CommandContext } from '../../shell/command.js';
import type { Input } from '../../shell/input.js';

/** What stands after an import that was refused. */
export const NOTHING = 'Nothing was imported, and nothing was changed on any platform.';

/** When the file was exported, or the dump made, where `--taken-at` says it. Throws `usage` for a time that cannot be. */
export async function takenAtOf(context: CommandContext): Promise<Date | undefined> {
  const given = context.input.text('taken-at');
  return given === undefined ? undefined : await momentOf(context, given);
}

async function momentOf(context: CommandContext, text: string): Promise<Date> {
  return await typedMoment(context, text, { option: 'taken-at', direction: 'past', only: true, state: NOTHING });
}

/** Asks a person for it. `what`: `was this file exported`. */
export async function askTakenAt(context: CommandContext, what: string): Promise<Date> {
  const asker = await context.asker('--taken-at');
  const message = `When ${what}? (such as yesterday 18:00, or 3d; the earlier one if you are not sure)`;
  const zone = await (await context.session()).zone();
  const validate = (text: string): true | string => {
    const read = readMoment(text, { now: context.clock.now(), zone });
    return read.ok || `Not valid: ${read.problem}. ${read.why ?? ''}`.trimEnd();
  };
  return await momentOf(context, await asker.text({ message, validate }));
}

/** Asks whether what was shown is to be imported. Throws `person-needed` after a no. */
export async function requireYes(context: CommandContext): Promise<void> {
  const asker = await context.asker('--yes');
  if (await asker.confirm({ message: 'Import it like this?', default: true })) return;
  throw new RunbackError('person-needed', 'Not imported', {
    why: 'You said no.',
    state: NOTHING,
    next: 'Say what a column is with --map "COLUMN=field".',
  });
}

/** `--map column=field`, by column. Throws `usage`. */
export function mapOf(input: Input): ReadonlyMap<string, string> {
  return new Map(
    input.list('map').map((text) => {
      const at = text.lastIndexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1).trim()];
      throw new RunbackError('usage', `--map takes COLUMN=field, not ${JSON.stringify(text)}`, { state: NOTHING });
    }),
  );
}
