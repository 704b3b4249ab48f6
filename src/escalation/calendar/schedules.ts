import { defined, didYouMean, readMoment, RunbackError } from '../../lib/index.js';
import type { Escalation, Schedule } from '../types.js';
import { endOfSpan, spansBetween } from './weekly.js';
import { DAY_MS, type LocalMs, clockMs, instantOf, localOf, parseLocal, weekdayOf } from './zones.js';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** `Mon 09:00` or `09:00`. */
export const HANDOFF_PATTERN = /^((mon|tue|wed|thu|fri|sat|sun) )?([01]\d|2[0-3]):[0-5]\d$/i;
/** `1w`, `2d`, `12h`. */
export const EVERY_PATTERN = /^[1-9]\d{0,2}[wdh]$/;
/** A local time, or an absolute one with `Z` or an offset. */
export const TIME_PATTERN = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Length of a turn on the wall clock: what clocks lose or gain through DST does not count. */
export function turnMs(every: string): number {
  const unit = { w: 7 * DAY_MS, d: DAY_MS, h: 3_600_000 }[every.slice(-1) as 'w' | 'd' | 'h'];
  return Number(every.slice(0, -1)) * unit;
}

/** The first handoff on or after the first day. */
function firstHandoff({ handoff, start }: Schedule['rotation']): LocalMs {
  const day = parseLocal(start) ?? 0;
  const [clock = '', weekday] = handoff.toLowerCase().split(' ').reverse();
  const wait = weekday === undefined ? 0 : (WEEKDAYS.indexOf(weekday) - weekdayOf(day) + 7) % 7;
  return day + wait * DAY_MS + clockMs(clock);
}

/** A turn of a rotation, without overrides and hours. */
export interface Turn {
  /** From 0; negative before the rotation has begun. */
  readonly index: number;
  /** Milliseconds since the epoch; the turn ends before `to`. */
  readonly from: number;
  readonly to: number;
  /** Undefined before the rotation has begun. */
  readonly person?: string;
}

/**
 * The turn that holds an instant. A handoff keeps its local time; one that DST skips happens when the clocks jump, one
 * that comes twice the first time.
 */
export function turnAt({ rotation, timezone }: Schedule, at: number): Turn {
  const first = firstHandoff(rotation);
  const length = turnMs(rotation.every);
  const begin = (turn: number): number => instantOf(first + turn * length, timezone);
  let index = Math.floor((localOf(at, timezone) - first) / length);
  while (begin(index) > at) index -= 1;
  while (begin(index + 1) <= at) index += 1;
  const person = index < 0 ? undefined : rotation.people[index % rotation.people.length];
  return { index, from: begin(index), to: begin(index + 1), ...defined({ person }) };
}

/** The instant of a time in an override: local to the schedule, unless it says its offset. */
export function overrideInstant(text: string, timezone: string): number | undefined {
  const read = TIME_PATTERN.test(text) ? readMoment(text, { zone: timezone, calendar: true }) : undefined;
  return read?.ok === true ? read.at.getTime() : undefined;
}

/**
 * Who a schedule means at an instant; undefined outside its hours, and before its rotation has begun where no override
 * says otherwise.
 */
export function personAt(schedule: Schedule, at: number): string | undefined {
  if (schedule.hours !== undefined && endOfSpan(schedule.hours, schedule.hours.timezone ?? schedule.timezone, at) === undefined) return undefined;
  const override = schedule.overrides.findLast(({ from, to }) => {
    const begin = overrideInstant(from, schedule.timezone);
    const end = overrideInstant(to, schedule.timezone);
    return begin !== undefined && end !== undefined && begin <= at && at < end;
  });
  return override === undefined ? turnAt(schedule, at).person : override.person;
}

/** The instant at which the first turn begins. */
export function beginOf({ rotation, timezone }: Schedule): number {
  return instantOf(firstHandoff(rotation), timezone);
}

/** Changes looked at before a shift counts as endless. */
const MAX_CHANGES = 1000;

/**
 * Who is on call at an instant, and until when; without `until`, as far as anybody can see. Overrides and hours count,
 * so it may be shorter or longer than a turn.
 */
export function shiftAt(schedule: Schedule, at: number): { readonly person?: string; readonly until?: number } {
  const person = personAt(schedule, at);
  const shift = person === undefined ? {} : { person };
  const edges = schedule.overrides.flatMap(({ from, to }) => [overrideInstant(from, schedule.timezone), overrideInstant(to, schedule.timezone)]);
  let moment = at;
  for (let i = 0; i < MAX_CHANGES; i += 1) {
    const { hours, timezone } = schedule;
    const spans = hours === undefined ? [] : spansBetween(hours, hours.timezone ?? timezone, moment, moment + 8 * DAY_MS).flat();
    moment = Math.min(...[turnAt(schedule, moment).to, ...edges, ...spans].filter((edge) => edge !== undefined).filter((edge) => edge > moment));
    if (personAt(schedule, moment) !== person) return { ...shift, until: moment };
  }
  return shift;
}

/** Id of the person on call; undefined where nobody is. Throws `not-found` for an unknown schedule. */
export function onCallAt(file: Pick<Escalation, 'schedules'>, scheduleName: string, at: Date): string | undefined {
  const schedule = Object.hasOwn(file.schedules, scheduleName) ? file.schedules[scheduleName] : undefined;
  if (schedule === undefined)
    throw new RunbackError('not-found', `There is no schedule "${scheduleName}"${didYouMean(scheduleName, Object.keys(file.schedules))}`, {
      next: 'runback escalation show',
    });
  return personAt(schedule, at.getTime());
}
