import {
  defined,
  type ErrorDetails,
  EXIT,
  type ExitCode,
  fromFileSystem,
  isRunbackError,
  messageOf,
  type Redactor,
  RunbackError,
} from '../../lib/index.js';
import { facts } from './text/format.js';
import type { Style } from './text/style.js';
import { visibleLines } from './text/visible.js';
import { wrap } from './text/width.js';

/**
 * Whatever was thrown, as one of our errors. An abort that follows from Ctrl-C becomes `interrupted`; a refusal of the
 * file system gets its code; anything else is called a bug.
 */
export function asRunbackError(thrown: unknown, interrupted: RunbackError | undefined): RunbackError {
  if (isRunbackError(thrown)) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  if (interrupted && (name === 'AbortError' || name === 'AbortPromptError' || name === 'ExitPromptError')) return interrupted;
  const known = fromFileSystem(thrown, pathIn(thrown) ?? 'a file');
  if (isRunbackError(known)) return known;
  return new RunbackError('bug', `This is a bug in runback: ${messageOf(thrown)}`, {
    why: 'Something unexpected happened.',
    state: 'The journal is intact. A resume finds out whether the last action took effect.',
    next: 'runback status',
    cause: thrown,
  });
}

/** The file that an operation was about: of two, the one that was written. */
function pathIn(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { path, dest } = thrown as { readonly path?: unknown; readonly dest?: unknown };
  return [dest, path].find((one) => typeof one === 'string');
}

/**
 * The same error without secrets, before any of it is wrapped or cut: half a secret in a line of its own is not
 * recognised any more.
 */
export function redactedError(error: RunbackError, redactor: Redactor): RunbackError {
  const { code, message, why, state, next, data, cause } = error;
  const shown = redactor.value({ message, why, state, next, data });
  const { message: words, ...more } = shown;
  const made = new RunbackError(code, words, { ...definedOnly(more), data: shown.data, ...defined({ cause }) });
  made.stack = redactor.text(error.stack ?? '');
  return made;
}

function definedOnly({ why, state, next }: Pick<RunbackError, 'why' | 'state' | 'next'>): ErrorDetails {
  return { ...defined({ why, state, next }) };
}

/** The error as scripts get it. */
export function errorData(error: RunbackError, log: string | undefined, debug: boolean): Record<string, unknown> {
  return {
    code: error.code,
    message: error.message,
    ...defined({ why: error.why, state: error.state, next: error.next }),
    exitCode: error.exitCode,
    data: error.data,
    ...defined({ log }),
    ...(debug ? { stack: stackOf(error) } : {}),
  };
}

/** The error as people get it: what · why · state now · next · code · log. The stack only with `--debug`. */
export function errorText(error: RunbackError, log: string | undefined, debug: boolean, style: Style): string {
  const mark = error.code === 'interrupted' ? style.chalk.yellow(style.glyph.pause) : style.chalk.red(style.glyph.failed);
  const word = error.code === 'interrupted' ? '' : 'Error: ';
  const head = wrap(visibleLines(`${word}${error.message}`), style.width - 2).join('\n  ');
  const pairs: [string, string][] = [];
  if (error.why !== undefined) pairs.push(['Why', visibleLines(error.why)]);
  if (error.state !== undefined) pairs.push(['State now', visibleLines(error.state)]);
  if (error.next !== undefined) pairs.push(['Next', visibleLines(error.next)]);
  pairs.push(['Code', `${error.code} (exit ${error.exitCode}, ${exitMeaning(error.exitCode)})`]);
  if (log !== undefined) pairs.push(['Log', log]);
  if (error.code === 'bug') pairs.push(['Report it', 'with the log file, which holds no secrets']);
  return `${mark} ${head}\n${facts(pairs, style)}${debug ? `\n\n${stackOf(error)}` : ''}`;
}

/** An error with its causes, for `--debug` and the log. */
export function stackOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined; depth += 1) {
    parts.push(current instanceof Error ? (current.stack ?? current.message) : messageOf(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join('\ncaused by: ');
}

const MEANINGS: Record<keyof typeof EXIT, string> = {
  done: 'done',
  failed: 'failed',
  differences: 'differences found',
  partial: 'partly done, can be resumed',
  credentials: 'credentials or permission',
  personNeeded: 'a person is needed',
  refused: 'refused by a guard',
  notFound: 'not found',
  locked: 'locked by another run',
  usage: 'wrong usage',
  badFile: 'bad file',
  interrupted: 'interrupted',
};

/** What an exit status means, in words. */
export function exitMeaning(code: ExitCode): string {
  const name = (Object.keys(EXIT) as (keyof typeof EXIT)[]).find((key) => EXIT[key] === code);
  return name === undefined ? 'unknown' : MEANINGS[name];
}
