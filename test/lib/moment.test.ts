import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';

import { readMoment, showMoment } from '../../src/lib/index.js';
import { tries } from '../support/sweeps.js';

const NOW = new Date('2026-11-22T16:30:00Z');
const NEW_YORK = 'America/New_York';
const read = (text: string, context: Partial<Parameters<typeof readMoment>[1]> = {}): string => {
  const found = readMoment(text, { now: NOW, zone: NEW_YORK, ...context });
  return found.ok ? found.at.toISOString() : [found.problem, found.why].join('. ');
};

describe('a time that a person typed is the moment that they mean', () => {
  test.each([
    ['2026-11-22 09:00', '2026-11-22T14:00:00.000Z'],
    ['2026-11-22T09:00', '2026-11-22T14:00:00.000Z'],
    ['  2026-07-22 at 09:00:30.5 ', '2026-07-22T13:00:30.500Z'],
    ['2026-11-22T09:00Z', '2026-11-22T09:00:00.000Z'],
    ['2026-11-22 09:00 UTC', '2026-11-22T09:00:00.000Z'],
    ['2026-11-22 09:00 +0100', '2026-11-22T08:00:00.000Z'],
    ['2026-11-22 09:00 +01', '2026-11-22T08:00:00.000Z'],
    ['2026-11-22 09:00,123456-05:30', '2026-11-22T14:30:00.123Z'],
    ['2026-11-22 09:00 Europe/Berlin', '2026-11-22T08:00:00.000Z'],
    ['yesterday 14:00', '2026-11-21T19:00:00.000Z'],
    ['Yesterday at 14:00 UTC', '2026-11-21T14:00:00.000Z'],
    ['today 08:15', '2026-11-22T13:15:00.000Z'],
    ['08:15', '2026-11-22T13:15:00.000Z'],
    ['now', '2026-11-22T16:30:00.000Z'],
    ['2h', '2026-11-22T14:30:00.000Z'],
    ['1h30m ago', '2026-11-22T15:00:00.000Z'],
    ['-30m', '2026-11-22T16:00:00.000Z'],
    ['in 2h', '2026-11-22T18:30:00.000Z'],
    ['+2h', '2026-11-22T18:30:00.000Z'],
  ])('%s', (text, at) => {
    // Fractions need seconds before them.
    expect(read(text.replace('09:00,123456', '09:00:00,123456'))).toBe(at);
  });

  test.each([
    ['2h', '2026-11-22T18:30:00.000Z'],
    ['2h ago', '2026-11-22T14:30:00.000Z'],
    ['tomorrow 09:00', '2026-11-23T14:00:00.000Z'],
    ['14:00', '2026-11-22T19:00:00.000Z'],
  ])('%s, where a time to come is asked for', (text, at) => {
    expect(read(text, { direction: 'future' })).toBe(at);
  });

  test('a day has the length that its zone gives it: yesterday is a day of the calendar, not 24 hours', () => {
    const now = new Date('2026-11-01T17:00:00Z');
    expect(read('yesterday 14:00', { now })).toBe('2026-10-31T18:00:00.000Z');
    expect(read('today 14:00', { now })).toBe('2026-11-01T19:00:00.000Z');
    // 23:30 in New York is the next day in UTC.
    expect(read('yesterday 14:00', { now: new Date('2026-11-23T04:30:00Z') })).toBe('2026-11-21T19:00:00.000Z');
  });
});

describe('what means nothing, or two things, is refused with the reason', () => {
  test.each([
    ['2026-02-31 10:00', /there is no day 2026-02-31/],
    ['2026-02-30T10:00Z', /there is no day 2026-02-30/],
    ['2026-13-01 10:00Z', /there is no day/],
    ['2026-03-08 02:30', /does not exist in America\/New_York. The clocks go from 02:00 straight to 03:00/],
    ['2026-11-22', /a date needs a time: type 2026-11-22 00:00/],
    ['yesterday', /a date needs a time/],
    ['2026-11-22 25:00', /Expected a time such as/],
    ['2026-11-22 24:00', /Expected a time such as/],
    ['2026-11-22 10:60', /Expected a time such as/],
    ['2026-11-22 09:00 EST', /"EST" is not a known time zone/],
    ['2026-11-22 09:00 +25:00', /not a known time zone/],
    ['2026-11-22 09:00 Europe/Atlantis', /not a known time zone/],
    ['14:00', /still in the future today: type yesterday 14:00/],
    ['in 2h ago', /both/],
    ['gestern', /Expected/],
    ['', /Expected/],
    ['2026', /Expected/],
    ['99999999w', /too far/],
    [`2026-11-22 09:00 ${'x'.repeat(90)}`, /longer than/],
  ])('%s', (text, problem) => {
    expect(read(text)).toMatch(problem);
  });

  test('a time without a zone, where no zone is known', () => {
    for (const text of ['2026-11-22 09:00', 'yesterday 14:00', '08:15']) expect(read(text, { zone: undefined })).toMatch(/with its zone/);
    expect(read('2026-11-22 09:00Z', { zone: undefined })).toBe('2026-11-22T09:00:00.000Z');
  });

  test('a time of today, where it has to stand for itself', () => {
    for (const text of ['2h', 'now', 'yesterday 14:00', '08:15']) expect(read(text, { now: undefined })).toMatch(/a full time/);
  });
});

test('a time that comes twice is the first, and the person is told', () => {
  expect(readMoment('2026-11-01 01:30', { zone: NEW_YORK })).toEqual({
    ok: true,
    at: new Date('2026-11-01T05:30:00Z'),
    note: expect.stringContaining('occurs twice in America/New_York') as string,
  });
});

test('in a calendar a day alone is its beginning, and a time that is skipped is the jump', () => {
  expect(read('2026-12-24', { calendar: true })).toBe('2026-12-24T05:00:00.000Z');
  expect(read('2026-03-08 02:30', { calendar: true })).toBe('2026-03-08T07:00:00.000Z');
  expect(read('2026-02-31', { calendar: true })).toMatch(/no day/);
});

test('in every zone, what the clocks show leads back to when they showed it', () => {
  const zones = ['UTC', NEW_YORK, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca'];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 946_684_800, max: 2_000_000_000 }), (zone, seconds) => {
      const text = DateTime.fromSeconds(seconds, { zone }).toFormat('yyyy-LL-dd HH:mm:ss');
      const found = readMoment(text, { zone });
      const at = found.ok ? found.at.getTime() : Number.NaN;
      // Of two moments with one reading the first is taken; both show it.
      expect(at).toBeLessThanOrEqual(seconds * 1000);
      expect(DateTime.fromMillis(at, { zone }).toFormat('yyyy-LL-dd HH:mm:ss')).toBe(text);
    }),
    { numRuns: tries(300) },
  );
});

test('any text is read or refused in words, and never throws', () => {
  const pieces = fc.constantFrom(
    '2026-11-22',
    ' ',
    'T',
    '14:00',
    ':30',
    'Z',
    '+01:00',
    'yesterday',
    'today',
    'at',
    '2h',
    'ago',
    'in ',
    '-',
    '.5',
    'Europe/Berlin',
    '31',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 30 }),
        fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const found = readMoment(text, { now: NOW, zone: NEW_YORK });
        expect(found.ok ? Number.isNaN(found.at.getTime()) : found.problem === '').toBe(false);
      },
    ),
    { numRuns: tries(500) },
  );
});

test('what was understood is shown in local time and in UTC, once where they are one', () => {
  expect(showMoment(new Date('2026-11-23T03:00:00Z'), NEW_YORK)).toBe('Sun 2026-11-22 22:00 EST, which is 2026-11-23 03:00 UTC');
  expect(showMoment(new Date('2026-11-23T03:00:00Z'), 'UTC')).toBe('Mon 2026-11-23 03:00 UTC');
});
