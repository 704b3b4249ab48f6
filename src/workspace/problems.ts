import type { LineCounter } from 'yaml';

import { defined, RunbackError } from '../lib/index.js';

/** Where something stands in a file. Both from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a file. */
export interface Problem extends Position {
  /** What is wrong, with the nearest known word where there is one. */
  readonly message: string;
  /** What would be right, in words. */
  readonly expected?: string | undefined;
  /** A secret stands there in clear. The rest of the line is not shown. */
  readonly secret?: boolean;
  /** A secret may stand there: the rest of the line is not shown. */
  readonly hidden?: boolean;
}

const SHOWN = 20;
const WIDTH = 100;
/**
 * Addresses of Slack's and Microsoft's incoming webhooks, and the signing secrets of Standard Webhooks: whoever has
 * them can post.
 */
const WEBHOOK_SECRET = /(https?:\/\/[\w.-]*(?:slack|office|azure|powerplatform)\.com(?::\d+)?\/|whsec_)([^\s"',}\]]+)/gi;

/** Line and column of an offset. */
export function positionOf(counter: LineCounter, offset: number): Position {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/**
 * The error for a file with problems: `file-invalid`, or `secret-literal` where a secret stands in clear. The message
 * tells of all of them (the first 20), each with `file:line:column`, the line, a caret and what was expected.
 * `data: {file, problems}`.
 */
export function fileInvalid(fileName: string, text: string, problems: readonly Problem[]): RunbackError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = text.split(/\r\n|\r|\n/);
  const blocks = sorted.slice(0, SHOWN).map((problem) => block(fileName, showable(lines[problem.line - 1] ?? '', problem.line, sorted), problem));
  if (sorted.length > SHOWN) blocks.push(`… and ${sorted.length - SHOWN} more problems`);
  const secret = sorted.some((problem) => problem.secret === true);
  const message = blocks.length === 1 ? blocks.join('') : `${fileName} has ${sorted.length} problems\n\n${blocks.join('\n\n')}`;
  return new RunbackError(secret ? 'secret-literal' : 'file-invalid', message, {
    state: 'Nothing was started.',
    next: secret
      ? 'Take the secret out of the file (and replace it: it was in plain text), then refer to it as env:NAME, file:PATH, command:PROGRAM or keychain:NAME.'
      : 'Correct the file, then run the same command again.',
    data: {
      file: fileName,
      problems: sorted
        .slice(0, SHOWN)
        .map(({ line, column, message: what, expected }) => ({ line, column, message: what, ...defined({ expected }) })),
    },
  });
}

/** One thing wrong with a file, with its place. */
export interface PlacedProblem extends Position {
  readonly file: string;
  readonly message: string;
}

/** What an error of {@link fileInvalid} tells, one by one. Any other error about a file stands at its beginning. */
export function problemsIn(error: RunbackError, file: string): readonly PlacedProblem[] {
  const { problems } = error.data as { readonly problems?: readonly Problem[] };
  if (problems === undefined || (error.code !== 'file-invalid' && error.code !== 'secret-literal'))
    return [{ file, line: 1, column: 1, message: error.why === undefined ? error.message : `${error.message}: ${error.why}` }];
  return problems.map(({ line, column, message, expected }) => ({
    file,
    line,
    column,
    message: expected === undefined ? message : `${message}; expected ${expected}`,
  }));
}

function block(fileName: string, line: string, problem: Problem): string {
  const parts = [`${fileName}:${problem.line}:${problem.column}: ${problem.message}`];
  const gutter = String(problem.line).length;
  const from = Math.max(0, problem.column - WIDTH + 20);
  const shown = line.slice(from, from + WIDTH);
  parts.push(`  ${problem.line} | ${shown}`, `  ${' '.repeat(gutter)} | ${' '.repeat(Math.min(problem.column - 1 - from, shown.length))}^`);
  if (problem.expected !== undefined) parts.push(`  expected ${problem.expected}`);
  return parts.join('\n');
}

/** The line as far as no problem, this one or another, says that a secret may begin there. */
function showable(line: string, number: number, problems: readonly Problem[]): string {
  const secrets = problems.filter((problem) => problem.line === number && (problem.secret === true || problem.hidden === true));
  const end = Math.min(...secrets.map(({ column }) => column - 1));
  return printable(withoutSecrets(end < line.length ? `${line.slice(0, end)}…` : line));
}

/** One column for one character, so that the caret stands right; nothing that moves a terminal's cursor. */
function printable(line: string): string {
  return line.replaceAll('\t', '→').replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '·');
}

/** Hides what may be a secret in a line that is shown for another reason; its length stays. */
function withoutSecrets(line: string): string {
  return line
    .replaceAll(
      /((?:token|password|passwd|pwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|routing[-_]?key|authorization)["']?\s*:\s*)("[^"]*"?|'[^']*'?|[^,}\]#]+)/gi,
      (_, name: string, value: string) => name + (/^["']?(env|file|command|keychain):/.test(value) ? value : '•'.repeat(value.length)),
    )
    .replaceAll(
      /(:\/\/[^/\s:@]*:)([^@\s]+)(@)/g,
      (_, before: string, password: string, after: string) => before + '•'.repeat(password.length) + after,
    )
    .replaceAll(WEBHOOK_SECRET, (_, before: string, secret: string) => before + '•'.repeat(secret.length));
}
