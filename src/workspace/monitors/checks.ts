import { didYouMean, isZone } from '../../lib/index.js';
import { entriesOf, field, listOf, wordOf } from '../raw.js';
import { shippedDir } from '../shipped.js';
import type { PathProblem } from '../yaml.js';
import { boundProblems, type JobNames, spanProblems } from './bounds.js';
import { idsIn } from './files.js';
import { ANY_HEARTBEAT } from './parse.js';
import { COUNT_PATTERN, DATES_PATTERN, EVERY_PATTERN } from './schema.js';

type Path = PathProblem['path'];

/** Keys that every kind of monitor may have. */
const COMMON = ['every', 'stakes', 'severity', 'runbook', 'needs'];
/** The key that says what a monitor measures, and those that have a meaning with it. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  count: ['baseline', 'timezone', 'page', 'note', 'at_least', 'below', 'above'],
  ratio: ['of', 'above', 'windows', 'at_least', 'level'],
  forecast: ['alert', 'level'],
  duration: ['above', 'level'],
  lag: ['above', 'level'],
  heartbeat: ['within', 'level'],
  backup: ['above', 'level'],
  schema: ['level'],
  mapping: ['level'],
  differences: ['above', 'level'],
  test: ['fail', 'level'],
};

/** What the schema cannot see in `monitors`, `calendar` and `alerts` of a runback.yml in this folder. Copes with any data. */
export function* monitorProblems(raw: unknown, folder: string): Generator<PathProblem> {
  const monitors = entriesOf(field(raw, 'monitors'));
  const names = new Set(monitors.map(([name]) => name));
  const known = knownIn(raw, folder);
  for (const [name, monitor] of monitors) {
    const path = ['monitors', name];
    const kinds = Object.keys(KINDS).filter((kind) => field(monitor, kind) !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1)
      yield {
        path,
        onKey: true,
        message: kind === undefined ? 'says not what is measured' : `measures ${kinds.length} things: ${kinds.join(', ')}`,
        expected: `one of ${Object.keys(KINDS).join(', ')}`,
      };
    else {
      yield* keyProblems(monitor, kind, path);
      yield* aboutProblems(monitor, kind, known, path);
      yield* boundProblems(monitor, kind, known.jobs, path);
    }
    yield* needProblems(field(monitor, 'needs'), name, names, path);
    yield* unknown(field(monitor, 'runbook'), 'runbook', known.runbooks, [...path, 'runbook']);
    yield* spanProblems(field(monitor, 'every'), [...path, 'every']);
    yield* zoneProblems(field(monitor, 'timezone'), [...path, 'timezone']);
  }
  for (const [index, entry] of listOf(field(raw, 'calendar')).entries()) yield* calendarProblems(entry, ['calendar', index]);
  yield* alertProblems(field(raw, 'alerts'), known, ['alerts']);
}

interface Known {
  readonly platforms: ReadonlySet<string>;
  /** By platform the object types it is set up for, where runback.yml says so. */
  readonly objects: ReadonlyMap<string, ReadonlySet<string>>;
  readonly syncs: ReadonlySet<string>;
  readonly jobs: JobNames;
  readonly tests: () => ReadonlySet<string>;
  readonly mappings: () => ReadonlySet<string>;
  readonly runbooks: () => ReadonlySet<string>;
}

function knownIn(raw: unknown, folder: string): Known {
  const platforms = entriesOf(field(raw, 'platforms'));
  const jobs = entriesOf(field(field(raw, 'backups'), 'jobs'));
  return {
    platforms: new Set(platforms.map(([name]) => name)),
    objects: new Map(
      platforms.flatMap(([name, platform]) => {
        const objects = listOf(field(platform, 'objects')).filter((object) => typeof object === 'string');
        return objects.length === 0 ? [] : [[name, new Set(objects)] as const];
      }),
    ),
    syncs: new Set(entriesOf(field(raw, 'syncs')).map(([name]) => name)),
    jobs: {
      all: new Set(jobs.map(([name]) => name)),
      withTarget: new Set(jobs.flatMap(([name, job]) => (field(job, 'target') === undefined ? [] : [name]))),
    },
    tests: () => idsIn(folder, 'tests'),
    mappings: () => idsIn(folder, 'mappings'),
    // One that comes with runback is run from there, where the workspace has no copy of it.
    runbooks: () => new Set([...idsIn(folder, 'runbooks'), ...idsIn(shippedDir, 'runbooks')]),
  };
}

/** Keys without a meaning for what is measured. */
function* keyProblems(monitor: unknown, kind: string, path: Path): Generator<PathProblem> {
  const allowed = [kind, ...(KINDS[kind] ?? []), ...COMMON];
  const all = new Set(Object.values(KINDS).flat());
  for (const [key] of entriesOf(monitor))
    if (all.has(key) && !allowed.includes(key))
      yield { path: [...path, key], onKey: true, message: `"${key}" has no meaning with ${kind}`, expected: `one of ${allowed.join(', ')}` };
}

/** Names of platforms, object types, syncs, jobs and files that lead nowhere. */
function* aboutProblems(monitor: unknown, kind: string, known: Known, path: Path): Generator<PathProblem> {
  const value = field(monitor, kind);
  if (typeof value !== 'string') return;
  const at = [...path, kind];
  if (kind === 'count') {
    const [, platform, object] = COUNT_PATTERN.exec(value) ?? [];
    yield* placeProblems(platform, object, known, at);
  } else if (kind === 'schema') {
    const cut = value.indexOf('/');
    yield* placeProblems(cut < 0 ? value : value.slice(0, cut), cut < 0 ? undefined : value.slice(cut + 1), known, at);
  } else if (kind === 'forecast') yield* placeProblems(value.replace(/\.daily$/u, ''), undefined, known, at);
  else if (kind === 'ratio') {
    const of = field(monitor, 'of');
    const given = Array.isArray(of) ? of.map((one: unknown, index) => [one, [...path, 'of', index]] as const) : [[of, [...path, 'of']] as const];
    for (const [one, place] of given) yield* unknown(one, 'platform or sync', new Set([...known.platforms, ...known.syncs]), place);
  } else if (kind === 'backup') yield* unknown(value, 'backup job', known.jobs.all, at);
  else if (kind === 'test') yield* unknown(value, 'test', known.tests, at);
  else if (kind === 'mapping' || kind === 'differences') yield* unknown(value, 'mapping', known.mappings, at);
  else yield* unknown(value, 'sync', known.syncs, at);
}

function* placeProblems(platform: string | undefined, object: string | undefined, known: Known, path: Path): Generator<PathProblem> {
  if (platform === undefined) return;
  yield* unknown(platform, 'platform', known.platforms, path);
  const objects = known.objects.get(platform);
  if (object !== undefined && objects !== undefined) yield* unknown(object, `object type of ${platform}`, objects, path);
}

function* needProblems(needs: unknown, name: string, names: ReadonlySet<string>, path: Path): Generator<PathProblem> {
  const others = new Set([...names].filter((other) => other !== name));
  const given = Array.isArray(needs)
    ? needs.map((need: unknown, index) => [need, [...path, 'needs', index]] as const)
    : [[needs, [...path, 'needs']] as const];
  for (const [need, place] of given) if (need !== ANY_HEARTBEAT) yield* unknown(need, need === name ? 'other monitor' : 'monitor', others, place);
}

function* calendarProblems(entry: unknown, path: Path): Generator<PathProblem> {
  const [dates, every] = [field(entry, 'dates'), field(entry, 'every')];
  if ((dates === undefined) === (every === undefined))
    yield {
      path,
      message: dates === undefined ? 'says not when' : 'has dates and every',
      expected: 'one of dates: [2026-12-25] and every: "Wed 14:00"',
    };
  if (field(entry, 'for') !== undefined && every === undefined)
    yield { path: [...path, 'for'], onKey: true, message: 'is only for what comes again', expected: 'every next to it' };
  yield* spanProblems(field(entry, 'for'), [...path, 'for']);
  yield* zoneProblems(field(entry, 'timezone'), [...path, 'timezone']);
  for (const [index, text] of listOf(dates).entries()) {
    const [, from, to = from] = DATES_PATTERN.exec(wordOf(text)) ?? [];
    const wrong = [from, to].find((day) => day !== undefined && !isDay(day));
    if (wrong !== undefined) yield { path: [...path, 'dates', index], message: `there is no ${wrong}`, expected: 'a day of the calendar' };
    else if (from !== undefined && to !== undefined && to < from)
      yield { path: [...path, 'dates', index], message: 'ends before it begins', expected: 'the earlier day first' };
  }
  const [, , day] = EVERY_PATTERN.exec(wordOf(every)) ?? [];
  if (day !== undefined && (Number(day) < 1 || Number(day) > 31))
    yield { path: [...path, 'every'], message: `no month has a day ${day}`, expected: 'day 1 to day 31, or last day' };
}

function* alertProblems(alerts: unknown, known: Known, path: Path): Generator<PathProblem> {
  yield* spanProblems(field(alerts, 'hold'), [...path, 'hold']);
  yield* unknown(field(alerts, 'runbook'), 'runbook', known.runbooks, [...path, 'runbook']);
  for (const [finding, id] of entriesOf(field(alerts, 'runbooks'))) yield* unknown(id, 'runbook', known.runbooks, [...path, 'runbooks', finding]);
}

function* unknown(word: unknown, what: string, names: ReadonlySet<string> | (() => ReadonlySet<string>), path: Path): Generator<PathProblem> {
  if (typeof word !== 'string' || word === '') return;
  const all = typeof names === 'function' ? names() : names;
  if (all.has(word)) return;
  yield {
    path,
    message: `there is no ${what} "${word}"${didYouMean(word, all)}`,
    expected: all.size === 0 ? `the name of a ${what}; there is none yet` : `one of ${[...all].sort().slice(0, 30).join(', ')}`,
  };
}

function* zoneProblems(zone: unknown, path: Path): Generator<PathProblem> {
  if (typeof zone === 'string' && zone !== '' && !isZone(zone))
    yield { path, message: `"${zone}" is not a known time zone`, expected: 'a name such as America/New_York, or UTC' };
}

function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
