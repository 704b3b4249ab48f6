import type { Schedule } from '../types.js';
import { beginOf, personAt, turnAt, turnMs } from './schedules.js';
import { spansBetween } from './weekly.js';
import { DAY_MS } from './zones.js';

const HOUR_MS = 3_600_000;
/** Hours repeat each week, and turns after everybody had one: nobody looks further ahead than this for both to meet. */
const AHEAD_MS = 4 * 366 * DAY_MS;
const MOST_TURNS = 5000;

/**
 * Who stands in a rotation and is never on call: turns and hours can be in step, so that the same people always get the
 * weekend. Looks ahead until both begin again; nobody where that is too far away to tell.
 */
export function neverOnCall(schedule: Schedule, now: number): readonly string[] {
  const { rotation, hours, timezone } = schedule;
  const waiting = new Set(rotation.people);
  if (hours === undefined) return [];
  const [length, week] = [turnMs(rotation.every) / HOUR_MS, 7 * 24];
  const cycle = length * rotation.people.length;
  const ahead = (cycle / divisor(cycle, week)) * week * HOUR_MS;
  if (ahead > AHEAD_MS || ahead / HOUR_MS / length > MOST_TURNS) return [];
  let turn = turnAt(schedule, Math.max(now, beginOf(schedule)));
  // A turn more than the period: the first one has begun already.
  for (const end = Math.max(now, turn.to) + ahead + length * HOUR_MS; turn.from < end && waiting.size > 0; turn = turnAt(schedule, turn.to)) {
    if (turn.person === undefined || !waiting.has(turn.person)) continue;
    const { person } = turn;
    const spans = spansBetween(hours, hours.timezone ?? timezone, turn.from, turn.to);
    if (spans.some(([from, to]) => Math.max(from, turn.from) < Math.min(to, turn.to))) waiting.delete(person);
  }
  for (const { person } of schedule.overrides) waiting.delete(person);
  return [...waiting].filter((person) => personAt(schedule, now) !== person);
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
