import { compileExpression, didYouMean, isRunbackError, type CelType } from '../../lib/index.js';
import type { PathProblem } from '../../workspace/index.js';
import { groupAt, isGroup, isOfPrograms, METHODS, namesIn, variablesOf } from './words.js';

type Path = readonly string[];

/** What expressions of a list may read. */
export const LISTED: Readonly<Record<string, CelType>> = { one: 'dyn' };

/** What a list knows of its pages. */
const PAGE_WORDS = ['cursor', 'offset', 'page'];

/** Names that have a meaning of their own. */
const TAKEN = ['status', 'body', 'exit', 'stdout', 'json', 'item', ...PAGE_WORDS, 'url'];

/** What a schema cannot see: expressions, requests, words that mean nothing, names that are there twice. Copes with anything. */
export function* controllerProblems(raw: unknown): Generator<PathProblem> {
  const variables = variablesOf(raw);
  const known = Object.keys(variables).filter((name) => !['status', 'exit', 'json', 'stdout'].includes(name));
  const kept = namesIn(raw, 'keep');
  yield* nameProblems(raw);
  yield* authProblems(raw);
  yield* callProblems(groupAt(raw, 'status'), ['status'], { words: settingsOf(raw), variables, reads: true, programs: isOfPrograms(raw) });
  for (const what of ['paused', 'in_flight', 'fires_on_resume']) yield* expressionProblems(groupAt(raw, 'status')[what], ['status', what], variables);
  const warn = groupAt(raw, 'status')['warn'];
  for (const [n, one] of Array.isArray(warn) ? warn.entries() : [])
    if (isGroup(one)) yield* expressionProblems(one['count'], ['status', 'warn', String(n), 'count'], variables);
  const words = [...settingsOf(raw), 'body'];
  for (const [name, read] of Object.entries(groupAt(raw, 'reads'))) {
    yield* callProblems(read, ['reads', name], { words: [...words, ...PAGE_WORDS, 'item'], variables, reads: true, programs: isOfPrograms(raw) });
    if (isGroup(read)) yield* expressionProblems(read['each'], ['reads', name, 'each'], variables);
    words.push(name);
  }
  yield* listProblems(raw);
  yield* lastRunProblems(raw);
  for (const [name, source] of Object.entries(groupAt(raw, 'keep'))) yield* expressionProblems(source, ['keep', name], variables);
  for (const verb of ['pause', 'resume', 'cancel']) {
    const change = groupAt(raw, verb);
    if (!isGroup(raw) || !(verb in raw) || 'by_hand' in change) continue;
    const more = verb === 'resume' ? kept : [];
    yield* callProblems(change, [verb], { words: [...known, ...more, 'item'], variables, reads: false, programs: isOfPrograms(raw) });
    yield* expressionProblems(change['each'], [verb, 'each'], variables);
  }
}

/** Of the list, expressions know one of it. */
function* listProblems(raw: unknown): Generator<PathProblem> {
  if (!isGroup(raw) || !('list' in raw)) return;
  const list = groupAt(raw, 'list');
  yield* callProblems(list, ['list'], { words: [...settingsOf(raw), ...PAGE_WORDS], variables: {}, reads: true, programs: false });
  for (const what of ['where', 'id', 'title', 'runs']) yield* expressionProblems(list[what], ['list', what], LISTED);
}

/** So they do of the last run. */
function* lastRunProblems(raw: unknown): Generator<PathProblem> {
  if (!isGroup(raw) || !('last_run' in raw)) return;
  const run = groupAt(raw, 'last_run');
  yield* callProblems(run, ['last_run'], { words: settingsOf(raw), variables: {}, reads: true, programs: false });
  for (const what of ['where', 'ended', 'began', 'failed', 'records', 'errors']) yield* expressionProblems(run[what], ['last_run', what], LISTED);
}

interface Rules {
  /** What {words} may be. */
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, CelType>>;
  readonly reads: boolean;
  readonly programs: boolean;
}

function* callProblems(call: unknown, at: Path, { words, variables, reads, programs }: Rules): Generator<PathProblem> {
  if (!isGroup(call)) return;
  const methods = METHODS.filter((method) => method in call);
  const what = at.at(-1) ?? '';
  if (programs && (methods.length > 0 || !('run' in call)))
    yield { path: at, onKey: true, message: `${what} needs a program, as status has one`, expected: 'run: [program, argument]' };
  if (!programs && ('run' in call || methods.length !== 1))
    yield {
      path: at,
      onKey: true,
      message: `${what} needs one request, and has ${String(methods.length)}`,
      expected: `one of ${METHODS.join(', ')}`,
    };
  if (reads && methods.some((method) => method !== 'get' && method !== 'post'))
    yield { path: at, onKey: true, message: `${what} only reads`, expected: 'get, or post where the tool reads that way' };
  if ('next' in call && !('items' in call))
    yield { path: [...at, 'next'], onKey: true, message: 'pages are of a list', expected: 'items, where the list is in the answer' };
  yield* expressionProblems(call['input'], [...at, 'input'], variables);
  for (const [where, text] of texts(call))
    for (const [, word = ''] of text.matchAll(/\{(\w+)\}/gu))
      if (!words.includes(word))
        yield {
          path: [...at, ...where],
          message: `{${word}} means nothing here${didYouMean(word, words)}`,
          expected: words.map((one) => `{${one}}`).join(', '),
        };
}

function* expressionProblems(source: unknown, path: Path, variables: Readonly<Record<string, CelType>>): Generator<PathProblem> {
  if (typeof source !== 'string') return;
  try {
    compileExpression(source, variables);
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    yield { path, message: error.message, expected: error.why };
  }
}

function* nameProblems(raw: unknown): Generator<PathProblem> {
  const seen = new Set<string>(TAKEN);
  for (const key of ['settings', 'optional', 'reads', 'keep'])
    for (const name of namesIn(raw, key)) {
      if (seen.has(name)) yield { path: [key, name], onKey: true, message: `"${name}" has another meaning already`, expected: 'another name' };
      seen.add(name);
    }
}

function* authProblems(raw: unknown): Generator<PathProblem> {
  const auth = groupAt(raw, 'auth');
  if (auth['kind'] !== 'basic' || 'user' in auth !== 'user_is' in auth) return;
  yield { path: ['auth'], message: 'basic needs one user', expected: 'user, a name under credentials, or user_is' };
}

function settingsOf(raw: unknown): readonly string[] {
  return [...namesIn(raw, 'settings'), ...namesIn(raw, 'optional')];
}

/** Every text of a call in which words stand, with its place. */
function* texts(call: Readonly<Record<string, unknown>>): Generator<readonly [Path, string]> {
  for (const name of [...METHODS, 'query', 'body', 'run']) yield* textsIn(call[name], [name]);
}

function* textsIn(value: unknown, at: Path): Generator<readonly [Path, string]> {
  if (typeof value === 'string') yield [at, value];
  else if (Array.isArray(value)) for (const [n, item] of value.entries()) yield* textsIn(item, [...at, String(n)]);
  else if (isGroup(value)) for (const [name, item] of Object.entries(value)) yield* textsIn(item, [...at, name]);
}
