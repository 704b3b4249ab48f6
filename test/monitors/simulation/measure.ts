import { createHash } from 'node:crypto';

import { Calendar, replay, seriesJudge } from '../../../src/monitors/index.js';
import { Dice } from './dice.js';
import { type FaultKind, planted } from './faults.js';
import { type Rate, volume, volumeHistory, type WorkspaceYear } from './workspaces.js';
import { BEGINS, isWorkingHour, seriesYear, type SeriesYear, sharedDays, WARM_HOURS, YEAR_HOURS } from './year.js';
import { type Alarm, zScoreAlarms } from './z-score.js';

const HOUR_MS = 3_600_000;
export const WEEKS = YEAR_HOURS / 168;

/** What people heard in a year in which nothing was wrong. */
export interface Heard {
  readonly pages: number;
  readonly notes: number;
  readonly updates: number;
}

export function heardIn({ settings, histories, calendar }: WorkspaceYear, hours = YEAR_HOURS): Heard {
  const [from, to] = [new Date((BEGINS + WARM_HOURS) * HOUR_MS), new Date((BEGINS + WARM_HOURS + hours - 1) * HOUR_MS)];
  const [asItIs] = replay(histories, settings, { from, to, calendar, silences: [] }).variants;
  const { pages = 0, notes = 0, messages = 0 } = asItIs ?? {};
  return { pages, notes, updates: messages - pages - notes };
}

/** The same year through the comparison: each run of hours beyond is one alarm, if twelve hours without one lie between. */
export function heardByZScore({ histories }: WorkspaceYear): Heard {
  const alarms = histories.flatMap(({ hours }) => zScoreAlarms(hours?.values ?? [], WARM_HOURS));
  const count = (way: Alarm['way']): number => alarms.filter((alarm) => alarm.way === way).length;
  return { pages: count('drop'), notes: count('surge'), updates: 0 };
}

/** When faults begin. `working`: Monday to Friday, 9 to 17 by the clocks; `ordinary`: any hour that is not within the calendar or a day before it; `any`. */
export type Begins = 'working' | 'ordinary' | 'any';

/** How long it took to find planted faults, in hours; infinite where five days were not enough. */
export interface Found {
  readonly ours: readonly number[];
  readonly zScore: readonly number[];
}

const LOOKED_HOURS: Readonly<Record<FaultKind, number>> = { stop: 72, half: 120, surge: 48, drift: 504 };

/** Plants a number of faults of a kind in one year of a series, each in a copy of its own. */
export function foundIn(seed: number, perHour: Rate, kind: FaultKind, begins: Begins, count: number, rough = 1): Found {
  const year = seriesYear(seed, perHour, sharedDays(seed), rough);
  const calendar = new Calendar(year.calendar);
  const dice = new Dice(seed ^ 0xfa17);
  const ours: number[] = [];
  const zScore: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const at = beginOf(dice, begins, calendar, year);
    const values = planted(year.values, kind, at, seed + n);
    ours.push(oursAfter(values, calendar, at, kind));
    zScore.push(zScoreAfter(values, at, kind));
  }
  return { ours, zScore };
}

function beginOf(dice: Dice, begins: Begins, calendar: Calendar, { values }: SeriesYear): number {
  for (;;) {
    const at = WARM_HOURS + dice.under(YEAR_HOURS - 600);
    if (values.slice(at, at + 4).includes(null)) continue;
    if (begins === 'any') return at;
    const isOrdinary = Array.from({ length: 36 }, (_, i) => calendar.kindOf(BEGINS + at - 6 + i)).every((kind) => kind === undefined || kind.weekly);
    if (isOrdinary && (begins === 'ordinary' || isWorkingHour(at))) return at;
  }
}

function oursAfter(values: readonly (number | null)[], calendar: Calendar, at: number, kind: FaultKind): number {
  const judge = seriesJudge(volume('v'), volumeHistory('v', values), { calendar, departures: [] });
  for (let hours = 1; hours <= LOOKED_HOURS[kind]; hours += 1) {
    const { state, finding } = judge(new Date((BEGINS + at + hours) * HOUR_MS));
    if (state === 'wrong' && (finding === 'surge') === (kind === 'surge')) return hours;
  }
  return Number.POSITIVE_INFINITY;
}

function zScoreAfter(values: readonly (number | null)[], at: number, kind: FaultKind): number {
  const way = kind === 'surge' ? 'surge' : 'drop';
  const first = zScoreAlarms(values.slice(0, at + LOOKED_HOURS[kind]), at).find((alarm) => alarm.way === way);
  return first === undefined ? Number.POSITIVE_INFINITY : first.hour - at + 1;
}

/** How much of a year a series says that half of it could be lost unseen. */
export function blindShare(seed: number, perHour: Rate, rough = 1): number {
  const year = seriesYear(seed, perHour, sharedDays(seed), rough);
  const judge = seriesJudge(volume('v'), volumeHistory('v', year.values), { calendar: new Calendar(year.calendar), departures: [] });
  let [blind, all] = [0, 0];
  for (let i = WARM_HOURS; i < WARM_HOURS + YEAR_HOURS; i += 7) {
    all += 1;
    if (judge(new Date((BEGINS + i) * HOUR_MS)).state === 'blind') blind += 1;
  }
  return blind / all;
}

/** Seeds that follow from a commit: nobody could choose them. */
export function heldOutSeeds(commit: string, count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => createHash('sha256').update(`${commit} monitors ${n}`).digest().readUInt32BE(0) >>> 4);
}

/** The value below which a share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
