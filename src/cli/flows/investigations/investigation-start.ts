import type { Start } from '../../../investigations/index.js';
import { defined, RunbackError } from '../../../lib/index.js';
import type { CommandContext, OptionSpec } from '../../shell/command.js';
import { typedMoment } from '../restores/moments.js';

/** What a person may have seen. */
const SEEN = ['record', 'field', 'value', 'at', 'since'] as const;

/** Ways to say where an investigation starts. */
export const START_OPTIONS: readonly OptionSpec[] = [
  { flags: '--record <key>', description: 'start from this record: its id, or object:id' },
  { flags: '--field <name>', description: 'start from this field: phone, or contacts.phone' },
  { flags: '--value <text>', description: 'start from what stands there now: "Valued Customer"; empty for emptied fields' },
  { flags: '--at <time>', description: 'start from what was written about then: yesterday 14:00, 2h ago' },
  { flags: '--since <time>', description: 'start from what was written then or later' },
];

/**
 * Where a person starts, by the options; undefined where nothing was given. Throws `usage` for a time that cannot be
 * understood, that lies in the future, or that is given twice.
 */
export async function startOf(context: CommandContext): Promise<Start | undefined> {
  const { input } = context;
  if (SEEN.every((name) => input.text(name) === undefined)) return undefined;
  if (input.text('at') !== undefined && input.text('since') !== undefined)
    throw new RunbackError('usage', '--at and --since exclude each other', {
      why: '--at means what was written about that time, --since all that was written from then on.',
      state: 'Nothing was started.',
      next: 'runback investigate --help',
    });
  for (const name of ['record', 'field'] as const)
    if (input.text(name)?.trim() === '')
      throw new RunbackError('usage', `--${name} is empty`, { state: 'Nothing was started.', next: 'runback investigate --help' });
  return defined({
    record: input.text('record')?.trim(),
    field: input.text('field')?.trim(),
    value: input.text('value'),
    atMs: await momentMs(context, 'at'),
    sinceMs: await momentMs(context, 'since'),
  });
}

async function momentMs(context: CommandContext, option: 'at' | 'since'): Promise<number | undefined> {
  const text = context.input.text(option);
  if (text === undefined) return undefined;
  return (await typedMoment(context, text, { option, direction: 'past', only: true, state: 'Nothing was started.' })).getTime();
}
