import { describe, expect, test } from 'vitest';

import { shiftAt } from '../../src/escalation/calendar/schedules.js';
import {
  differencesFrom,
  parseEscalation,
  parseExpectation,
  readTime,
  showDelay,
  simulateEscalation,
  type SimulatedStep,
} from '../../src/escalation/index.js';
import { FILE, file, schedule } from './support.js';

const at = (text: string): Date => readTime(text, 'America/New_York').at;
const line = (step: SimulatedStep): string =>
  step.kind === 'held'
    ? `${showDelay(step.afterMs)} held until ${step.until}`
    : `${showDelay(step.afterMs)} ${step.messages.map(({ person, channel, by }) => `${person ?? channel} ${by}`).join(', ')}`;

describe('a simulation tells what an incident will do', () => {
  test('every rung of every round and two exhausted ones, with who may do what from when', () => {
    const steps = simulateEscalation(file, { severity: 'sev1', at: at('2026-07-08T14:00') });
    expect(steps.map(line)).toEqual([
      '0m maya email, ops channel',
      '2m maya sms',
      '5m lee email',
      '15m maya email, ops channel',
      '17m maya sms',
      '20m lee email',
      '30m maya email, lee email',
      '32m maya sms',
      '45m maya email, lee email',
      '47m maya sms',
    ]);
    expect(steps[0]).toMatchObject({ level: 1, round: 1, exhausted: false, grants: { role: 'operator', people: ['maya'] } });
    expect(steps[2]).toMatchObject({ level: 2, grants: { role: 'lead', people: ['lee'] } });
    expect(steps[6]).toMatchObject({ exhausted: true });
  });

  test('says until when quiet hours hold a severity back, once for each wait', () => {
    const steps = simulateEscalation(file, { severity: 'sev3', at: at('2026-07-10T19:58'), maxRungs: 2 });
    expect(steps.map(line)).toEqual(['0m maya email, ops channel', '0m held until 2026-07-13T12:00:00.000Z', '2d12h2m lee email']);
  });

  test('asks who is on call when each rung fires: a handoff in between changes who is told', () => {
    const steps = simulateEscalation(file, { severity: 'sev1', at: at('2026-07-13T08:50'), maxRungs: 3 });
    expect(steps.map(line)).toEqual(['0m maya email, ops channel', '2m maya sms', '5m lee email', '15m lee email, ops channel']);
  });

  test('names a schedule that nobody covers and whose first contact waits', () => {
    const odd = parseEscalation(FILE.replace('contact: [email] }', 'contact: [{ email: 3m }] }'), 'escalation.yml');
    const before = simulateEscalation(odd, { severity: 'sev1', at: at('2026-01-04T12:00'), maxRungs: 2 });
    expect(before[0]).toMatchObject({ nobody: ['schedule:primary'] });
    expect(before[1]).toMatchObject({ messages: [], later: [{ person: 'lee' }] });
  });

  test('stops where it was told to', () => {
    const steps = simulateEscalation(file, { severity: 'sev1', at: at('2026-07-08T14:00'), until: at('2026-07-08T14:05') });
    expect(steps.map(line)).toEqual(['0m maya email, ops channel', '2m maya sms', '5m lee email']);
  });
});

describe('an expected list', () => {
  const steps = simulateEscalation(file, { severity: 'sev1', at: at('2026-07-08T14:00') });
  const differences = (...lines: string[]): readonly string[] =>
    differencesFrom(file, steps, lines.map(parseExpectation)).map(({ kind, message }) => `${kind} ${message}`);

  test('fits where it names every message up to its last time, by kind, by type of channel, or by any', () => {
    expect(differences('0m maya email', '0s ops slack')).toEqual([]);
    expect(differences('0m ops channel', '0m maya', '2m maya sms')).toEqual([]);
  });

  test('tells what is missing and what nobody expected', () => {
    expect(differences('0m maya email', '2m lee sms')).toEqual(['unexpected 0m ops channel', 'unexpected 2m maya sms', 'missing 2m lee sms']);
  });

  test('is refused where a line cannot be read', () => {
    expect(() => parseExpectation('soon lee email')).toThrow('not an expected message');
    expect(() => parseExpectation('5m')).toThrow('not an expected message');
  });
});

describe('a time that a person types', () => {
  test('is local to the zone, or at its word where it has an offset', () => {
    expect(readTime('2026-07-08T14:00', 'America/New_York').at.toISOString()).toBe('2026-07-08T18:00:00.000Z');
    expect(readTime('2026-07-08 14:00', 'Europe/Berlin').at.toISOString()).toBe('2026-07-08T12:00:00.000Z');
    expect(readTime('2026-07-08T14:00Z', 'America/New_York').at.toISOString()).toBe('2026-07-08T14:00:00.000Z');
    expect(readTime('2026-11-01T01:30-05:00', 'America/New_York')).toEqual({ at: new Date('2026-11-01T06:30:00Z') });
  });

  test('that occurs twice is taken as the first, and said so', () => {
    const { at: first, note } = readTime('2026-11-01T01:30', 'America/New_York');
    expect(first.toISOString()).toBe('2026-11-01T05:30:00.000Z');
    expect(note).toContain('occurs twice');
  });

  test('that the clocks skip is refused, with what they do', () => {
    expect(() => readTime('2026-03-08T02:30', 'America/New_York')).toThrow('2026-03-08 02:30 does not exist');
    expect(() => readTime('2026-10-04T02:15', 'Australia/Lord_Howe')).toThrow('does not exist');
    for (const text of ['tomorrow', '2026-02-30T10:00', '2026-02-30T10:00Z', '2026-07-08T25:00', ''])
      expect(() => readTime(text, 'UTC')).toThrow('is not a valid time');
  });
});

describe('a shift', () => {
  test('ends with the turn, an override or the hours, whichever comes first and changes who it is', () => {
    const plain = schedule('America/New_York', '1w', 'Mon 09:00', '2026-01-05', ['maya', 'lee'], {
      overrides: [
        { from: '2026-07-08T10:00', to: '2026-07-08T11:00', person: 'maya' },
        { from: '2026-07-09T10:00', to: '2026-07-15', person: 'lee' },
      ],
    });
    expect(shiftAt(plain, Date.parse('2026-07-08T12:00:00Z'))).toEqual({ person: 'maya', until: Date.parse('2026-07-09T14:00:00Z') });
    expect(shiftAt(plain, Date.parse('2026-07-10T12:00:00Z'))).toEqual({ person: 'lee', until: Date.parse('2026-07-20T13:00:00Z') });
    const office = { ...plain, overrides: [], hours: { weekdays: '09:00-17:00', weekends: 'none' } };
    expect(shiftAt(office, Date.parse('2026-07-08T14:00:00Z'))).toEqual({ person: 'maya', until: Date.parse('2026-07-08T21:00:00Z') });
    expect(shiftAt(office, Date.parse('2026-07-11T14:00:00Z'))).toEqual({ until: Date.parse('2026-07-13T13:00:00Z') });
  });

  test('of somebody who is alone has no end', () => {
    expect(shiftAt(schedule('UTC', '1d', '09:00', '2026-01-01', ['maya']), Date.parse('2026-07-08T14:00:00Z'))).toEqual({ person: 'maya' });
  });
});
