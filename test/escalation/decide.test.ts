import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { afterActs } from '../../src/escalation/decide.js';
import { decideEscalation, parseEscalation, type EscalationAct, type EscalationState, type FiredRung } from '../../src/escalation/index.js';
import { tries } from '../support/sweeps.js';
import { FILE, file, later, minutes } from './support.js';

/** A Wednesday in maya's turn (from Monday 6 July), 14:00 in New York. */
const DAY = '2026-07-08T18:00:00.000Z';
const state = (more: Partial<EscalationState> = {}): EscalationState => ({
  severity: 'sev1',
  since: DAY,
  held: false,
  hurried: false,
  fired: [],
  ...more,
});
const act = (found: EscalationAct | undefined): Partial<Extract<EscalationAct, { kind: 'rung' }>> => (found?.kind === 'rung' ? found : {});
const told = (found: EscalationAct | undefined): readonly string[] =>
  (act(found).targets ?? []).map(({ ref, person, channel }) => person ?? channel ?? `nobody of ${ref}`);

/** Does what is due and gives the state after it; contacts end as `contact` says. */
function step(at: EscalationState, now: Date, contact: 'open' | 'accepted' | 'failed' = 'accepted'): EscalationState {
  const after = afterActs(at, decideEscalation(file, at, now).acts, now, 'open');
  return {
    ...after,
    fired: after.fired.map((rung) => ({ ...rung, contacts: rung.contacts.map((c) => (c.state === 'open' ? { ...c, state: contact } : c)) })),
  };
}

describe('the ladder', () => {
  test('tells the person on call and the channel at once, then level after level, round after round, then for ever', () => {
    let now = new Date(DAY);
    let at = state();
    const seen: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      const due = decideEscalation(file, at, now);
      for (const one of due.acts)
        seen.push(
          one.kind === 'rung'
            ? `${(now.getTime() - Date.parse(DAY)) / 60_000}m ${one.exhausted ? 'exhausted' : `level ${one.level} round ${one.round}`}: ${told(one).join(' ')}`
            : `${(now.getTime() - Date.parse(DAY)) / 60_000}m contact ${one.target}/${one.step} ${one.because}`,
        );
      at = afterActs(at, due.acts, now, 'accepted');
      now = new Date(due.next ?? 0);
    }
    expect(seen).toEqual([
      '0m level 1 round 1: maya ops',
      '2m contact 0/1 time',
      '5m level 2 round 1: lee',
      '15m level 1 round 2: maya ops',
      '17m contact 0/1 time',
      '20m level 2 round 2: lee',
      '30m exhausted: maya lee',
      '32m contact 0/1 time',
      '45m exhausted: maya lee',
      '47m contact 0/1 time',
      '60m exhausted: maya lee',
      '62m contact 0/1 time',
    ]);
  });

  test('says which role the told get, and takes at once only the contacts that do not wait', () => {
    const [first] = decideEscalation(file, state(), new Date(DAY)).acts;
    expect(first).toMatchObject({
      kind: 'rung',
      index: 0,
      level: 1,
      grants: 'operator',
      vendors: [],
      contacts: [
        { target: 0, step: 0 },
        { target: 1, step: 0 },
      ],
    });
    expect(act(first).because).toBeUndefined();
  });

  test('nothing is due and nothing will be while somebody has it', () => {
    expect(decideEscalation(file, state({ held: true, hurried: true }), later(DAY, minutes(600)))).toEqual({ acts: [] });
  });

  test('a ladder that begins later (the end of a snooze) waits for that', () => {
    const since = later(DAY, minutes(30)).toISOString();
    expect(decideEscalation(file, state({ since }), new Date(DAY))).toEqual({ acts: [], next: since });
  });

  test('after hours without a call one rung fires, not a burst', () => {
    const one = step(state(), new Date(DAY));
    const late = decideEscalation(file, one, later(DAY, minutes(600)));
    expect(late.acts.map(({ kind }) => kind)).toEqual(['rung']);
    expect(late.acts[0]).toMatchObject({ index: 1 });
    expect(late.next).toBe(later(DAY, minutes(610)).toISOString());
  });

  test('a person who asks gets the next rung now, and only that one', () => {
    const hurried = { ...step(state(), new Date(DAY)), hurried: true };
    const due = decideEscalation(file, hurried, later(DAY, 30_000));
    expect(due.acts).toMatchObject([{ kind: 'rung', index: 1, because: 'a person asked for it' }]);
    expect(due.next).toBe(later(DAY, 30_000 + minutes(10)).toISOString());
  });

  test('an unknown severity is refused, never taken for "nothing to do"', () => {
    expect(() => decideEscalation(file, state({ severity: 'sev9' }), new Date(DAY))).toThrow('sev9');
    expect(() => decideEscalation(file, state({ severity: 'constructor' }), new Date(DAY))).toThrow('constructor');
  });
});

describe('what fails moves on at once', () => {
  const fail = (at: EscalationState, target: number, stepIndex: number): EscalationState => ({
    ...at,
    fired: at.fired.map((rung) => ({
      ...rung,
      contacts: rung.contacts.map((c) => (c.target === target && c.step === stepIndex ? { ...c, state: 'failed' as const } : c)),
    })),
  });

  test('a failed contact makes the next one of the same person due at once', () => {
    const failed = fail(step(state(), new Date(DAY)), 0, 0);
    const due = decideEscalation(file, failed, later(DAY, 4000));
    expect(due.acts).toEqual([{ kind: 'contact', rung: 0, target: 0, step: 1, because: 'failed' }]);
    const after = afterActs(failed, due.acts, later(DAY, 4000), 'accepted');
    expect(decideEscalation(file, after, later(DAY, 4000))).toEqual({ acts: [], next: later(DAY, minutes(5)).toISOString() });
  });

  test('a failed channel holds up nobody while the person may still answer', () => {
    const failed = fail(step(state(), new Date(DAY)), 1, 0);
    expect(decideEscalation(file, failed, later(DAY, 4000))).toEqual({ acts: [], next: later(DAY, minutes(2)).toISOString() });
  });

  test('when nobody of a rung could be reached, the next one fires at once and says why', () => {
    let at = fail(fail(step(state(), new Date(DAY)), 0, 0), 1, 0);
    at = fail(step(at, later(DAY, 1000)), 0, 1);
    const due = decideEscalation(file, at, later(DAY, 2000));
    expect(due.acts).toMatchObject([{ kind: 'rung', index: 1, because: 'nobody at level 1 could be reached' }]);
  });

  test('when everything fails the ladder ends in the exhausted rung, which keeps its pace and never stops', () => {
    let at = state();
    const times: number[] = [];
    let now = new Date(DAY);
    while (times.length < 9) {
      const due = decideEscalation(file, at, now);
      if (due.acts.some(({ kind }) => kind === 'rung')) times.push((now.getTime() - Date.parse(DAY)) / 60_000);
      at = step(at, now, 'failed');
      if (due.acts.length === 0) now = new Date(due.next ?? 0);
    }
    expect(times.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(times.slice(5)).toEqual([15, 30, 45, 60]);
  });

  test('a schedule that nobody covers is a target without a person, and counts as failed', () => {
    const before = '2026-01-05T13:00:00.000Z';
    const lonely = parseEscalation(FILE.replace('[schedule:primary, channel:ops]', '[schedule:primary]'), 'escalation.yml');
    const early = state({ since: before });
    const due = decideEscalation(lonely, early, new Date(before));
    expect(due.acts).toMatchObject([{ kind: 'rung', targets: [{ ref: 'schedule:primary' }], contacts: [] }]);
    expect(due.next).toBe(before);
    const after = afterActs(early, due.acts, new Date(before), 'open');
    expect(decideEscalation(lonely, after, new Date(before)).acts).toMatchObject([{ index: 1, because: 'nobody at level 1 could be reached' }]);
  });
});

describe('who is told', () => {
  test('is worked out when the rung fires, not when the incident began (G21)', () => {
    const monday = '2026-07-13T12:58:00.000Z'; // Monday 08:58 in New York, two minutes before the handoff
    const [first] = decideEscalation(file, state({ since: monday }), new Date(monday)).acts;
    const [late] = decideEscalation(file, state({ since: monday }), later(monday, minutes(3))).acts;
    expect(told(first)).toEqual(['maya', 'ops']);
    expect(told(late)).toEqual(['lee', 'ops']);
  });

  test('the same person as two targets of one rung is told once', () => {
    const twice = parseEscalation(
      FILE.replace('[schedule:primary, channel:ops]', '[schedule:primary, person:maya, channel:ops, channel:ops]'),
      'escalation.yml',
    );
    const [first] = decideEscalation(twice, state(), new Date(DAY)).acts;
    expect(told(first)).toEqual(['maya', 'ops']);
  });
});

describe('quiet hours', () => {
  const NIGHT = '2026-07-09T02:00:00.000Z'; // 22:00
  const MORNING = '2026-07-09T12:00:00.000Z'; // 08:00

  test('hold a rung where the severity says so, until they end, and then it says so', () => {
    const due = decideEscalation(file, state({ severity: 'sev3', since: NIGHT }), new Date(NIGHT));
    expect(due).toEqual({ acts: [], next: MORNING, quietUntil: MORNING });
    const morning = decideEscalation(file, state({ severity: 'sev3', since: NIGHT }), new Date(MORNING));
    expect(morning.acts).toMatchObject([{ index: 0, because: 'quiet hours ended' }]);
  });

  test('never hold a severity that ignores them, nor what a person hurried', () => {
    expect(decideEscalation(file, state({ severity: 'sev2', since: NIGHT }), new Date(NIGHT)).acts).toHaveLength(1);
    const hurried = decideEscalation(file, state({ severity: 'sev3', since: NIGHT, hurried: true }), new Date(NIGHT));
    expect(hurried.acts).toHaveLength(1);
    // What follows waits again.
    expect(hurried.next).toBe(MORNING);
  });

  test('hold a contact whose time falls into them, and a rung that was due before them but could not fire', () => {
    const evening = '2026-07-08T23:59:00.000Z'; // 19:59
    const fired = step(state({ severity: 'sev3', since: evening }), new Date(evening));
    expect(decideEscalation(file, fired, new Date(evening))).toEqual({ acts: [], next: MORNING, quietUntil: MORNING });
    expect(decideEscalation(file, fired, later(evening, minutes(3)))).toEqual({ acts: [], next: MORNING, quietUntil: MORNING });
    expect(decideEscalation(file, state({ severity: 'sev3', since: evening }), later(evening, minutes(5)))).toMatchObject({
      acts: [],
      next: MORNING,
    });
  });
});

describe('for any history', () => {
  const severity = fc.constantFrom('sev1', 'sev2', 'sev3', 'sev4');
  const since = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
  const outcomes = fc.infiniteStream(fc.constantFrom('open', 'accepted', 'accepted', 'failed') as fc.Arbitrary<'open' | 'accepted' | 'failed'>);
  const delays = fc.infiniteStream(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: minutes(40) }), fc.constant(minutes(60 * 30))));
  const fates = (at: EscalationState, fate: Iterator<'open' | 'accepted' | 'failed'>): EscalationState => ({
    ...at,
    fired: at.fired.map((rung): FiredRung => ({
      ...rung,
      contacts: rung.contacts.map((c) => (c.state === 'open' ? { ...c, state: fate.next().value } : c)),
    })),
  });

  test('next is exact: nothing before it, something at it; and the same question has the same answer', () => {
    fc.assert(
      fc.property(
        severity,
        since,
        outcomes,
        delays,
        fc.array(fc.double({ min: 0, max: 0.9999, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (grade, begin, fate, delay, parts) => {
          let at = state({ severity: grade, since: new Date(begin).toISOString() });
          let now = begin;
          for (const part of parts) {
            const due = decideEscalation(file, at, new Date(now));
            expect(decideEscalation(JSON.parse(JSON.stringify(file)) as typeof file, structuredClone(at), new Date(now))).toEqual(due);
            const next = Date.parse(due.next ?? '');
            expect(next).toBeGreaterThanOrEqual(now);
            if (due.acts.length > 0) {
              // Done with nothing failed, `next` holds; then the world has its way.
              const done = decideEscalation(file, afterActs(at, due.acts, new Date(now), 'open'), new Date(now));
              if (done.acts.length === 0) expect(done.next).toBe(due.next);
              at = fates(afterActs(at, due.acts, new Date(now), 'open'), fate);
              continue;
            }
            expect(next).toBeGreaterThan(now);
            const between = now + Math.floor((next - now) * part);
            expect(decideEscalation(file, at, new Date(between))).toMatchObject({ acts: [], next: due.next });
            expect(decideEscalation(file, at, new Date(next - 1)).acts).toEqual([]);
            expect(decideEscalation(file, at, new Date(next)).acts.length).toBeGreaterThan(0);
            now = next + (part > 0.5 ? delay.next().value : 0);
          }
        },
      ),
      { numRuns: tries(200) },
    );
  });

  test('however late the calls come, no rung is lost or skipped, and no rung comes before its time', () => {
    fc.assert(
      fc.property(severity, since, delays, (grade, begin, delay) => {
        let at = state({ severity: grade, since: new Date(begin).toISOString() });
        let now = begin;
        for (let i = 0; i < 25; i += 1) {
          const due = decideEscalation(file, at, new Date(now));
          const rungs = due.acts.filter(({ kind }) => kind === 'rung');
          expect(rungs.length).toBeLessThanOrEqual(1);
          for (const rung of rungs) expect(act(rung).index).toBe(at.fired.length);
          at = afterActs(at, due.acts, new Date(now), 'accepted');
          now = Math.max(now, Date.parse(due.next ?? '')) + delay.next().value;
        }
        expect(at.fired.length).toBeGreaterThan(4);
        const within = grade === 'sev2' || grade === 'sev4' ? [240, 15] : [5, 10, 5, 10, 15];
        for (const [index, rung] of at.fired.entries()) {
          const before = at.fired[index - 1];
          if (before === undefined) continue;
          const wait = minutes(within[Math.min(index - 1, within.length - 1)] ?? 0);
          expect(Date.parse(rung.at) - Date.parse(before.at)).toBeGreaterThanOrEqual(wait);
        }
      }),
      { numRuns: tries(100) },
    );
  });
});
