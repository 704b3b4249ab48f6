import { defined } from '../defined.js';
import { DURATION_PATTERN, parseDuration } from './duration.js';
import { utcClock, utcText } from './utc.js';
import { DAY_MS, type LocalMs, dayOf, instantOf, isZone, localOf, showLocal, timesShown } from './zones.js';

/** What a moment looks like, for messages. */
export const MOMENT_FORM =
  'a time such as 2026-11-22 14:00 or yesterday 14:00, with its zone where another is meant (2026-11-22T14:00Z, 2026-11-22 15:00 +01:00), or how long ago: 2h';

/** What a typed time is read with. */
export interface MomentContext {
  /** Absent: words (`yesterday`) and durations are refused. */
  readonly now?: Date | undefined;
  /**
   * Zone of a time that names none. Absent: such a time is refused, since it would mean one thing here and another
   * there.
   */
  readonly zone?: string | undefined;
  /**
   * What a bare duration means: `2h` ago (the default), or in `2h`. `2h ago`, `-2h`, `in 2h` and `+2h` say it
   * themselves.
   */
  readonly direction?: 'past' | 'future';
  /** For calendars: a day alone is its beginning, and a time that the clocks skip is the moment of the jump. */
  readonly calendar?: boolean;
}

/**
 * A moment, or in words why a text is none: `problem` goes on from the text, `why` is sentences. `note`: something
 * about it that the person should know.
 */
export type ReadMoment =
  | { readonly ok: true; readonly at: Date; readonly note?: string }
  | { readonly ok: false; readonly problem: string; readonly why?: string };

const LONGEST = 80;
const CLOCK = String.raw`([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?`;
const MOMENT = new RegExp(String.raw`^(?:(\d{4}-\d\d-\d\d)|(today|yesterday|tomorrow))(?:(?:t|\s+(?:at\s+)?)${CLOCK}\s*(\S*))?$`, 'iu');
const CLOCK_ALONE = new RegExp(String.raw`^${CLOCK}\s*(\S*)$`, 'iu');
const OFFSET = /^([+-])(\d\d)(?::?([0-5]\d))?$/;
const DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };

/**
 * The one reader of times that people type: flags, answers, inputs, filters, prompts, calendars. Understood are a day
 * with a time of day (`2026-11-22 14:00`, seconds and fractions too), `today`, `yesterday` or `tomorrow` with one, a
 * time of day alone, all with an offset, `Z`, `UTC` or the name of a zone behind them where that of the context is not
 * meant; `now`; and durations. A day that does not exist, and a time that the clocks of the zone skip, are refused; of
 * one that they show twice the first is taken, with a note. Never throws.
 */
export function readMoment(text: string, context: MomentContext): ReadMoment {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST) return no(`it is longer than ${LONGEST} characters`);
  return fromNow(trimmed, context) ?? fromClock(trimmed, context) ?? fromDay(trimmed, context) ?? no('it is not a time', `Expected ${MOMENT_FORM}.`);
}

/** A moment as people check it: in a zone and in UTC, `Sun 2026-11-22 14:00 EST, which is 2026-11-22 19:00 UTC`. */
export function showMoment(at: Date, zone: string): string {
  const local = showLocal(at.getTime(), zone);
  return / (UTC|GMT)$/.test(local) ? local : `${local}, which is ${utcText(at, 'minute')}`;
}

/** `now`, `2h`, `2h ago`, `-2h`, `in 2h`, `+2h`; undefined where the text has another form. */
function fromNow(text: string, { now, direction = 'past' }: MomentContext): ReadMoment | undefined {
  const [, sign, amount = '', ago] = /^(in\s+|\+|-)?(.*?)(\s+ago)?$/iu.exec(text) ?? [];
  const isNow = text.toLowerCase() === 'now';
  if (!isNow && !DURATION_PATTERN.test(amount)) return undefined;
  if (now === undefined) return no('it has to be a full time, such as 2026-11-22T14:00Z');
  const back = ago !== undefined || sign === '-' || (sign === undefined && direction === 'past');
  if (ago !== undefined && sign !== undefined) return no('it says both "in" and "ago"');
  const at = new Date(isNow ? now.getTime() : now.getTime() + (back ? -1 : 1) * parseDuration(amount));
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 ? no('it is too far away') : { ok: true, at };
}

/** A time of day alone: the one of today, where that is on the side that is asked for. */
function fromClock(text: string, context: MomentContext): ReadMoment | undefined {
  const [, hours, minutes, seconds, fraction, where = ''] = CLOCK_ALONE.exec(text) ?? [];
  if (hours === undefined) return undefined;
  const read = fromDay(`today ${text}`, context);
  const { now, direction = 'past' } = context;
  if (read?.ok !== true || now === undefined) return read;
  const past = read.at.getTime() <= now.getTime();
  if (past === (direction === 'past')) return read;
  const clock = `${hours}:${minutes ?? ''}${seconds === undefined ? '' : `:${seconds}`}${fraction === undefined ? '' : `.${fraction}`}${where === '' ? '' : ` ${where}`}`;
  return no(
    past
      ? `${clock} has already passed today: type tomorrow ${clock}, or today ${clock}`
      : `${clock} is still in the future today: type yesterday ${clock}, or today ${clock}`,
  );
}

function fromDay(text: string, context: MomentContext): ReadMoment | undefined {
  const { now, calendar = false } = context;
  const [, date, word, hours, minutes = '', seconds = '00', fraction = '', where = ''] = MOMENT.exec(text) ?? [];
  if (date === undefined && word === undefined) return undefined;
  if (word !== undefined && now === undefined) return no('it has to be a full time, such as 2026-11-22T14:00Z');
  if (hours === undefined && !calendar) return no(`a date needs a time: type ${date ?? word ?? ''} 00:00 for the start of the day`);
  const zone = zoneOf(where, context.zone);
  if (typeof zone === 'object') return zone;
  const day = date === undefined ? dayOf(readingAt(now ?? new Date(0), zone)) + (DAYS[word?.toLowerCase() ?? ''] ?? 0) * DAY_MS : dayIn(date);
  if (day === undefined) return no(`there is no day ${date ?? ''}`);
  const clock = ((Number(hours ?? '0') * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  return instantIn(day + clock, zone, calendar);
}

/** Milliseconds east of UTC, or the name of a zone. */
type Zone = number | string;

function zoneOf(text: string, otherwise: string | undefined): Zone | ReadMoment {
  if (text === '') return otherwise ?? no('a time has to come with its zone here, such as 2026-11-22T14:00Z or 2026-11-22 15:00 +01:00');
  if (/^(z|utc|gmt)$/iu.test(text)) return 0;
  const [, sign, hours, minutes = '0'] = OFFSET.exec(text) ?? [];
  if (hours !== undefined && Number(hours) <= 14) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  if (text.includes('/') && isZone(text)) return text;
  return no(`"${text.slice(0, 30)}" is not a known time zone: give an offset, such as +01:00, or a name such as America/New_York`);
}

const readingAt = (now: Date, zone: Zone): LocalMs => (typeof zone === 'number' ? now.getTime() + zone : localOf(now.getTime(), zone));

/** Midnight of a day; undefined where there is no such day. */
function dayIn(date: string): LocalMs | undefined {
  const day = Date.parse(`${date}T00:00:00Z`);
  // "February 30" is read as a day in March by some engines and refused by others.
  return Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date ? undefined : day;
}

function instantIn(local: LocalMs, zone: Zone, calendar: boolean): ReadMoment {
  if (typeof zone === 'number') return { ok: true, at: new Date(local - zone) };
  const at = instantOf(local, zone);
  const shown = timesShown(local, zone);
  if (shown === 1 || calendar) return { ok: true, at: new Date(at) };
  if (shown === 2)
    return {
      ok: true,
      at: new Date(at),
      note: `${clockText(local)} occurs twice in ${zone}, because the clocks go back: the first one is used. Give an offset for the second.`,
    };
  const [last, next] = [localOf(at - 1, zone) + 1, localOf(at, zone)];
  return no(
    `${clockText(local)} does not exist in ${zone}`,
    `The clocks go from ${clockText(last).slice(11)} straight to ${clockText(next).slice(11)}. Take ${clockText(next)}, or give an offset.`,
  );
}

function clockText(local: LocalMs): string {
  return utcClock(new Date(local), 'minute') ?? '';
}

function no(problem: string, why?: string): ReadMoment {
  return { ok: false, problem, ...defined({ why }) };
}
