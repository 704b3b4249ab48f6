import { didYouMean } from '../../lib/index.js';
import type { PathProblem, YamlPath } from '../../workspace/index.js';
import { entriesOf, field, itemsOf } from '../policy/raw.js';
import { overrideInstant } from './schedules.js';
import { coversWeek, SPAN_PATTERN } from './weekly.js';
import { isZone, parseLocal } from './zones.js';

/** Zones, days and spans in escalation.yml that have the right form and mean nothing. Copes with any data. */
export function* calendarProblems(raw: unknown): Generator<PathProblem> {
  yield* zone(raw, []);
  yield* zone(field(raw, 'quiet_hours'), ['quiet_hours']);
  const quiet = field(raw, 'quiet_hours');
  const [weekdays, weekends] = [span(field(quiet, 'weekdays')), span(field(quiet, 'weekends'))];
  if (weekdays !== undefined && weekends !== undefined && coversWeek({ weekdays, weekends }))
    yield {
      path: ['quiet_hours'],
      onKey: true,
      message: 'quiet hours that never end would hold pages forever',
      expected: 'some time in the week that is not quiet',
    };
  for (const [name, entry] of entriesOf(field(raw, 'schedules'))) {
    const path = ['schedules', name];
    yield* zone(entry, path);
    yield* zone(field(entry, 'hours'), [...path, 'hours']);
    const hours = field(entry, 'hours');
    if (typeof hours === 'object' && span(field(hours, 'weekdays')) === 'none' && span(field(hours, 'weekends')) === 'none')
      yield { path: [...path, 'hours'], onKey: true, message: 'these hours cover no time', expected: 'a span on weekdays or weekends' };
    const start = field(entry, 'rotation', 'start');
    if (typeof start === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(start) && parseLocal(start) === undefined)
      yield { path: [...path, 'rotation', 'start'], message: `there is no day ${start}`, expected: 'a day such as 2026-01-05' };
    yield* overrides(field(entry, 'overrides'), [...path, 'overrides'], zoneOf(entry) ?? zoneOf(raw) ?? 'UTC');
  }
}

function* zone(holder: unknown, path: YamlPath): Generator<PathProblem> {
  const name = field(holder, 'timezone');
  if (typeof name !== 'string' || isZone(name)) return;
  const known = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  yield {
    path: [...path, 'timezone'],
    message: `there is no time zone "${name.slice(0, 60)}"${didYouMean(name, known)}`,
    expected: 'a name such as America/New_York, Europe/Berlin or UTC',
  };
}

function* overrides(list: unknown, path: YamlPath, timezone: string): Generator<PathProblem> {
  for (const [index, override] of itemsOf(list)) {
    const times = (['from', 'to'] as const).map((key) => ({ key, text: field(override, key) }));
    const instants = times.map(({ text }) => (typeof text === 'string' ? overrideInstant(text, timezone) : undefined));
    for (const [at, { key, text }] of times.entries())
      if (typeof text === 'string' && instants[at] === undefined)
        yield { path: [...path, index, key], message: `there is no time "${text.slice(0, 60)}"`, expected: 'a time such as 2026-12-24T09:00' };
    const [from, to] = instants;
    if (from !== undefined && to !== undefined && from >= to)
      yield { path: [...path, index, 'to'], message: 'the override ends before it begins', expected: 'a time after "from"' };
  }
}

/** The zone that a part names, where it exists. */
function zoneOf(holder: unknown): string | undefined {
  const name = field(holder, 'timezone');
  return typeof name === 'string' && isZone(name) ? name : undefined;
}

/** A span with its default; undefined where it is not one. */
function span(value: unknown): string | undefined {
  if (value === undefined) return 'none';
  return typeof value === 'string' && SPAN_PATTERN.test(value) ? value : undefined;
}
