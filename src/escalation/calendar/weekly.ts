import type { Escalation, WeeklyHours } from '../types.js';
import { DAY_MS, clockMs, dayOf, instantOf, localOf, weekdayOf } from './zones.js';

/** What the spans of {@link WeeklyHours} look like: `20:00-08:00`, `all`, `none`. */
export const SPAN_PATTERN = /^(all|none|([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00))$/;

/** Spans that follow each other for longer than this never end, as far as anybody cares. */
const LONGEST_MS = 40 * DAY_MS;

/** A span in milliseconds from the midnight of its day; undefined for `none`. `08:00-08:00` lasts a whole day. */
export function spanOf(text: string): { readonly from: number; readonly to: number } | undefined {
  if (text === 'none') return undefined;
  if (text === 'all') return { from: 0, to: DAY_MS };
  const [first = '', second = ''] = text.split('-');
  const from = clockMs(first);
  const to = clockMs(second);
  return { from, to: to > from ? to : to + DAY_MS };
}

/**
 * The span of a day. A whole weekend lasts to Monday morning where the spans of weekdays do: with `20:00-08:00` and
 * `all`, nobody who reads them expects Monday's first eight hours to be another thing than Tuesday's.
 */
function spanOn({ weekdays, weekends }: Pick<WeeklyHours, 'weekdays' | 'weekends'>, weekend: boolean): ReturnType<typeof spanOf> {
  const span = spanOf(weekend ? weekends : weekdays);
  if (!weekend || weekends !== 'all' || span === undefined) return span;
  const morning = (spanOf(weekdays)?.to ?? 0) - DAY_MS;
  return { from: span.from, to: span.to + Math.max(0, morning) };
}

/** The end of the spans around an instant, over all that follow without a gap; undefined outside them. */
export function endOfSpan(hours: WeeklyHours, zone: string, at: number): number | undefined {
  let end: number | undefined;
  for (let moment = at; moment - at < LONGEST_MS;) {
    const next = endOfOneSpan(hours, zone, moment);
    if (next === undefined) return end;
    end = next;
    moment = next;
  }
  return end;
}

function endOfOneSpan(hours: WeeklyHours, zone: string, at: number): number | undefined {
  const today = dayOf(localOf(at, zone));
  let end: number | undefined;
  // Yesterday's span may reach into today, and after a clock that went back today may not have begun yet.
  for (const day of [today - DAY_MS, today]) {
    const span = spanOn(hours, isWeekend(day));
    if (span === undefined || instantOf(day + span.from, zone) > at) continue;
    const until = instantOf(day + span.to, zone);
    if (until > at && (end === undefined || until > end)) end = until;
  }
  return end;
}

/** Every span that touches a stretch of time, in order. */
export function spansBetween(hours: WeeklyHours, zone: string, from: number, to: number): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  for (let day = dayOf(localOf(from, zone)) - DAY_MS; day <= localOf(to, zone); day += DAY_MS) {
    const span = spanOn(hours, isWeekend(day));
    if (span !== undefined) spans.push([instantOf(day + span.from, zone), instantOf(day + span.to, zone)]);
  }
  return spans;
}

/** Whether spans leave no minute of the week free. */
export function coversWeek(hours: Pick<WeeklyHours, 'weekdays' | 'weekends'>): boolean {
  const minutes = new Set<number>();
  for (let day = 0; day < 7; day += 1) {
    const span = spanOn(hours, day >= 5);
    if (span === undefined) continue;
    for (let at = span.from; at < span.to; at += 60_000) minutes.add((day * DAY_MS + at) % (7 * DAY_MS));
  }
  return minutes.size === 7 * 24 * 60;
}

/** When the quiet hours around an instant end; undefined outside them, and where there are none. */
export function quietUntil(file: Pick<Escalation, 'quietHours' | 'timezone'>, at: Date): Date | undefined {
  if (file.quietHours === undefined) return undefined;
  const end = endOfSpan(file.quietHours, file.quietHours.timezone ?? file.timezone, at.getTime());
  return end === undefined ? undefined : new Date(end);
}

function isWeekend(day: number): boolean {
  return [0, 6].includes(weekdayOf(day));
}
