import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';

import { turnAt } from '../../src/escalation/calendar/schedules.js';
import { instantOf, localOf, timesShown } from '../../src/escalation/calendar/zones.js';
import { onCallAt, quietUntil, type Schedule } from '../../src/escalation/index.js';
import { tries } from '../support/sweeps.js';
import { schedule } from './support.js';

const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'UTC', 'Pacific/Apia', 'America/Sao_Paulo'];
const at = (text: string): Date => new Date(text);
const who = (entry: Schedule, time: string): string | undefined => onCallAt({ schedules: { s: entry } }, 's', at(time));

const clock = fc
  .record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.constantFrom(0, 15, 30, 59) })
  .map(({ hour, minute }) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const rotation = fc.record({
  timezone: fc.constantFrom(...ZONES),
  every: fc.constantFrom('1d', '2d', '3d', '1w', '2w', '8h', '12h'),
  handoff: fc.tuple(fc.constantFrom('', 'Mon ', 'Wed ', 'Sun '), clock).map((parts) => parts.join('')),
  start: fc.constantFrom('2026-01-05', '2026-02-28', '2025-12-31'),
  people: fc.integer({ min: 1, max: 5 }).map((count) => Array.from({ length: count }, (_, index) => `p${index}`)),
});
const instant = fc.integer({ min: Date.UTC(2026, 3, 1), max: Date.UTC(2028, 11, 31) });

describe('whoever the schedule names is the one who is woken', () => {
  test('there is exactly one person at each instant once it has begun, and turns touch without gap or overlap', () => {
    fc.assert(
      fc.property(rotation, instant, ({ people, ...entry }, moment) => {
        const one = schedule(entry.timezone, entry.every, entry.handoff, entry.start, people);
        const turn = turnAt(one, moment);
        expect(turn.from).toBeLessThanOrEqual(moment);
        expect(turn.to).toBeGreaterThan(moment);
        expect(people).toContain(onCallAt({ schedules: { one } }, 'one', new Date(moment)));
        const next = turnAt(one, turn.to);
        expect(next).toMatchObject({ index: turn.index + 1, from: turn.to });
        expect(turnAt(one, turn.to - 1).index).toBe(turn.index);
      }),
      { numRuns: tries(2000) },
    );
  });

  test('turns come in order, and each is as long in local days as the file says, whatever DST does', () => {
    fc.assert(
      fc.property(rotation, instant, ({ people, ...entry }, moment) => {
        fc.pre(!entry.every.endsWith('h'));
        const one = schedule(entry.timezone, entry.every, entry.handoff, entry.start, people);
        const days = Number.parseInt(entry.every, 10) * (entry.every.endsWith('w') ? 7 : 1);
        let turn = turnAt(one, moment);
        for (let i = 0; i < people.length + 1; i += 1) {
          const next = turnAt(one, turn.to);
          expect(people.indexOf(next.person ?? '')).toBe((people.indexOf(turn.person ?? '') + 1) % people.length);
          // An independent oracle: calendar dates as luxon counts them.
          const [from, to] = [turn.from, turn.to].map((ms) => DateTime.fromMillis(ms, { zone: entry.timezone }).startOf('day'));
          const between = Math.round(
            DateTime.fromISO(to?.toISODate() ?? '', { zone: 'UTC' }).diff(DateTime.fromISO(from?.toISODate() ?? '', { zone: 'UTC' }), 'days').days,
          );
          expect(between).toBe(days);
          turn = next;
        }
      }),
      { numRuns: tries(1000) },
    );
  });

  test('a handoff is at its local time on every day that has that time', () => {
    fc.assert(
      fc.property(rotation, instant, ({ people, ...entry }, moment) => {
        const one = schedule(entry.timezone, entry.every, entry.handoff, entry.start, people);
        const { from, to } = turnAt(one, moment);
        const local = DateTime.fromMillis(to, { zone: entry.timezone });
        // Within a day of a change the clocks may have skipped it.
        fc.pre([-1, 1].every((day) => local.plus({ days: day }).offset === local.offset));
        const first = DateTime.fromFormat(entry.handoff.slice(-5), 'HH:mm').hour;
        const length = entry.every.endsWith('h') ? Number.parseInt(entry.every, 10) : 24;
        expect((local.hour - first + 48) % length).toBe(0);
        expect(local.toFormat('mm')).toBe(entry.handoff.slice(-2));
        expect(from).toBeLessThan(to);
      }),
      { numRuns: tries(1000) },
    );
  });

  test('before the first handoff on or after the start nobody is on call', () => {
    const weekly = schedule('America/New_York', '1w', 'Mon 09:00', '2026-01-06', ['maya', 'lee']);
    expect(who(weekly, '2026-01-12T08:59:59-05:00')).toBeUndefined();
    expect(who(weekly, '2026-01-12T09:00:00-05:00')).toBe('maya');
    expect(who(weekly, '2026-01-19T09:00:00-05:00')).toBe('lee');
  });

  test('DST in New York moves no handoff: 09:00 stays 09:00 in both directions', () => {
    const daily = schedule('America/New_York', '1d', '09:00', '2026-03-01', ['maya', 'lee']);
    expect(who(daily, '2026-03-08T08:59:59-04:00')).toBe('maya');
    expect(who(daily, '2026-03-08T09:00:00-04:00')).toBe('lee');
    expect(who(daily, '2026-11-01T08:59:59-05:00')).toBe('maya');
    expect(who(daily, '2026-11-01T09:00:00-05:00')).toBe('lee');
  });

  test('a handoff that the clocks skip happens when they jump; one that comes twice happens the first time, and stays', () => {
    const night = schedule('America/New_York', '1d', '02:30', '2026-03-07', ['maya', 'lee']);
    expect(who(night, '2026-03-08T06:59:59Z')).toBe('maya'); // 01:59:59 EST
    expect(who(night, '2026-03-08T07:00:00Z')).toBe('lee'); // 03:00 EDT
    const twice = schedule('America/New_York', '1d', '01:30', '2026-10-31', ['maya', 'lee']);
    expect(who(twice, '2026-11-01T05:29:59Z')).toBe('maya');
    expect(who(twice, '2026-11-01T05:30:00Z')).toBe('lee'); // first 01:30
    expect(who(twice, '2026-11-01T06:15:00Z')).toBe('lee'); // clocks show 01:15 again
    const half = schedule('Australia/Lord_Howe', '1d', '02:15', '2026-10-03', ['maya', 'lee']);
    expect(who(half, '2026-10-03T15:29:59Z')).toBe('maya'); // 01:59:59 +10:30
    expect(who(half, '2026-10-03T15:30:00Z')).toBe('lee'); // 02:30 +11
  });

  test('hours count on the wall clock: a day and a night shift stay a day and a night shift', () => {
    const shifts = schedule('Europe/Berlin', '12h', '08:00', '2026-03-28', ['day', 'night']);
    for (const day of ['2026-03-28', '2026-03-29', '2026-03-30']) {
      const noon = DateTime.fromISO(`${day}T12:00`, { zone: 'Europe/Berlin' });
      expect(onCallAt({ schedules: { shifts } }, 'shifts', noon.toJSDate())).toBe('day');
      expect(onCallAt({ schedules: { shifts } }, 'shifts', noon.plus({ hours: 9 }).toJSDate())).toBe('night');
    }
  });

  test('of two overrides the later one in the file wins; the end is not part of it; offsets are taken at their word', () => {
    const entry = schedule('America/New_York', '1w', 'Mon 09:00', '2026-01-05', ['maya', 'lee'], {
      overrides: [
        { from: '2026-07-01', to: '2026-07-10T09:00', person: 'kim' },
        { from: '2026-07-03T12:00', to: '2026-07-03T18:00', person: 'ada' },
        { from: '2026-08-01T00:00Z', to: '2026-08-01T01:00:00+00:00', person: 'zed' },
      ],
    });
    expect(who(entry, '2026-07-01T03:59:59Z')).not.toBe('kim');
    expect(who(entry, '2026-07-01T04:00:00Z')).toBe('kim');
    expect(who(entry, '2026-07-03T16:00:00Z')).toBe('ada');
    expect(who(entry, '2026-07-03T22:00:00Z')).toBe('kim');
    expect(who(entry, '2026-07-10T13:00:00Z')).not.toBe('kim');
    expect(who(entry, '2026-08-01T00:30:00Z')).toBe('zed');
    expect(who(entry, '2026-08-01T01:00:00Z')).not.toBe('zed');
  });

  test('outside the hours of a schedule nobody is on call, not even a stand-in', () => {
    const office = schedule('Europe/Berlin', '1w', 'Mon 09:00', '2026-01-05', ['maya'], {
      hours: { weekdays: '09:00-17:00', weekends: 'none' },
      overrides: [{ from: '2026-07-06', to: '2026-07-13', person: 'lee' }],
    });
    expect(who(office, '2026-07-07T10:00:00+02:00')).toBe('lee');
    expect(who(office, '2026-07-07T17:00:00+02:00')).toBeUndefined();
    expect(who(office, '2026-07-11T10:00:00+02:00')).toBeUndefined();
    expect(who(office, '2026-07-14T09:00:00+02:00')).toBe('maya');
  });

  test('an unknown schedule is told with the nearest name', () => {
    expect(() => onCallAt({ schedules: { primary: schedule('UTC', '1d', '09:00', '2026-01-01', ['a']) } }, 'primry', new Date(0))).toThrow(
      'did you mean "primary"',
    );
  });
});

describe('local times become instants in one way', () => {
  test('the order of readings is the order of instants, and a reading that is shown is found', () => {
    const local = fc.integer({ min: Date.UTC(2011, 11, 1) / 60_000, max: Date.UTC(2030, 0, 1) / 60_000 }).map((minute) => minute * 60_000);
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), local, fc.integer({ min: 0, max: 3000 }), (zone, reading, more) => {
        const [first, second] = [instantOf(reading, zone), instantOf(reading + more * 60_000, zone)];
        expect(second).toBeGreaterThanOrEqual(first);
        if (timesShown(reading, zone) > 0) expect(localOf(first, zone)).toBe(reading);
        else expect(localOf(first, zone)).toBeGreaterThan(reading);
      }),
      { numRuns: tries(3000) },
    );
  });

  test('a day that a country skipped is over at the moment of the jump', () => {
    const skipped = Date.UTC(2011, 11, 30, 12);
    expect(timesShown(skipped, 'Pacific/Apia')).toBe(0);
    expect(new Date(instantOf(skipped, 'Pacific/Apia')).toISOString()).toBe('2011-12-30T10:00:00.000Z');
    expect(timesShown(Date.UTC(2026, 10, 1, 1, 30), 'America/New_York')).toBe(2);
  });
});

describe('quiet hours', () => {
  const file = (weekdays: string, weekends: string, timezone = 'America/New_York') => ({
    timezone: 'UTC',
    quietHours: { timezone, weekdays, weekends },
  });
  const until = (entry: ReturnType<typeof file>, time: string): string | undefined => quietUntil(entry, at(time))?.toISOString();

  test('last over midnight, and a weekend of whole days lasts to Monday morning', () => {
    const entry = file('20:00-08:00', '08:00-08:00');
    expect(until(entry, '2026-07-07T19:59:59-04:00')).toBeUndefined();
    expect(until(entry, '2026-07-07T20:00:00-04:00')).toBe('2026-07-08T12:00:00.000Z');
    expect(until(entry, '2026-07-08T07:59:00-04:00')).toBe('2026-07-08T12:00:00.000Z');
    expect(until(entry, '2026-07-08T08:00:00-04:00')).toBeUndefined();
    expect(until(entry, '2026-07-10T21:00:00-04:00')).toBe('2026-07-13T12:00:00.000Z');
  });

  test('a weekend of `all` lasts to Monday morning where the spans of weekdays go over midnight, and else to midnight', () => {
    expect(until(file('20:00-08:00', 'all'), '2026-07-10T21:00:00-04:00')).toBe('2026-07-13T12:00:00.000Z');
    expect(until(file('20:00-08:00', 'all'), '2026-07-13T07:59:00-04:00')).toBe('2026-07-13T12:00:00.000Z');
    expect(until(file('20:00-23:00', 'all'), '2026-07-11T12:00:00-04:00')).toBe('2026-07-13T04:00:00.000Z');
  });

  test('end at their local time on the days the clocks change', () => {
    const entry = file('20:00-08:00', '20:00-08:00');
    expect(until(entry, '2026-03-08T01:00:00-05:00')).toBe('2026-03-08T12:00:00.000Z');
    expect(until(entry, '2026-11-01T01:30:00-04:00')).toBe('2026-11-01T13:00:00.000Z');
    expect(until(entry, '2026-11-01T01:30:00-05:00')).toBe('2026-11-01T13:00:00.000Z');
    const gap = file('none', '02:10-02:40');
    expect(until(gap, '2026-03-08T07:00:00Z')).toBeUndefined();
    expect(until(file('none', '00:30-01:30'), '2026-11-01T06:15:00Z')).toBeUndefined();
  });

  test('there are none where the file has none', () => {
    expect(quietUntil({ timezone: 'UTC' }, new Date(0))).toBeUndefined();
    expect(until(file('none', 'none'), '2026-07-11T12:00:00Z')).toBeUndefined();
  });

  test('the end is never quiet, and every instant before it is', () => {
    const span = fc.oneof(
      fc.constantFrom('all', 'none'),
      fc.tuple(clock, clock).map(([from, to]) => `${from}-${to}`),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        span,
        span,
        instant,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (zone, weekdays, weekends, moment, part) => {
          const entry = file(weekdays, weekends, zone);
          const end = quietUntil(entry, new Date(moment));
          fc.pre(end !== undefined && end.getTime() - moment < 20 * 86_400_000);
          if (end === undefined) return;
          expect(quietUntil(entry, end)).toBeUndefined();
          const between = new Date(moment + Math.floor((end.getTime() - moment) * part));
          expect(quietUntil(entry, between)?.toISOString()).toBe(end.toISOString());
        },
      ),
      { numRuns: tries(500) },
    );
  });
});
