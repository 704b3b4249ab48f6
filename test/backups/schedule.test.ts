import { describe, expect, it } from 'vitest';

import { isDue, nextRun, nextTry, standingOf } from '../../src/backups/schedule/due.js';
import { cronProblem, nextTime } from '../../src/lib/index.js';

const times = (cron: string, zone: string, from: string, count: number): readonly string[] => {
  const found: string[] = [];
  for (let at = new Date(from); found.length < count;) {
    const next = nextTime(cron, zone, at);
    if (next === undefined) break;
    found.push(next.toISOString().slice(0, 16));
    at = next;
  }
  return found;
};
const BERLIN = 'Europe/Berlin';

describe('a schedule where the clocks jump', () => {
  it('runs at the moment of the jump on a day without its time, and once', () => {
    expect(times('30 2 * * *', BERLIN, '2026-03-28T00:00:00Z', 3)).toEqual(['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']);
    expect(times('15,45 2 * * *', BERLIN, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:15']);
    expect(times('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T15:50:00Z', 2)).toEqual(['2026-10-03T15:30', '2026-10-04T15:15']);
  });

  it('runs at the first of two where its time comes twice, and once', () => {
    expect(times('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(times('15,45 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 3)).toEqual(['2026-10-25T00:15', '2026-10-25T00:45', '2026-10-26T01:15']);
  });

  it('with * or a step goes by the time that passes: neither left out nor doubled', () => {
    expect(times('*/30 * * * *', BERLIN, '2026-10-24T23:40:00Z', 4)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
    ]);
    expect(times('15 * * * *', BERLIN, '2026-03-29T00:00:00Z', 3)).toEqual(['2026-03-29T00:15', '2026-03-29T01:15', '2026-03-29T02:15']);
  });
});

describe('what is a schedule', () => {
  it.each(['30 2 * * *', '*/5 1-3 * * MON-FRI', '0 0 1,15 jan *', '0 2 29 2 *'])('%s is one', (text) => {
    expect(cronProblem(text)).toBeUndefined();
  });

  it.each([
    ['* * * *', '4 fields'],
    ['0 30 2 * * *', '6 fields'],
    ['@daily', '1 fields'],
    ['? 2 * * *', 'not a cron field'],
    ['0 2 L * *', 'not a cron field'],
    ['99 2 * * *', '99'],
    ['0 2 30 2 *', 'never'],
    ['0 2 * * 5#2', 'not a cron field'],
  ])('%s is none', (text, why) => {
    expect(cronProblem(text)).toContain(why);
  });
});

describe('when a job is due', () => {
  const job = { schedule: '30 2 * * *', timezone: 'UTC' };
  const standing = (handled: string, now: string, more = {}) =>
    standingOf(job, { firstSeen: handled, handled, schedule: '30 2 * * * UTC', ...more }, new Date(now));

  it('is not due when it is seen for the first time, nor under another schedule', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    const first = standingOf(job, undefined, now).standing;
    expect([isDue(job, first, now), nextRun(job, first, now)?.toISOString()]).toEqual([false, '2026-11-21T02:30:00.000Z']);
    const other = standingOf({ ...job, schedule: '0 11 * * *' }, first, new Date('2026-11-20T13:00:00Z')).standing;
    expect(isDue({ ...job, schedule: '0 11 * * *' }, other, new Date('2026-11-20T13:00:00Z'))).toBe(false);
  });

  it('is due once for all the times that were missed', () => {
    const now = new Date('2026-11-27T12:00:00Z');
    expect(isDue(job, standing('2026-11-20T02:30:00Z', '2026-11-27T12:00:00Z').standing, now)).toBe(true);
    expect(isDue(job, standing('2026-11-27T12:00:00Z', '2026-11-27T12:00:01Z').standing, now)).toBe(false);
  });

  it('counts from now on where the clock was put back, so that a clock that was a year ahead stops no backups', () => {
    const back = standing('2027-11-20T02:30:00.000Z', '2026-11-20T12:00:00.000Z');
    expect(back.clockBackMs).toBeGreaterThan(300 * 86_400_000);
    expect(nextRun(job, back.standing, new Date('2026-11-20T12:00:00Z'))?.toISOString()).toBe('2026-11-21T02:30:00.000Z');
    // By seconds, as clocks are all the time: the run of 02:30 does not come twice.
    const little = standing('2026-11-20T02:30:01.000Z', '2026-11-20T02:29:50.000Z');
    expect(little.clockBackMs).toBeUndefined();
    expect(isDue(job, little.standing, new Date('2026-11-20T02:30:00Z'))).toBe(false);
  });

  it('stays due after it was interrupted, three times at most', () => {
    const now = new Date('2026-11-20T03:00:00Z');
    let owed = nextTry(undefined, '2026-11-20T02:30:00Z');
    for (const tries of [1, 2]) {
      expect([owed.tries, isDue(job, standing('2026-11-20T02:30:00Z', now.toISOString(), { owed }).standing, now)]).toEqual([tries, true]);
      owed = nextTry(owed, now.toISOString());
    }
    expect([owed.tries, isDue(job, standing('2026-11-20T02:30:00Z', now.toISOString(), { owed }).standing, now)]).toEqual([3, false]);
    expect(nextTry(owed, '2026-11-21T02:30:00Z')).toEqual({ since: '2026-11-21T02:30:00Z', tries: 1 });
  });
});
