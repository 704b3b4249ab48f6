import { confirm, input, select } from '@inquirer/prompts';
import search from '@inquirer/search';
import { createPromptModule } from 'inquirer';

import { defined } from '../../lib/index.js';
import type { Style } from '../views/text/style.js';
import { displayWidth, wrap } from '../views/text/width.js';
import type { Asker, Choice, PromptDeps } from './asker.js';
import { readPaste } from './paste.js';
import { dropTypedAhead } from './typed-ahead.js';

/** Prompts that are redrawn: arrow keys, typing to search. */
export function richAsker(deps: PromptDeps): Asker {
  const theme = themeOf(deps.style);
  const context = { input: deps.stdin, output: deps.output, signal: deps.signal };
  const guarded = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (deps.signal.aborted) throw deps.signal.reason;
    const release = deps.hold();
    try {
      if ((await dropTypedAhead(deps.stdin)) === 'interrupted') throw deps.interrupted();
      return await ask();
    } catch (error) {
      // Ctrl-C at the prompt, or the work was aborted meanwhile.
      if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) throw deps.interrupted();
      throw error;
    } finally {
      release();
    }
  };
  return {
    choose: ({ message, choices, default: preset }) =>
      guarded(() => {
        // A choice may stand for nothing; only a default that is given is one.
        const at = preset === undefined ? -1 : choices.findIndex((choice) => choice.value === preset);
        const shown = listed(choices, deps.style);
        return select({ theme, message, choices: shown, pageSize: 12, loop: false, ...(at === -1 ? {} : { default: at }) }, context);
      }).then((index) => pick(choices, index)),
    search: ({ message, choices, pageSize, default: preset, term = '', onTerm }) =>
      guarded(() => {
        const shown = listed(choices, deps.style);
        const always = shown.filter(({ value }) => choices[value]?.always === true);
        const source = (typed: string | undefined): typeof shown => {
          onTerm?.(typed ?? '');
          const wanted = typed?.toLowerCase() ?? '';
          // What always stays comes behind what was found, so that Enter takes what was searched for.
          return wanted === '' ? shown : [...shown.filter((one) => !always.includes(one) && one.short.toLowerCase().includes(wanted)), ...always];
        };
        const at = preset === undefined ? -1 : choices.findIndex((choice) => choice.value === preset);
        return search({ theme, message, source, pageSize: pageSize ?? 10, initialValue: term, ...(at === -1 ? {} : { default: at }) }, context);
      }).then((index) => pick(choices, index)),
    several: ({ message, choices }) =>
      guarded(async () => {
        const prompt = createPromptModule({ ...context, skipTTYChecks: true });
        const listed = choices.map(({ name, checked = false }, value) => {
          const lines = wrap(name, deps.style.width - PREFIX - 2);
          return { value, name: lines.join(`\n${' '.repeat(PREFIX + 1)}`), short: name, checked };
        });
        const { chosen } = await prompt<{ chosen: readonly number[] }>([
          {
            type: 'checkbox',
            name: 'chosen',
            message: `${message} (space selects, then Enter)`,
            choices: listed,
            pageSize: 12,
            loop: false,
            // A letter that somebody types marks nothing.
            shortcuts: { all: null, invert: null },
            theme,
          },
        ]);
        return chosen.map((index) => pick(choices, index));
      }),
    text: ({ message, default: preset, validate }) => guarded(() => input({ theme, message, ...defined({ default: preset, validate }) }, context)),
    paste: ({ message, last }) => guarded(() => readPaste(deps, message, last)),
    confirm: ({ message, default: preset }) => guarded(() => confirm({ theme, message, default: preset }, context)),
  };
}

/** Inquirer colours by itself whatever was asked for, and cuts lines within words; this makes it follow our style. */
function themeOf(style: Style) {
  const { chalk } = style;
  const lines = (text: string): string[] => wrap(style.signs(text), style.width - PREFIX);
  // A question is drawn before its answer: cells that are taken on its last line.
  let taken = 0;
  return {
    prefix: { idle: chalk.blue('?'), done: chalk.green(style.glyph.done) },
    icon: { cursor: '>' },
    style: {
      answer: (text: string) =>
        taken + 1 + displayWidth(text) <= style.width
          ? chalk.cyan(text)
          : lines(text)
              .map((line) => `\n${' '.repeat(PREFIX)}${chalk.cyan(line)}`)
              .join(''),
      message: (text: string) => {
        const question = lines(text);
        taken = PREFIX + displayWidth(question.at(-1) ?? '');
        return chalk.bold(question.join(`\n${' '.repeat(PREFIX)}`));
      },
      error: (text: string) => chalk.red(`> ${text}`),
      defaultAnswer: (text: string) => chalk.dim(`(${style.signs(text)})`),
      confirmDefault: (text: string) => text.toUpperCase(),
      help: (text: string) => chalk.dim(text),
      highlight: (text: string) => chalk.cyan(style.signs(text)),
      key: (text: string) => chalk.cyan(`<${text}>`),
      disabled: (text: string) => chalk.dim(`- ${text}`),
      searchTerm: (text: string) => chalk.cyan(text),
      description: (text: string) => chalk.cyan(wrap(style.signs(text), style.width).join('\n')),
      keysHelpTip: (keys: [key: string, action: string][]) => keys.map(([key, action]) => `${key} ${action}`).join(', '),
    },
  };
}

/** Cells of the sign before a question. */
const PREFIX = 2;

/** Choices by their place, with what each does on its line, or below it where the line is too short. */
function listed(
  choices: readonly Choice<unknown>[],
  { chalk, width }: Style,
): readonly { readonly value: number; readonly name: string; readonly short: string; readonly description?: string }[] {
  const below = (text: string): string[] => wrap(text, width - PREFIX * 2);
  const shown = (name: string, beside: string | undefined): string => {
    const whole = beside === undefined ? name : `${name}: ${beside}`;
    if (displayWidth(whole) <= width - PREFIX) return beside === undefined ? name : `${name}: ${chalk.dim(beside)}`;
    const lines = beside === undefined ? below(name) : [...below(`${name}:`), ...below(beside).map((line) => chalk.dim(line))];
    return lines.join(`\n${' '.repeat(PREFIX * 2)}`);
  };
  return choices.map(({ name, beside, description }, value) => ({
    value,
    name: shown(name, beside),
    short: name,
    ...defined({ description }),
  }));
}

function pick<T>(choices: readonly { readonly value: T }[], index: number): T {
  const choice = choices[index];
  if (choice === undefined) throw new RangeError(`no choice ${index}`);
  return choice.value;
}
