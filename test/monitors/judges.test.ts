import { describe, expect, it } from 'vitest';

import { ALL, Calendar, type Judgement, judgeSeries, type Measurement, remember, type SeriesHistory, seriesJudge } from '../../src/monitors/index.js';
import { wilsonLower } from '../../src/monitors/judge/wilson.js';
import type { MonitorSettings } from '../../src/workspace/index.js';
import { fullSweeps } from '../support/sweeps.js';
import { Dice } from './simulation/dice.js';
import { beatsOf, durationsOf, errorsOf, duration, heartbeat, quota, ratio, usageOf, volume } from './simulation/workspaces.js';
import { BEGINS, WARM_HOURS } from './simulation/year.js';

/** A user would lose: the hour in which something could still have been done. */

const HOUR_MS = 3_600_000;
const CONTEXT = { calendar: new Calendar([]), departures: [] };
const series = { monitor: 'm', of: 'm' };
const at = (hours: number): Date => new Date((BEGINS + hours) * HOUR_MS);
const iso = (hours: number): string => at(hours).toISOString();
const kept = (measured: readonly Measurement[]): SeriesHistory => remember(undefined, series, measured, ALL);
const judged = (settings: MonitorSettings, measured: readonly Measurement[], hours: number): Judgement =>
  judgeSeries(settings, kept(measured), at(hours), CONTEXT);

/** Hours from a moment on until something is wrong. */
function firstWrong(settings: MonitorSettings, measured: readonly Measurement[], from: number, most: number): Judgement & { readonly after: number } {
  const judge = seriesJudge(settings, kept(measured), CONTEXT);
  for (let hours = 1; hours <= most; hours += 1) {
    const judgement = judge(at(from + hours));
    if (judgement.state === 'wrong') return { ...judgement, after: hours };
  }
  return { series, state: 'well', says: '', after: Number.POSITIVE_INFINITY };
}

describe('errors', () => {
  it('Wilson: two errors of three calls say little, two hundred of three hundred much', () => {
    expect(wilsonLower({ failed: 2, of: 3 }, 3.09)).toBeLessThan(0.15);
    expect(wilsonLower({ failed: 200, of: 300 }, 3.09)).toBeGreaterThan(0.57);
    expect(wilsonLower({ failed: 0, of: 0 }, 3.09)).toBe(0);
    // By hand: 10 of 100 at 1.96.
    expect(wilsonLower({ failed: 10, of: 100 }, 1.96)).toBeCloseTo(0.0552, 3);
  });
  it('a burst of fifteen in a hundred is found within six hours and says since when', () => {
    for (let seed = 0; seed < 3; seed += 1) {
      const from = WARM_HOURS + 1000 + seed * 501;
      const found = firstWrong(ratio('m', 'crm'), errorsOf(new Dice(seed), { from, hours: 12, share: 0.15 }), from, 12);
      expect(found).toMatchObject({ finding: 'errors', level: 'page' });
      expect(found.after).toBeLessThanOrEqual(6);
      expect(Date.parse(found.since ?? '')).toBeGreaterThanOrEqual(at(from - 6).getTime());
    }
  });
  it('a bad hour, or few errors, is no finding', () => {
    const hours = (failed: readonly number[], of: number): readonly Measurement[] =>
      failed.map((one, i) => ({ kind: 'ratio', hour: BEGINS + i, failed: one, of }));
    expect(judged(ratio('m', 'crm'), hours([0, 0, 0, 0, 20, 20], 60), 6).state).toBe('wrong');
    expect(judged(ratio('m', 'crm'), hours([0, 0, 0, 20, 20, 0], 60), 6)).toMatchObject({ state: 'well', lingers: true });
    expect(judged(ratio('m', 'crm'), hours([0, 0, 0, 0, 0, 4], 4), 6).state).toBe('well');
  });
});

describe('durations', () => {
  it('twice as long is found within a day, half as long again within three', () => {
    for (let seed = 0; seed < 2; seed += 1) {
      const from = WARM_HOURS + 2000 + seed * 777;
      expect(firstWrong(duration('m', 'crm'), durationsOf(new Dice(seed), { from, times: 2 }), from, 24)).toMatchObject({
        finding: 'slow',
        level: 'note',
      });
      expect(firstWrong(duration('m', 'crm'), durationsOf(new Dice(seed), { from, times: 1.5 }), from, 72)).toMatchObject({ finding: 'slow' });
    }
  });
  const run = (hours: number, minutes: number): Measurement => ({ kind: 'duration', at: iso(hours), ms: minutes * 60_000 });
  it('a declared limit counts from the first day, if two runs in a row are longer', () => {
    const settings: MonitorSettings = { ...duration('m', 'crm'), aboveMs: 30 * 60_000 };
    expect(judged(settings, [run(1, 10), run(2, 40)], 3).state).toBe('learning');
    expect(judged(settings, [run(1, 10), run(2, 40), run(3, 40)], 4)).toMatchObject({ state: 'wrong', finding: 'slow', since: iso(2) });
  });
});

describe('quotas', () => {
  it('what is used up too soon is known three hours before, where it takes six', () => {
    let tried = 0;
    for (let seed = 0; seed < (fullSweeps ? 60 : 12); seed += 1) {
      const from = WARM_HOURS + 2000 + seed * 119;
      const usage = usageOf(new Dice(seed), { from, times: 3 });
      const usedUp = usage.findIndex((level, i) => i >= from && level.kind === 'level' && level.value >= (level.limit ?? 0));
      // Only where it is used up on the first day.
      if (usedUp - from < 6 || Math.floor((BEGINS + usedUp) / 24) !== Math.floor((BEGINS + from) / 24)) continue;
      tried += 1;
      const found = firstWrong(quota('m', 'crm'), usage, from, 24);
      expect(found.finding, `seed ${seed}`).toBe('exhaustion');
      expect(
        usedUp + 1 - (from + found.after),
        `seed ${seed}: used up after ${usedUp - from} h, found after ${found.after} h`,
      ).toBeGreaterThanOrEqual(3);
    }
    expect(tried).toBeGreaterThanOrEqual(3);
  });
  it('a night job that runs each night is nothing new', () => {
    const judge = seriesJudge(quota('m', 'crm'), kept(usageOf(new Dice(5))), CONTEXT);
    const wrong = Array.from({ length: 24 * 60 }, (_, i) => judge(at(WARM_HOURS + i))).filter(({ state }) => state === 'wrong');
    expect(wrong).toEqual([]);
  });
  it('without a limit nothing is said', () => {
    expect(judged(quota('m', 'crm'), [{ kind: 'level', at: iso(1), value: 5 }], 2).state).toBe('learning');
  });
});

describe('signs of life', () => {
  it('nothing to do is well; silence is not', () => {
    const beat: Measurement = { kind: 'beat', at: iso(10), records: 0 };
    expect(judged(heartbeat('m', 'crm'), [beat], 13)).toMatchObject({
      state: 'well',
      says: expect.stringMatching(/^m last ran at .* UTC, and had nothing to do\.$/u) as string,
    });
    expect(judged(heartbeat('m', 'crm'), [beat], 15)).toMatchObject({ state: 'wrong', finding: 'silent', since: iso(10) });
  });
  it('a sync that stops is found within its limit and an hour', () => {
    const from = WARM_HOURS + 100;
    expect(firstWrong(heartbeat('m', 'crm'), beatsOf(new Dice(1), from), from, 12).after).toBeLessThanOrEqual(5);
  });
});

describe('trials', () => {
  const canary: MonitorSettings = { ...volume('m'), kind: 'trial', test: 'canary', fail: 2, of: 3, level: 'page' };
  const trial = (hours: number, passed: boolean, more: Partial<Extract<Measurement, { kind: 'trial' }>> = {}): Measurement => ({
    kind: 'trial',
    at: iso(hours),
    passed,
    ...more,
  });
  it('two of three', () => {
    expect(judged(canary, [trial(1, true), trial(2, false)], 2)).toMatchObject({ state: 'well', lingers: true });
    expect(judged(canary, [trial(1, true), trial(2, false), trial(3, false)], 3)).toMatchObject({
      state: 'wrong',
      finding: 'canary-lost',
      since: iso(2),
    });
    expect(judged(canary, [trial(1, false), trial(2, true), trial(3, false)], 3)).toMatchObject({ state: 'wrong' });
    expect(judged(canary, [trial(1, false), trial(2, false), trial(3, true)], 3).state).toBe('well');
  });
  it('an expired token is an authorization after two runs', () => {
    const expired = { finding: 'authorization', why: 'HubSpot does not accept the token' } as const;
    expect(judged(canary, [trial(1, true), trial(2, false, expired), trial(3, false, expired)], 3)).toMatchObject({
      finding: 'authorization',
      level: 'page',
    });
  });
});

describe('what cannot be measured', () => {
  const counts: readonly Measurement[] = Array.from({ length: 30 }, (_, i) => ({ kind: 'count', hour: BEGINS + i, value: 4 }));
  const failed = (hours: number, authorization?: true): Measurement => ({
    kind: 'unmeasured',
    at: iso(hours),
    why: 'HubSpot cannot be reached',
    ...(authorization ? { authorization } : {}),
  });
  it('once is a hiccup, twice is told, six hours wake people', () => {
    expect(judged(volume('m'), [...counts, failed(30.1)], 30.2).state).toBe('learning');
    expect(judged(volume('m'), [...counts, failed(30.1), failed(31.1)], 31.2)).toMatchObject({
      state: 'unmeasured',
      finding: 'unmeasured',
      level: 'note',
      since: iso(30.1),
    });
    expect(judged(volume('m'), [...counts, failed(30.1), failed(36.2)], 36.3)).toMatchObject({ level: 'page' });
  });
  it('credentials that are not accepted wake people the second time', () => {
    expect(judged(volume('m'), [...counts, failed(30.1, true), failed(30.4, true)], 30.5)).toMatchObject({ finding: 'authorization', level: 'page' });
  });
  it('is known again with the next count', () => {
    expect(judged(volume('m'), [...counts, failed(30.1), failed(31.1), { kind: 'count', hour: BEGINS + 30, value: 3 }], 31.3).state).toBe('learning');
  });
  it('what nobody measures is not well', () => {
    expect(judged(volume('m'), counts, 34).state).toBe('learning');
    expect(judged(volume('m'), counts, 36)).toMatchObject({ state: 'unmeasured', level: 'note' });
    expect(judged(volume('m'), counts, 48)).toMatchObject({ state: 'unmeasured', level: 'page' });
  });
});

describe('volumes', () => {
  const flat = (hours: number, value: number): readonly Measurement[] =>
    Array.from({ length: hours }, (_, i) => ({ kind: 'count', hour: BEGINS + i, value }));
  it('under four weeks only declared thresholds count, and it says so', () => {
    const settings: MonitorSettings = { ...volume('m'), limits: [{ side: 'below', count: 5, overHours: 24 }] };
    const stopped = [...flat(200, 40), ...Array.from({ length: 30 }, (_, i): Measurement => ({ kind: 'count', hour: BEGINS + 200 + i, value: 0 }))];
    expect(judged(volume('m'), stopped, 230)).toMatchObject({
      state: 'learning',
      says: expect.stringContaining('declared thresholds alone count') as string,
    });
    expect(judged(settings, stopped, 230)).toMatchObject({ state: 'wrong', finding: 'stopped', level: 'page' });
    expect(judged(settings, flat(230, 40), 230).state).toBe('learning');
  });
  it('a declared threshold above is told as a surge', () => {
    const settings: MonitorSettings = { ...volume('m'), limits: [{ side: 'above', count: 500, overHours: 1 }] };
    expect(judged(settings, [...flat(50, 40), { kind: 'count', hour: BEGINS + 50, value: 700 }], 51)).toMatchObject({
      finding: 'surge',
      level: 'note',
      found: 700,
    });
  });
  it('what an incident did is not learned', () => {
    // Five of the eight weeks before hold an incident of two days in the same hours.
    const weeks = 13 * 168;
    const counts = flat(weeks, 40).map((one, i): Measurement => ({
      kind: 'count',
      hour: BEGINS + i,
      value: i % 168 < 48 && i > weeks - 5 * 168 ? 0 : 40 + (i % 7),
    }));
    const incidents = [1, 2, 3, 4, 5].map((week) => ({ from: iso(weeks - week * 168), to: iso(weeks - week * 168 + 48) }));
    const stopped = [...counts, ...Array.from({ length: 12 }, (_, i): Measurement => ({ kind: 'count', hour: BEGINS + weeks + i, value: 0 }))];
    expect(judgeSeries(volume('m'), kept(stopped), at(weeks + 12), CONTEXT).state).not.toBe('wrong');
    expect(judgeSeries(volume('m'), kept(stopped), at(weeks + 12), { ...CONTEXT, departures: incidents })).toMatchObject({
      state: 'wrong',
      finding: 'stopped',
    });
  });
});
