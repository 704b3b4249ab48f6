import type { CalendarEntry } from '../../../src/workspace/index.js';
import { Dice } from './dice.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
export const WEEK_HOURS = 168;
export const ZONE = 'America/New_York';
/** A year that is judged, and thirteen weeks of history before it. */
export const WARM_HOURS = 13 * WEEK_HOURS;
export const YEAR_HOURS = 365 * DAY_HOURS;
export const BEGINS = Date.UTC(2026, 9, 5) / HOUR_MS;

const local = new Intl.DateTimeFormat('en-US', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
});

/** What the clocks of the workspace show: the generator has its own way to know it. */
interface Shown {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly weekday: number;
  readonly lastDay: boolean;
}

const shown: readonly Shown[] = Array.from({ length: WARM_HOURS + YEAR_HOURS }, (_, i) => {
  const parts = Object.fromEntries(local.formatToParts(new Date((BEGINS + i) * HOUR_MS)).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0 } = parts as Record<string, number>;
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return { year, month, day, hour, weekday, lastDay: new Date(Date.UTC(year, month - 1, day + 1)).getUTCDate() === 1 };
});

/** When a fault begins: the first hour of it is `i` after {@link BEGINS}. */
export const shownAt = (i: number): Shown => shown[i] as Shown;
export const isWorkingHour = (i: number): boolean => {
  const { weekday, hour } = shownAt(i);
  return weekday >= 1 && weekday <= 5 && hour >= 9 && hour < 17;
};

const HOLIDAYS = [
  '2026-10-12',
  '2026-11-26',
  '2026-11-27',
  '2027-01-18',
  '2027-02-15',
  '2027-05-31',
  '2027-06-18',
  '2027-07-05',
  '2027-09-06',
  '2027-10-11',
  '2027-11-25',
  '2027-11-26',
];
const CHRISTMAS = { from: '2026-12-24', to: '2027-01-01' };
const dateOf = ({ year, month, day }: Shown): string => `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
const isHoliday = (at: Shown): boolean => {
  const date = dateOf(at);
  return HOLIDAYS.includes(date) || (date >= CHRISTMAS.from && date <= CHRISTMAS.to);
};

/** How the hours of a week differ for a kind of series. */
type Shape = 'office' | 'web' | 'program';
const WEEKEND: Readonly<Record<Shape, number>> = { office: 0.15, web: 0.6, program: 0.7 };
const HOLIDAY: Readonly<Record<Shape, number>> = { office: 0.2, web: 0.6, program: 0.7 };
const bump = (hour: number, peak: number, width: number): number => Math.exp(-0.5 * ((((hour - peak + 36) % 24) - 12) / width) ** 2);

function dayShape(shape: Shape, hour: number): number {
  switch (shape) {
    case 'office':
      return 0.12 + 1.1 * bump(hour, 10.5, 2) + 1.2 * bump(hour, 15, 2.2);
    case 'web':
      return 0.2 + 0.9 * bump(hour, 12, 3.5) + 0.9 * bump(hour, 20, 2.5);
    case 'program':
      return 0.55 + 0.6 * bump(hour, 13, 4) + 0.9 * bump(hour, 2, 0.7);
  }
}

/** What a seed makes of a series. */
export interface Traits {
  readonly perHour: number;
  readonly shape: Shape;
  readonly growthAYear: number;
  readonly slow: number;
  readonly middle: number;
  readonly hourly: number;
}

/** One year of a series, with its history before. */
export interface SeriesYear {
  readonly traits: Traits;
  readonly calendar: readonly CalendarEntry[];
  /** Counts by hour from {@link BEGINS} on; null where nobody could count. */
  readonly values: readonly (number | null)[];
}

/** What everyone in a workspace knows: holidays, ends of months, webinars. */
export function calendarOf(webinarDays: readonly string[]): readonly CalendarEntry[] {
  const dates = (is: CalendarEntry['is'], from: string, to = from): CalendarEntry => ({ is, timezone: ZONE, when: { kind: 'dates', from, to } });
  return [
    ...HOLIDAYS.map((day) => dates('quiet', day)),
    dates('quiet', CHRISTMAS.from, CHRISTMAS.to),
    ...webinarDays.map((day) => dates('webinar', day)),
    { is: 'webinar', timezone: ZONE, when: { kind: 'week', weekday: 3, minute: 14 * 60, forMs: 3 * HOUR_MS } },
    { is: 'month-end', timezone: ZONE, when: { kind: 'month', day: 'last', minute: 0, forMs: 24 * HOUR_MS } },
    { is: 'month-end', timezone: ZONE, when: { kind: 'month', day: 1, minute: 0, forMs: 24 * HOUR_MS } },
  ];
}

/** What happens to all series of a workspace. */
export interface SharedDays {
  /** One or two working days in a month that everyone was told of. */
  readonly webinarDays: readonly string[];
  /** Two days of the year with less to do, which nobody declared. */
  readonly slackDays: readonly string[];
}

export function sharedDays(seed: number): SharedDays {
  const dice = new Dice(seed ^ 0x5eb1);
  const webinarDays: string[] = [];
  for (let i = 0; i < shown.length; i += DAY_HOURS) if (isWorkingHour(i + 15) && dice.chance(0.06)) webinarDays.push(dateOf(shownAt(i + 15)));
  return { webinarDays, slackDays: [0, 1].map(() => dateOf(shownAt(WARM_HOURS + dice.under(YEAR_HOURS)))) };
}

/**
 * A series as integrations have them. Noise is of four kinds: chance, hours that differ from one another, levels that hold for hours and for days,
 * and what nobody declared (`rough`: how many times as much of the middle two): two days of the year with less to do, a large import every other year, hours that were not counted.
 */
export function seriesYear(seed: number, perHour: number, known: SharedDays, rough = 1): SeriesYear {
  const dice = new Dice(seed);
  const shape = dice.pick<Shape>(['office', 'web', 'program']);
  const growthAYear = dice.between(-0.1, 0.6);
  const [slowly, hourByHour, byChance] = [rough * dice.between(0.02, 0.05), rough * dice.between(0.03, 0.06), rough * dice.between(0.05, 0.15)];
  const traits: Traits = { perHour, shape, growthAYear, slow: slowly, middle: hourByHour, hourly: byChance };
  const likesWebinars = shape !== 'program';
  const [webinarBoost, monthEnd, summer, slack] = [dice.between(1.5, 3.5), dice.between(1, 1.6), dice.between(0, 0.1), dice.between(0.75, 0.95)];
  const mean = shown.slice(0, WEEK_HOURS).reduce((sum, at) => sum + weekShape(shape, at), 0) / WEEK_HOURS;
  const imports = new Set(dice.chance(0.5) ? [WARM_HOURS + dice.under(YEAR_HOURS)] : []);
  let [slow, middle, missing] = [dice.normal(), dice.normal(), 0];
  const values = shown.map((at, i): number | null => {
    slow = 0.97 * slow + Math.sqrt(1 - 0.97 ** 2) * dice.normal();
    middle = 0.8 * middle + Math.sqrt(1 - 0.8 ** 2) * dice.normal();
    let rate = (perHour * weekShape(shape, at)) / mean;
    rate *= (1 + growthAYear) ** ((i - WARM_HOURS) / YEAR_HOURS) * (1 - summer * bump(at.month * 2, 15, 2));
    if (isHoliday(at)) rate *= HOLIDAY[shape];
    if (known.slackDays.includes(dateOf(at))) rate *= slack;
    if (at.lastDay || at.day === 1) rate *= monthEnd;
    if (likesWebinars && known.webinarDays.includes(dateOf(at))) rate *= at.hour >= 14 && at.hour < 17 ? webinarBoost : 1.15;
    if (likesWebinars && at.weekday === 3 && at.hour >= 14 && at.hour < 17) rate *= 1.4;
    if (imports.has(i) || imports.has(i - 1)) rate *= 6;
    rate *= Math.exp(traits.slow * slow + traits.middle * middle - (traits.slow ** 2 + traits.middle ** 2) / 2) * dice.gamma(traits.hourly);
    const value = dice.poisson(rate);
    if (missing === 0 && dice.chance(0.0008)) missing = 1 + dice.under(4);
    if (missing === 0) return value;
    missing -= 1;
    return null;
  });
  return { traits, calendar: calendarOf(known.webinarDays), values };
}

function weekShape(shape: Shape, { weekday, hour }: Shown): number {
  const weekend = weekday === 0 || weekday === 6;
  const friday = shape === 'office' && weekday === 5 && hour >= 13 ? 0.75 : 1;
  return dayShape(shape, hour) * (weekend ? WEEKEND[shape] : 1) * friday;
}
