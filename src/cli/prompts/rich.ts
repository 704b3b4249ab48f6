import { confirm, input, select } from '@inquirer/prompts';
import search from '@inquirer/search';
import { createPromptModule } from 'inquirer';

import { defined } from '../../lib/index.js';
import type { Style } from '../views/text/style.js';
import { displayWidth, wrap } from '../views/text/width.js';
import type { Asker, Choice, PromptDeps } from './asker.js';
import { rememberDrawn, whenContinued } from './continued.js';
import { readPaste } from './paste.js';
import { dropTypedAhead } from './typed-ahead.js';

/** Prompts that are redrawn: arrow keys, typing to search. */
export function richAsker(deps: PromptDeps): Asker {
  const theme = themeOf(deps.style);
  const screen = rememberDrawn(deps.output);
  const context = { input: deps.stdin, output: screen.output, signal: deps.signal };
  const guarded = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (deps.signal.aborted) throw deps.signal.reason;
    const release = deps.hold();
    try {
      if ((await dropTypedAhead(deps.stdin)) === 'interrupted') throw deps.interrupted();
      screen.forget();
      const stop = whenContinued(deps.stdin, () => screen.redraw());
      return await ask().finally(stop);
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
        const { pageSize, offered } = fitting(message, choices, 12, deps);
        const shown = listed(offered, deps.style);
        return select({ theme, message, choices: shown, pageSize, loop: false, ...(at === -1 ? {} : { default: at }) }, context);
      }).then((index) => pick(choices, index)),
    search: ({ message, choices, pageSize: rows = 10, default: preset, term = '', onTerm }) =>
      guarded(() => {
        const { pageSize, offered } = fitting(message, choices, rows, deps);
        const shown = listed(offered, deps.style);
        const always = shown.filter(({ value }) => choices[value]?.always === true);
        const source = (typed: string | undefined): typeof shown => {
          onTerm?.(typed ?? '');
          const wanted = typed?.toLowerCase() ?? '';
          // What always stays comes behind what was found, so that Enter takes what was searched for.
          return wanted === '' ? shown : [...shown.filter((one) => !always.includes(one) && one.short.toLowerCase().includes(wanted)), ...always];
        };
        const at = preset === undefined ? -1 : choices.findIndex((choice) => choice.value === preset);
        return search({ theme, message, source, pageSize, initialValue: term, ...(at === -1 ? {} : { default: at }) }, context);
      }).then((index) => pick(choices, index)),
    several: ({ message, choices }) =>
      guarded(async () => {
        const prompt = createPromptModule({ ...context, skipTTYChecks: true });
        const asked = `${message} (space selects, then Enter)`;
        const { pageSize } = fitting(asked, choices, 12, deps);
        const listed = choices.map(({ name, checked = false }, value) => {
          const lines = wrap(name, deps.style.width - PREFIX - 2);
          return { value, name: lines.join(`\n${' '.repeat(PREFIX + 1)}`), short: name, checked };
        });
        const { chosen } = await prompt<{ chosen: readonly number[] }>([
          {
            type: 'checkbox',
            name: 'chosen',
            message: asked,
            choices: listed,
            pageSize,
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

/** Rows that a list needs for more than itself: the row above its keys, its keys, and one that is left empty. */
const AROUND = 3;
/** Fewer rows of a list are worth more than what is said of the choice that is looked at. */
const ENOUGH = 3;

/** A choice as a list shows it. */
type Offered = Pick<Choice<unknown>, 'name' | 'beside'> & { readonly description?: string | undefined };

/**
 * How many rows of a list, at most `most`, fit on the screen with its question, and the choices without their
 * descriptions where there is no room for them. What scrolls away cannot be drawn again.
 */
function fitting(
  message: string,
  choices: readonly Choice<unknown>[],
  most: number,
  { output, style }: Pick<PromptDeps, 'output' | 'style'>,
): { readonly pageSize: number; readonly offered: readonly Offered[] } {
  // A terminal that does not know its size tells 0.
  const columns = output.columns || 80;
  const taken = (text: string, width: number): number =>
    wrap(text, width).reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  const room = (output.rows || 24) - taken(message, style.width - PREFIX) - AROUND;
  const described = Math.max(0, ...choices.map(({ description }) => (description === undefined ? 0 : taken(description, style.width))));
  const fits = room - described >= Math.min(ENOUGH, choices.length);
  return {
    pageSize: Math.min(most, Math.max(1, fits ? room - described : room)),
    offered: fits ? choices : choices.map((choice) => ({ ...choice, description: undefined })),
  };
}

/** Choices by their place, with what each does on its line, or below it where the line is too short. */
function listed(
  choices: readonly Offered[],
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
