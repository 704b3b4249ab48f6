import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { HourTable } from '../../src/monitors/baseline/hour-table.js';
import { WeekClock } from '../../src/monitors/baseline/week-clock.js';
import { type Side, Windows } from '../../src/monitors/baseline/windows.js';
import { ALL, Calendar, type Departure, judgeSeries, remember, type SeriesHistory } from '../../src/monitors/index.js';
import type { CalendarEntry } from '../../src/workspace/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { Dice } from './simulation/dice.js';
import { duration, durationsOf, quota, usageOf, volume } from './simulation/workspaces.js';
import { BEGINS, seriesYear, sharedDays, WARM_HOURS, ZONE } from './simulation/year.js';

/** A user would lose: judgements that depend on how much of the past happened to be kept, or that compare Monday with Sunday after the clocks changed. */

const HOUR_MS = 3_600_000;
const WEEK = 168;
const END = WARM_HOURS + 365 * 24;

const localHour = new Intl.DateTimeFormat('en-US', {
  timeZone: ZONE,
  hourCycle: 'h23',
  weekday: 'short',
  hour: '2-digit',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});
const shownAt = (hour: number): string => localHour.format(new Date(hour * HOUR_MS));
/** The same reading of the clocks so many weeks before: looked for hour by hour. Where the clocks skipped it, the hour that came in its place. */
function slowEarlier(hour: number, weeks: number): number {
  const weekday = shownAt(hour).slice(0, 3);
  const time = shownAt(hour).slice(-2);
  const around = hour - weeks * WEEK;
  return [around, around - 1, around + 1].find((one) => shownAt(one).slice(0, 3) === weekday && shownAt(one).slice(-2) === time) ?? around + 1;
}

/** The median of the same window of eight earlier weeks, in the words of the documentation. */
function slowWindow(
  values: readonly (number | null)[],
  kinds: Calendar,
  departures: readonly Departure[],
  end: number,
  hours: number,
  side: Side,
): unknown {
  const valueOf = (hour: number): number | null => values[hour - BEGINS] ?? null;
  const isDeparted = (hour: number): boolean =>
    departures.some(({ from, to }) => (hour + 1) * HOUR_MS > Date.parse(from) && hour * HOUR_MS < (to === undefined ? Infinity : Date.parse(to)));
  const window = Array.from({ length: hours }, (_, i) => end - hours + i);
  if (window.some((hour) => hour < BEGINS || hour >= BEGINS + values.length)) return undefined;
  const isApart = (hour: number): boolean => {
    const kind = kinds.kindOf(hour);
    return kind !== undefined && (!kind.weekly || kind.is === 'quiet');
  };
  const isWhole = window.every((hour) => valueOf(hour) !== null && !isApart(hour) && !isDeparted(hour));
  const counted = window.filter((hour) => {
    const kind = kinds.kindOf(hour);
    if (valueOf(hour) === null || kind?.is === 'quiet') return false;
    return side === 'drop' || kind === undefined || (isWhole && side === 'surge');
  });
  if (counted.length < Math.max(1, (hours * 2) / 3)) return undefined;
  const last = counted.at(-1) ?? end;
  const sums: number[] = [];
  for (let week = 1; week <= 8; week += 1) {
    const shift = last - slowEarlier(last, week);
    const then = counted.map((hour) => hour - shift);
    if (then.every((hour) => valueOf(hour) !== null && !isApart(hour) && !isDeparted(hour)))
      sums.push(then.reduce((sum, hour) => sum + (valueOf(hour) ?? 0), 0));
  }
  if (sums.length < 3) return undefined;
  sums.sort((a, b) => a - b);
  const [low = 0, high = 0] = [sums[Math.ceil(sums.length / 2) - 1], sums[Math.floor(sums.length / 2)]];
  return { found: counted.reduce((sum, hour) => sum + (valueOf(hour) ?? 0), 0), median: (low + high) / 2, weeks: sums.length };
}

const iso = (hour: number): string => new Date(hour * HOUR_MS).toISOString();
const departuresOf = (dice: Dice): readonly Departure[] =>
  Array.from({ length: dice.under(4) }, () => {
    const from = BEGINS + dice.under(END);
    return { from: iso(from), ...(dice.chance(0.9) ? { to: iso(from + 1 + dice.under(200)) } : {}) };
  });
const SUNDAYS: CalendarEntry = { is: 'quiet', timezone: ZONE, when: { kind: 'week', weekday: 0, minute: 0, forMs: 24 * HOUR_MS } };

describe('windows', () => {
  it('are compared with the same hours of earlier weeks by the clocks, without what is out of the ordinary', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const year = seriesYear(seed, 5, sharedDays(seed));
        const calendar = new Calendar(dice.chance(0.3) ? [...year.calendar, SUNDAYS] : dice.chance(0.2) ? [] : year.calendar);
        const departures = departuresOf(dice);
        const windows = new Windows(new HourTable({ first: BEGINS, values: year.values }, calendar, departures), WeekClock.of(ZONE), calendar);
        for (let n = 0; n < 60; n += 1) {
          // Half of them in the weeks after the clocks changed.
          const end = dice.chance(0.5)
            ? BEGINS + dice.under(END + 50)
            : dice.pick([Date.UTC(2027, 2, 14), Date.UTC(2027, 10, 7)]) / HOUR_MS + dice.under(9 * WEEK) - 24;
          const hours = dice.pick([1, 2, 3, 6, 24, 72]);
          const side = dice.pick<Side>(['drop', 'surge', 'expected-surge']);
          expect(windows.at(end, hours, side), `${iso(end)} ${hours} ${side}`).toEqual(
            slowWindow(year.values, calendar, departures, end, hours, side),
          );
        }
      }),
      // In 530977 a week is compared with the one in which the clocks skipped that hour.
      { numRuns: fullSweeps ? 300 : 5, examples: [[530977]] },
    );
  });
});

describe('what is kept', () => {
  /** Measured hour by hour, and judged now and then: once by what is kept for judging, once by everything. */
  function judgedBoth(seed: number, measurements: Parameters<typeof remember>[2], settings: Parameters<typeof judgeSeries>[0]): void {
    const dice = new Dice(seed ^ 77);
    const calendar = new Calendar(seriesYear(seed, 5, sharedDays(seed)).calendar);
    const departures = departuresOf(dice);
    const series = { monitor: settings.name, of: settings.name };
    let kept: SeriesHistory | undefined;
    for (let i = 0; i < measurements.length;) {
      const some = 1 + dice.under(700);
      kept = JSON.parse(JSON.stringify(remember(kept, series, measurements.slice(i, i + some)))) as SeriesHistory;
      i = Math.min(measurements.length, i + some);
      const whole = remember(undefined, series, measurements.slice(0, i), ALL);
      const at = new Date((BEGINS + i) * HOUR_MS + dice.under(HOUR_MS));
      const judgement = judgeSeries(settings, kept, at, { calendar, departures });
      expect(judgement).toEqual(judgeSeries(settings, whole, at, { calendar, departures }));
      expect(kept.hours?.values.length ?? 0).toBeLessThanOrEqual(18 * WEEK);
    }
  }

  it('is enough: volumes are judged as by their whole year', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const { values } = seriesYear(seed, new Dice(seed).pick([5, 40, 400]), sharedDays(seed));
        const counted = values.flatMap((value, i) => (value === null ? [] : [{ kind: 'count' as const, hour: BEGINS + i, value }]));
        judgedBoth(seed, counted, volume('v'));
      }),
      { numRuns: fullSweeps ? 100 : 3 },
    );
  });
  it('is enough for durations and quotas', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        judgedBoth(seed, durationsOf(new Dice(seed)), duration('d', 'crm'));
        judgedBoth(seed, usageOf(new Dice(seed), { from: 6000, times: 2 }), quota('q', 'crm'));
      }),
      { numRuns: fullSweeps ? 30 : 1 },
    );
  });
});
