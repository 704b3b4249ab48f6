import { describe, expect, it } from 'vitest';

import { learned, NO_HISTORY, seriesOf } from '../../src/backups/watch/history.js';
import { judgeWatch } from '../../src/backups/watch/judge.js';
import type { Finding, Measure, WatchHistory, WatchRules } from '../../src/backups/watch/types.js';
import { fullSweeps } from '../support/sweeps.js';
import { ordinaryYear, type YearRun } from './support/watch-year.js';

const HOUR = 3_600_000;
const RULES: WatchRules = { sensitivity: 'normal', except: [] };

/** Damage as a job would count it, on top of what is ordinary. */
const PLANTED: Readonly<Record<string, (run: YearRun) => readonly Measure[]>> = {
  '5 % of a field emptied': ({ contacts: { rows } }) => [cells('emptied', 'phone', 0.05 * 0.6 * rows, 0.6 * rows)],
  'half of a field overwritten with one value': ({ contacts: { rows } }) => [
    cells('changed', 'city', 0.4 * rows, 0.8 * rows),
    cells('overwritten', 'city', 0.4 * rows, 0.8 * rows),
  ],
  'every opt-out turned': ({ contacts: { out } }) => [cells('opted-in', 'optout', out, out)],
  'one opt-out in two hundred turned, ten at least': ({ contacts: { out } }) => [cells('opted-in', 'optout', Math.max(10, out / 200), out)],
  'a tenth of the people opted out': ({ contacts: { rows } }) => [cells('opted-out', 'optout', 0.1 * rows, rows)],
  'a table halved': ({ contacts: { rows } }) => [{ kind: 'deleted', platform: 'crm', object: 'contacts', count: Math.round(rows / 2), of: rows }],
  'an empty answer': ({ contacts: { rows } }) => [{ kind: 'deleted', platform: 'crm', object: 'contacts', count: rows, of: rows }],
  'a table doubled': ({ contacts: { rows } }) => [{ kind: 'created', platform: 'crm', object: 'contacts', count: rows, of: rows }],
  'a fifth of the links gone': ({ contacts: { rows } }) => [
    { kind: 'unlinked', platform: 'crm', object: 'contacts~companies~works_at', count: Math.round(0.14 * rows), of: Math.round(0.7 * rows) },
  ],
};

function cells(kind: Measure['kind'], field: string, count: number, of: number): Measure {
  return { kind, platform: 'crm', object: 'contacts', field, count: Math.round(count), of: Math.round(of) };
}

const judge = (run: Pick<YearRun, 'gapMs' | 'measures'>, history: WatchHistory, standing: readonly Finding[] = []): readonly Finding[] =>
  judgeWatch({ ...run, history, rules: RULES, standing });

/** The year of a job whose owner accepts whatever was found. `look` sees every run before it is learned. */
function lived(
  seed: number,
  everyMs: number,
  look: (run: YearRun, history: WatchHistory, n: number) => void = () => {},
  size = 1,
): readonly { month: string; text: string }[] {
  const alarms: { month: string; text: string }[] = [];
  let history = NO_HISTORY;
  let n = 0;
  for (const run of ordinaryYear(seed, everyMs, size)) {
    look(run, history, (n += 1));
    const found = judge(run, history);
    if (found.length > 0) alarms.push({ month: run.at.toISOString().slice(0, 7), text: found.map(({ text }) => text).join('; ') });
    history = learned(history, run.measures, run.at, n === 1 ? undefined : run.gapMs);
  }
  return alarms;
}

/** The most alarms in one month. */
function mostInAMonth(alarms: readonly { readonly month: string }[]): number {
  const counts = new Map<string, number>();
  for (const { month } of alarms) counts.set(month, (counts.get(month) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** Years that are lived: ten times as many with RUNBACK_TEST_FULL=1. */
const YEARS = fullSweeps ? 60 : 6;

/** Second days of a job, days of its first weeks, and of every season, in some years. */
const MOMENTS: readonly { readonly seed: number; readonly n: number; readonly run: YearRun; readonly history: WatchHistory }[] = Array.from(
  { length: YEARS },
  (_, seed) => seed + 1,
).flatMap((seed) => {
  const found: { seed: number; n: number; run: YearRun; history: WatchHistory }[] = [];
  lived(seed, 24 * HOUR, (run, history, n) => {
    if ([1, 3, 8, 30, 100, 145, 200, 330].includes(n)) found.push({ seed, n, run, history });
  });
  return found;
});

describe('an ordinary year', () => {
  it.each([
    ['every night', 24 * HOUR, YEARS, 1],
    ['every hour', HOUR, Math.ceil(YEARS / 6), 1],
    ['every night, of four hundred contacts', 24 * HOUR, YEARS, 0.02],
  ])('%s: at most one false alarm in any month', (_name, everyMs, seeds, size) => {
    let all = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const alarms = lived(seed, everyMs, undefined, size);
      all += alarms.length;
      expect(mostInAMonth(alarms), `seed ${seed}: ${alarms.map(({ month, text }) => `${month} ${text}`).join('\n')}`).toBeLessThanOrEqual(1);
    }
    // Not one in each month either: a handful a year, of which a field that is cleared on purpose is one or two.
    expect(all / seeds).toBeLessThanOrEqual(6);
  });
});

describe('planted damage', () => {
  it.each(Object.entries(PLANTED))('%s is found by the next backup, on the second day and in every season', (_name, plant) => {
    for (const { seed, n, run, history } of MOMENTS) {
      const planted = plant(run);
      const byName = new Map(run.measures.map((one) => [seriesOf(one), one]));
      for (const one of planted) byName.set(seriesOf(one), { ...one, count: Math.min(one.of, one.count + (byName.get(seriesOf(one))?.count ?? 0)) });
      const names = judge({ ...run, measures: [...byName.values()] }, history).map(seriesOf);
      expect(names, `seed ${seed}, run ${n}`).toContain(seriesOf(planted.at(-1) ?? never()));
    }
  });

  it('is found in a small account too, where it is a large part of it, and what a few people do in a day is not told', () => {
    const told = (kind: Measure['kind'], count: number, of: number): number =>
      judge({ gapMs: 24 * HOUR, measures: [cells(kind, 'phone', count, of)] }, NO_HISTORY).length;
    expect([
      told('deleted', 15, 30),
      told('emptied', 10, 200),
      told('emptied', 25, 500),
      told('overwritten', 60, 120),
      told('unlinked', 9, 18),
    ]).toEqual([1, 1, 1, 1, 1]);
    expect([told('deleted', 4, 8), told('deleted', 4, 300), told('emptied', 4, 100), told('emptied', 8, 300), told('opted-out', 5, 400)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('stays found while half of it stands, however long that takes, and is over when it was repaired', () => {
    const history = learned(NO_HISTORY, [], new Date('2026-11-01T02:30:00Z'), 24 * HOUR);
    const emptied = cells('emptied', 'phone', 1000, 10_000);
    const [found] = judge({ gapMs: 24 * HOUR, measures: [emptied] }, history);
    expect(found?.text).toBe('10.0 % of the contacts of crm lost their phone: 1,000 records');
    const later = (count: number): number =>
      judge({ gapMs: 60 * 24 * HOUR, measures: [{ ...emptied, count }] }, history, found === undefined ? [] : [found]).length;
    expect([later(1000), later(600), later(100)]).toEqual([1, 1, 0]);
  });

  it('does not alarm again for what was accepted, nor for what a job does each day', () => {
    let history = NO_HISTORY;
    const alarms: number[] = [];
    for (let day = 0; day < 30; day += 1) {
      const measures = [cells('emptied', 'city', 4000 + 100 * (day % 3), 10_000)];
      if (judge({ gapMs: 24 * HOUR, measures }, history).length > 0) alarms.push(day);
      history = learned(history, measures, new Date(Date.UTC(2026, 0, 1 + day)), 24 * HOUR);
    }
    expect(alarms).toEqual([0]);
  });

  it('says what was usual, and leaves out the fields that runback.yml excepts', () => {
    let history = NO_HISTORY;
    for (let day = 0; day < 30; day += 1)
      history = learned(history, [cells('emptied', 'phone', 12, 24_000)], new Date(Date.UTC(2026, 0, 1 + day)), 24 * HOUR);
    const facts = { gapMs: 24 * HOUR, measures: [cells('emptied', 'phone', 1240, 24_800)], history, standing: [] };
    expect(judgeWatch({ ...facts, rules: RULES }).map(({ text }) => text)).toEqual([
      '5.0 % of the contacts of crm lost their phone: 1,240 records; the most in 30 days was 12',
    ]);
    for (const except of ['phone', 'contacts.phone']) expect(judgeWatch({ ...facts, rules: { ...RULES, except: [except] } })).toEqual([]);
    expect(judgeWatch({ ...facts, rules: { ...RULES, except: ['companies.phone'] } })).toHaveLength(1);
    const few = { ...facts, measures: [cells('emptied', 'phone', 400, 24_000)] };
    expect([
      judgeWatch({ ...few, rules: { ...RULES, sensitivity: 'low' } }),
      judgeWatch({ ...few, rules: { ...RULES, sensitivity: 'high' } }),
    ]).toMatchObject([[], [{ count: 400 }]]);
  });

  it('keeps of a year of hourly runs only what matters', () => {
    let history = NO_HISTORY;
    for (const run of ordinaryYear(7, HOUR)) history = learned(history, run.measures, run.at, run.gapMs);
    expect(history.days).toHaveLength(60);
    expect(JSON.stringify(history).length).toBeLessThan(60_000);
  });
});

function never(): never {
  throw new Error('nothing was planted');
}
