import { DURATION_PATTERN, parseDuration } from '../../lib/index.js';
import { field, listOf, wordOf } from '../raw.js';
import type { PathProblem } from '../yaml.js';
import { FAIL_PATTERN, LIMIT_PATTERN, SHARE_PATTERN } from './schema.js';

type Path = PathProblem['path'];

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Rolling sums reach so far. */
const LONGEST_HOURS = 72;

/** Backup jobs, and those of them that say how old their newest snapshot may get. */
export interface JobNames {
  readonly all: ReadonlySet<string>;
  readonly withTarget: ReadonlySet<string>;
}

/** Thresholds and windows that make no sense for what is measured. */
export function* boundProblems(monitor: unknown, kind: string, jobs: JobNames, path: Path): Generator<PathProblem> {
  for (const key of ['below', 'above']) {
    const value = field(monitor, key);
    if (value === undefined) continue;
    const at = [...path, key];
    const [, , over] = LIMIT_PATTERN.exec(wordOf(value)) ?? [];
    if (kind === 'count') {
      if (over === undefined) yield { path: at, message: `"${wordOf(value)}" is no number in a time`, expected: 'such as 5 in 24h' };
      else yield* hourProblems(over, at);
    } else if (kind === 'ratio') {
      if (typeof value !== 'string' || !SHARE_PATTERN.test(value))
        yield { path: at, message: `"${wordOf(value)}" is no share of calls`, expected: 'such as 5%' };
    } else if (kind === 'differences') {
      if (typeof value !== 'number') yield { path: at, message: `"${wordOf(value)}" is no number of records`, expected: 'a whole number such as 10' };
    } else if (typeof value !== 'string' || !DURATION_PATTERN.test(value))
      yield { path: at, message: `"${wordOf(value)}" is no duration`, expected: 'such as 30m' };
    else yield* spanProblems(value, at);
  }
  if (kind === 'count') yield* countProblems(monitor, path);
  if (kind === 'ratio') yield* windowProblems(field(monitor, 'windows'), [...path, 'windows']);
  if (
    kind === 'backup' &&
    field(monitor, 'above') === undefined &&
    jobs.all.has(wordOf(field(monitor, 'backup'))) &&
    !jobs.withTarget.has(wordOf(field(monitor, 'backup')))
  )
    yield { path: [...path, 'above'], message: 'is missing, and the job has no target', expected: 'how old its snapshot may get, such as 26h' };
  if (kind === 'lag' && field(monitor, 'above') === undefined)
    yield { path: [...path, 'above'], message: 'is missing', expected: 'how far it may be behind, such as 2h' };
  if (kind === 'heartbeat' && field(monitor, 'within') === undefined)
    yield { path: [...path, 'within'], message: 'is missing', expected: 'how long it may show no sign of life, such as 2h' };
  yield* spanProblems(field(monitor, 'within'), [...path, 'within']);
  const [, fail, of] = FAIL_PATTERN.exec(wordOf(field(monitor, 'fail'))) ?? [];
  if (Number(fail) > Number(of))
    yield { path: [...path, 'fail'], message: `${fail} of ${of} cannot fail`, expected: 'the smaller number first: 2 of 3' };
}

/** A count is one of whole hours; one without a baseline needs a threshold, and what is told twice wakes people twice. */
function* countProblems(monitor: unknown, path: Path): Generator<PathProblem> {
  yield* hourProblems(field(monitor, 'every'), [...path, 'every']);
  if (field(monitor, 'baseline') === 'none' && field(monitor, 'below') === undefined && field(monitor, 'above') === undefined)
    yield {
      path: [...path, 'baseline'],
      message: 'without one, nothing says what is wrong',
      expected: 'below or above next to it, or baseline: weekly',
    };
  const [page = 'drop', note = 'surge'] = [field(monitor, 'page'), field(monitor, 'note')];
  const isIn = (word: unknown, side: string): boolean => word === side || word === 'both';
  const twice = ['drop', 'surge'].find((side) => isIn(page, side) && isIn(note, side));
  if (twice !== undefined && field(monitor, 'note') !== undefined)
    yield { path: [...path, 'note'], message: `a ${twice} is in page too`, expected: 'each in one of the two' };
}

function* windowProblems(windows: unknown, path: Path): Generator<PathProblem> {
  const spans = listOf(windows);
  for (const [index, span] of spans.entries()) yield* hourProblems(span, [...path, index]);
  const [short, long] = spans.map((span) => (isSpan(span) ? parseDuration(span) : undefined));
  if (short !== undefined && long !== undefined && short >= long)
    yield { path, message: 'the first window is not shorter than the second', expected: 'a short one and a long one: [1h, 6h]' };
}

function* hourProblems(span: unknown, path: Path): Generator<PathProblem> {
  if (!isSpan(span)) {
    if (typeof span === 'string') yield { path, message: `"${span}" is no duration`, expected: 'whole hours, such as 6h' };
    return;
  }
  const hours = parseDuration(span) / HOUR_MS;
  if (!Number.isInteger(hours) || hours < 1)
    yield { path, message: `"${span}" is not a number of whole hours`, expected: 'such as 1h or 6h: it is counted by the hour' };
  else if (hours > LONGEST_HOURS) yield { path, message: `"${span}" is too long`, expected: `${LONGEST_HOURS}h at most` };
}

/** A span of less than a minute is a mistake in the unit. */
export function* spanProblems(span: unknown, path: Path): Generator<PathProblem> {
  if (isSpan(span) && parseDuration(span) < MINUTE_MS) yield { path, message: `"${span}" is too short`, expected: 'a minute or more, such as 15m' };
}

const isSpan = (value: unknown): value is string => typeof value === 'string' && value !== '' && DURATION_PATTERN.test(value);
