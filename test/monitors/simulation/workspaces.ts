import type { Measurement, SeriesHistory } from '../../../src/monitors/index.js';
import { ALL, remember } from '../../../src/monitors/index.js';
import type { AlertSettings, CalendarEntry, MonitorSettings, VolumeSettings } from '../../../src/workspace/index.js';
import { Dice } from './dice.js';
import { BEGINS, isWorkingHour, seriesYear, sharedDays, shownAt, WARM_HOURS, YEAR_HOURS, ZONE } from './year.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PLATFORMS = ['crm', 'marketing', 'webinars', 'warehouse'] as const;
export const RATES = [5, 40, 400] as const;
export type Rate = (typeof RATES)[number];

/** A workspace of twenty series as it ran for a year in which nothing went wrong. */
export interface WorkspaceYear {
  readonly settings: { readonly monitors: readonly MonitorSettings[]; readonly alerts: AlertSettings };
  readonly calendar: readonly CalendarEntry[];
  readonly histories: readonly SeriesHistory[];
}

export const ALERTS: AlertSettings = {
  groupBy: ['platform'],
  inhibit: { authorization: 'all' },
  holdMs: 6 * HOUR_MS,
  opens: 'incident',
  runbooks: {},
};

const common = (
  name: string,
  platform: string,
): Pick<MonitorSettings, 'name' | 'platforms' | 'syncs' | 'everyMs' | 'timezone' | 'needs' | 'stakes'> => ({
  name,
  platforms: [platform],
  syncs: [],
  everyMs: HOUR_MS,
  timezone: ZONE,
  needs: [],
  stakes: 'flow',
});

/** What runback.yml says of a volume where it says nothing but what is counted. */
export function volume(name: string, platform: string = PLATFORMS[0]): VolumeSettings {
  return {
    ...common(name, platform),
    kind: 'volume',
    platform,
    object: 'contacts',
    event: 'created',
    baseline: 'weekly',
    page: ['drop'],
    note: ['surge'],
    limits: [],
  };
}

/** The history of a volume. */
export function volumeHistory(name: string, values: readonly (number | null)[]): SeriesHistory {
  return { series: { monitor: name, of: name }, began: BEGINS, hours: { first: BEGINS, values }, events: [] };
}

/** Twenty volumes: seven of 5 an hour, seven of 40 and six of 400. */
export function volumesYear(seed: number, rough = 1): WorkspaceYear {
  const shared = sharedDays(seed);
  const names = Array.from({ length: 20 }, (_, n) => `volume-${n}`);
  const years = names.map((_, n) => seriesYear(seed * 31 + n, RATES[n % 3] as Rate, shared, rough));
  return {
    settings: { monitors: names.map((name, n) => volume(name, PLATFORMS[n % 4] as string)), alerts: ALERTS },
    calendar: years[0]?.calendar ?? [],
    histories: names.map((name, n) => volumeHistory(name, years[n]?.values ?? [])),
  };
}

/** Twenty of all kinds: twelve volumes, three ratios of errors, two durations, two quotas and a heartbeat. */
export function mixedYear(seed: number, rough = 1): WorkspaceYear {
  const volumes = volumesYear(seed, rough);
  const others = [0, 1, 2, 3, 4, 5, 6, 7].map((n): { monitor: MonitorSettings; measured: readonly Measurement[] } => {
    const platform = PLATFORMS[n % 4] as string;
    const dice = new Dice(seed * 57 + n);
    if (n < 3) return { monitor: ratio(`errors-${n}`, platform), measured: errorsOf(dice) };
    if (n < 5) return { monitor: duration(`duration-${n}`, platform), measured: durationsOf(dice) };
    if (n < 7) return { monitor: quota(`quota-${n}`, platform), measured: usageOf(dice) };
    return { monitor: heartbeat(`heartbeat-${n}`, platform), measured: beatsOf(dice) };
  });
  return {
    settings: { monitors: [...volumes.settings.monitors.slice(0, 12), ...others.map(({ monitor }) => monitor)], alerts: ALERTS },
    calendar: volumes.calendar,
    histories: [
      ...volumes.histories.slice(0, 12),
      ...others.map(({ monitor: { name }, measured }) => remember(undefined, { monitor: name, of: name }, measured, ALL)),
    ],
  };
}

export const ratio = (name: string, platform: string): Extract<MonitorSettings, { kind: 'ratio' }> => ({
  ...common(name, platform),
  kind: 'ratio',
  ratio: 'errors/calls',
  parts: [{ of: platform, platforms: [platform], syncs: [] }],
  above: 0.05,
  windowsHours: [1, 6],
  atLeast: 5,
  level: 'page',
});
export const duration = (name: string, platform: string): Extract<MonitorSettings, { kind: 'duration' }> => ({
  ...common(name, platform),
  kind: 'duration',
  sync: name,
  level: 'note',
});
export const quota = (name: string, platform: string): Extract<MonitorSettings, { kind: 'forecast' }> => ({
  ...common(name, platform),
  kind: 'forecast',
  platform,
  level: 'page',
});
export const heartbeat = (name: string, platform: string): Extract<MonitorSettings, { kind: 'heartbeat' }> => ({
  ...common(name, platform),
  kind: 'heartbeat',
  sync: name,
  withinMs: 4 * HOUR_MS,
  level: 'page',
});

const hoursOf = (from = 0): readonly number[] => Array.from({ length: WARM_HOURS + YEAR_HOURS - from }, (_, i) => from + i);

/** Calls by hour of which some fail: mostly one in a hundred, with bad hours now and then that stay below the threshold in the long run. */
export function errorsOf(dice: Dice, burst?: { readonly from: number; readonly hours: number; readonly share: number }): readonly Measurement[] {
  const [calls, share] = [dice.between(20, 400), dice.between(0.002, 0.015)];
  let mood = dice.normal();
  return hoursOf().map((i): Measurement => {
    mood = 0.8 * mood + 0.6 * dice.normal();
    const of = dice.poisson(calls * (isWorkingHour(i) ? 1.6 : 0.6) * dice.gamma(0.3));
    const isBurst = burst !== undefined && i >= burst.from && i < burst.from + burst.hours;
    const failed = dice.binomial(of, isBurst ? burst.share : Math.min(0.5, share * Math.exp(0.5 * mood)));
    return { kind: 'ratio', hour: BEGINS + i, failed, of };
  });
}

/** A sync each hour that takes minutes, longer in working hours and at night when much is done, by chance a third more or less. */
export function durationsOf(dice: Dice, slow?: { readonly from: number; readonly times: number }): readonly Measurement[] {
  const [typical, growth] = [dice.between(60, 900), dice.between(0, 0.3)];
  let mood = dice.normal();
  return hoursOf().map((i): Measurement => {
    mood = 0.9 * mood + 0.43 * dice.normal();
    const shape = (isWorkingHour(i) ? 1.5 : 1) * (shownAt(i).hour === 2 ? 3 : 1) * (1 + (growth * i) / YEAR_HOURS);
    const times = slow !== undefined && i >= slow.from ? slow.times : 1;
    const seconds = typical * shape * times * Math.exp(0.12 * mood + 0.2 * dice.normal()) * (dice.chance(0.005) ? 4 : 1);
    return { kind: 'duration', at: new Date((BEGINS + i) * HOUR_MS + dice.under(3_000_000)).toISOString(), ms: seconds * 1000 };
  });
}

/** The calls of a day of which 70 in 100 are usual, counted from 0 at midnight UTC. A batch at night takes an eighth of it within two hours. */
export function usageOf(dice: Dice, runaway?: { readonly from: number; readonly times: number }): readonly Measurement[] {
  const limit = 100_000;
  const usual = dice.between(0.45, 0.7) * limit;
  let [used, day] = [0, 0];
  let daily = 1;
  return hoursOf().map((i): Measurement => {
    const hour = BEGINS + i;
    if (Math.floor(hour / 24) !== day) [used, day, daily] = [0, Math.floor(hour / 24), dice.gamma(0.08)];
    const { hour: shown, weekday } = shownAt(i);
    const share = ((isWorkingHour(i) ? 2 : 0.7) * 0.75) / (weekday === 0 || weekday === 6 ? 16.8 : 27.2) + (shown === 3 || shown === 4 ? 0.0625 : 0);
    const times = runaway !== undefined && i >= runaway.from ? runaway.times : 1;
    used = Math.min(limit, used + share * usual * daily * dice.gamma(0.2) * times);
    const at = new Date(hour * HOUR_MS + 59 * 60_000).toISOString();
    return { kind: 'level', at, value: Math.round(used), limit, resetsAt: new Date((day + 1) * DAY_MS).toISOString() };
  });
}

/** A sync that runs each hour, often with nothing to do, and now and then late. */
export function beatsOf(dice: Dice, silentFrom = Number.POSITIVE_INFINITY): readonly Measurement[] {
  return hoursOf()
    .filter((i) => i < silentFrom && !dice.chance(0.02))
    .map((i): Measurement => ({
      kind: 'beat',
      at: new Date((BEGINS + i) * HOUR_MS + dice.under(3_000_000)).toISOString(),
      records: dice.chance(0.5) ? 0 : dice.under(50),
    }));
}
