import { RunbackError } from '../../lib/index.js';
import type { CommandContext } from '../shell/command.js';
import type { Style } from '../views/text/style.js';

/**
 * The gate before a destructive act: `--confirm <environment>:<records>`, or the same typed by a person after `show`
 * has printed what will happen. `--yes` never opens it. Throws `confirmation-wrong`, or `confirmation-missing` (exit 5)
 * where there is no terminal. `untouched` says what was left alone, `command` what to type again.
 */
export async function confirmDestructive(
  context: CommandContext,
  expect: string,
  words: { readonly untouched: string; readonly command: string; readonly what?: string },
  show: (style: Style) => Promise<void> | void,
): Promise<string> {
  const given = context.input.text('confirm');
  const { untouched } = words;
  const next = `${words.command} --confirm ${expect}`;
  if (given !== undefined) {
    if (given.trim() === expect) return expect;
    throw new RunbackError('confirmation-wrong', `--confirm ${given} does not match`, {
      why: `This act needs exactly ${expect}: ${words.what ?? 'the environment and the number of records'}.`,
      state: untouched,
      next,
      data: { expect },
    });
  }
  if (!context.interactive)
    throw new RunbackError('confirmation-missing', `This act needs --confirm ${expect}`, {
      why: 'It is destructive, and there is no terminal at which to type the confirmation.',
      state: untouched,
      next,
      data: { expect, flag: '--confirm' },
    });
  await show(context.style);
  const { typeConfirmation } = await import('../prompts/confirmation.js');
  return typeConfirmation(await context.asker('--confirm'), expect);
}
