import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { judge } from '../../src/backups/retention/judge.js';
import { periodOf } from '../../src/backups/retention/periods.js';
import type { KeepRules, Referrer, RetainedJob, RetainedSnapshot, RetentionFacts, Verdict } from '../../src/backups/retention/types.js';
import { tries } from '../support/sweeps.js';
import { stayingByTheBook } from './retention-model.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One snapshot of the job `nightly` at a time, good unless told otherwise. */
const at = (startedAt: string, more: Partial<RetainedSnapshot> = {}): RetainedSnapshot => ({
  id: `snap-${startedAt}`,
  startedAt: new Date(startedAt).toISOString(),
  job: 'nightly',
  grade: 'good',
  holds: ['crm'],
  verified: false,
  pinned: false,
  bases: [],
  ...more,
});

const factsOf = (
  snapshots: readonly RetainedSnapshot[],
  rules: KeepRules | undefined,
  more: Partial<RetentionFacts> & { readonly zone?: string } = {},
) => {
  const { zone = 'UTC', ...rest } = more;
  const job: RetainedJob = { zone, ...(rules === undefined ? {} : { rules }) };
  return {
    snapshots,
    jobs: new Map([['nightly', job]]),
    references: new Map(),
    unreadReferrers: [],
    unreadable: [],
    now: new Date('2027-01-01T00:00:00Z'),
    ...rest,
  } satisfies RetentionFacts;
};
const stay = (facts: RetentionFacts): readonly string[] => judge(facts).flatMap(({ id, stays }) => (stays ? [id.slice('snap-'.length)] : []));
const verdictOf = (facts: RetentionFacts, startedAt: string): Verdict | undefined => judge(facts).find(({ id }) => id === `snap-${startedAt}`);

describe('what each keep rule means', () => {
  const days = (from: string, count: number): RetainedSnapshot[] =>
    Array.from({ length: count }, (_, n) => at(new Date(Date.parse(from) + n * DAY).toISOString().replace('.000', '')));

  it('last: so many of the newest', () => {
    expect(stay(factsOf(days('2026-11-01T02:30:00Z', 5), { last: 2 }))).toEqual(['2026-11-04T02:30:00Z', '2026-11-05T02:30:00Z']);
  });

  it('daily: the newest of each day, in the zone of the job, for days that have one', () => {
    const snapshots = [at('2026-11-01T10:00:00Z'), at('2026-11-03T01:00:00Z'), at('2026-11-03T04:30:00Z'), at('2026-11-03T12:00:00Z')];
    expect(stay(factsOf(snapshots, { daily: 2 }))).toEqual(['2026-11-01T10:00:00Z', '2026-11-03T12:00:00Z']);
    // In New York, 04:30 UTC is still the evening of the second.
    expect(stay(factsOf(snapshots, { daily: 2 }, { zone: 'America/New_York' }))).toEqual(['2026-11-03T04:30:00Z', '2026-11-03T12:00:00Z']);
    expect(verdictOf(factsOf(snapshots, { daily: 2 }), '2026-11-03T01:00:00Z')).toEqual({
      id: 'snap-2026-11-03T01:00:00Z',
      stays: false,
      because: [{ rule: 'daily', because: 'stands', period: '2026-11-03', by: 'snap-2026-11-03T12:00:00Z' }],
    });
  });

  it('hourly: where the clocks go back the hour comes twice, where they go forward it is missing', () => {
    const back = ['2026-10-24T23:30:00Z', '2026-10-25T00:10:00Z', '2026-10-25T00:50:00Z', '2026-10-25T01:10:00Z', '2026-10-25T01:50:00Z'];
    const zone = 'Europe/Berlin';
    expect(
      stay(
        factsOf(
          back.map((one) => at(one)),
          { hourly: 9 },
          { zone },
        ),
      ),
    ).toEqual([back[0], back[2], back[4]]);
    expect(back.map((one) => periodOf('hourly', new Date(one), zone))).toEqual([
      '2026-10-25 01:00 +02:00',
      '2026-10-25 02:00 +02:00',
      '2026-10-25 02:00 +02:00',
      '2026-10-25 02:00 +01:00',
      '2026-10-25 02:00 +01:00',
    ]);
    // A day of 25 hours is one day, and so is one of 23.
    const long = ['2026-10-24T22:10:00Z', '2026-10-25T22:50:00Z', '2026-10-25T23:10:00Z'];
    expect(long.map((one) => periodOf('daily', new Date(one), zone))).toEqual(['2026-10-25', '2026-10-25', '2026-10-26']);
    const short = ['2026-03-28T23:10:00Z', '2026-03-29T21:50:00Z', '2026-03-29T22:10:00Z'];
    expect(short.map((one) => periodOf('daily', new Date(one), zone))).toEqual(['2026-03-29', '2026-03-29', '2026-03-30']);
  });

  it('weekly: weeks of ISO 8601, from Monday to Sunday, of the year of their Thursday', () => {
    const weeks = ['2026-12-28', '2027-01-03', '2027-01-04', '2024-12-30', '2021-01-03', '2020-12-31', '1969-12-31'].map((day) =>
      periodOf('weekly', new Date(`${day}T12:00:00Z`), 'UTC'),
    );
    expect(weeks).toEqual(['2026-W53', '2026-W53', '2027-W01', '2025-W01', '2020-W53', '2020-W53', '1970-W01']);
  });

  it('monthly and yearly: as the calendar of the zone has them', () => {
    const snapshots = [at('2025-12-31T22:00:00Z'), at('2025-12-31T23:30:00Z'), at('2026-01-31T23:30:00Z'), at('2026-06-01T00:00:00Z')];
    expect(stay(factsOf(snapshots, { yearly: 5 }, { zone: 'Europe/Berlin' }))).toEqual(['2025-12-31T22:00:00Z', '2026-06-01T00:00:00Z']);
    expect(stay(factsOf(snapshots, { monthly: 2 }, { zone: 'Europe/Berlin' }))).toEqual(['2026-01-31T23:30:00Z', '2026-06-01T00:00:00Z']);
  });

  it('within: by the pauses between snapshots, from the newest on; the clock of now says nothing', () => {
    const snapshots = days('2026-11-01T02:30:00Z', 10);
    for (const now of ['2026-11-10T03:00:00Z', '2036-01-01T00:00:00Z'])
      expect(stay(factsOf(snapshots, { withinMs: 4 * DAY }, { now: new Date(now) })).length).toBe(5);
    expect(verdictOf(factsOf(snapshots, { withinMs: 4 * DAY }), '2026-11-01T02:30:00Z')?.because).toEqual([
      { rule: 'within', because: 'old', ageMs: 9 * DAY },
    ]);
  });

  it('what any rule keeps stays; one that no job made, or whose job is gone or has no rules, stays', () => {
    const snapshots = [...days('2026-11-01T02:30:00Z', 3), at('2026-11-04T00:00:00Z', { job: 'gone' })];
    const { job: _job, ...byHand } = at('2026-11-05T00:00:00Z');
    const facts = factsOf([...snapshots, byHand], { last: 1, weekly: 2 });
    expect(stay(facts)).toEqual(['2026-11-01T02:30:00Z', '2026-11-03T02:30:00Z', '2026-11-04T00:00:00Z', '2026-11-05T00:00:00Z']);
    expect(
      judge(facts)
        .slice(3)
        .map(({ because }) => because),
    ).toEqual([[{ kind: 'job-gone', job: 'gone' }], [{ kind: 'no-job' }]]);
    expect(judge(factsOf(snapshots, undefined))[0]?.because).toEqual([{ kind: 'no-rules', job: 'nightly' }]);
  });
});

describe('what never pushes a good snapshot out', () => {
  it('ones with gaps and doubtful ones have places of their own', () => {
    const good = [at('2026-11-01T02:30:00Z'), at('2026-11-02T02:30:00Z')];
    const bad = ['2026-11-03', '2026-11-04', '2026-11-05'].flatMap((day) => [
      at(`${day}T01:00:00Z`, { grade: 'gaps' }),
      at(`${day}T02:00:00Z`, { grade: 'doubtful' }),
    ]);
    expect(stay(factsOf([...good, ...bad], { last: 2 }))).toEqual([
      '2026-11-01T02:30:00Z',
      '2026-11-02T02:30:00Z',
      '2026-11-04T01:00:00Z',
      '2026-11-04T02:00:00Z',
      '2026-11-05T01:00:00Z',
      '2026-11-05T02:00:00Z',
    ]);
  });

  it('one that a clock made too late takes no place, and stays until its time is believable', () => {
    const ahead = at('2031-01-01T00:00:00Z');
    const before = [at('2026-11-01T02:30:00Z'), at('2026-11-02T02:30:00Z')];
    const facts = factsOf([...before, ahead, at('2026-11-03T02:30:00Z')], { daily: 3, withinMs: 3 * DAY });
    expect(stay(facts)).toEqual(['2026-11-01T02:30:00Z', '2026-11-02T02:30:00Z', '2031-01-01T00:00:00Z', '2026-11-03T02:30:00Z']);
    expect(verdictOf(facts, '2031-01-01T00:00:00Z')?.because).toEqual([{ kind: 'clock', later: 'snap-2026-11-03T02:30:00Z' }]);
  });

  it('a clock that is years ahead, with a snapshot taken by it, lets the three newest and all that are counted stay', () => {
    const before = Array.from({ length: 10 }, (_, n) => at(`2026-11-${10 + n}T02:30:00Z`));
    const jumped = factsOf([...before, at('2029-11-20T02:30:00Z')], { withinMs: 5 * DAY }, { now: new Date('2029-11-20T02:31:00Z') });
    // The pause of three years counts for nothing.
    expect(stay(jumped)).toEqual([...before.slice(-6).map(({ id }) => id.slice(5)), '2029-11-20T02:30:00Z']);
    const many = [...before, at('2026-11-24T02:30:00Z'), at('2026-11-29T02:30:00Z'), at('2026-12-04T02:30:00Z')];
    expect(stay(factsOf(many, { withinMs: 5 * DAY })).length).toBe(3);
  });
});

describe('G18: what is never deleted', () => {
  const old = (more: Partial<RetainedSnapshot>): RetainedSnapshot => at('2026-01-01T00:00:00Z', more);
  const newer = [at('2026-11-01T02:30:00Z'), at('2026-11-02T02:30:00Z')];
  const because = (first: RetainedSnapshot, more: Partial<RetentionFacts> = {}) => judge(factsOf([first, ...newer], { last: 1 }, more))[0]?.because;

  it('a pinned one, with its reason', () => {
    expect(because(old({ pinned: { reason: 'audit' } }))).toEqual([{ kind: 'pinned', reason: 'audit' }]);
  });

  it('the last verified one of each platform and of each object type', () => {
    expect(because(old({ verified: true, holds: ['crm', 'crm/deals'] }))).toEqual([{ kind: 'last-verified', of: ['crm', 'crm/deals'] }]);
    const verified = at('2026-11-03T02:30:00Z', { verified: true });
    const facts = factsOf([old({ verified: true, holds: ['crm', 'crm/deals'] }), verified], { last: 1 });
    expect(judge(facts)[0]?.because).toEqual([{ kind: 'last-verified', of: ['crm/deals'] }]);
  });

  it('one that something open refers to, and all where what is open cannot be read', () => {
    const by: Referrer = { kind: 'incident', id: 'inc-1' };
    expect(because(old({}), { references: new Map([[old({}).id, [by]]]) })).toEqual([{ kind: 'referred', by }]);
    expect(because(old({}), { unreadReferrers: [by] })).toEqual([{ kind: 'unknown-reference', by }]);
  });

  it('a base that a kept one needs, through any number of steps', () => {
    const chain = [at('2026-11-01T00:00:00Z'), at('2026-11-02T00:00:00Z', { bases: ['snap-2026-11-01T00:00:00Z'] })];
    const top = at('2026-11-03T00:00:00Z', { bases: ['snap-2026-11-02T00:00:00Z'] });
    const facts = factsOf([...chain, top, at('2026-11-04T00:00:00Z')], { last: 2 });
    expect(stay(facts).length).toBe(4);
    expect(judge(facts)[0]?.because).toEqual([{ kind: 'base', of: ['snap-2026-11-02T00:00:00Z'] }]);
  });

  it('where snapshots build on others, what was taken before a file that cannot be read', () => {
    const built = at('2026-11-05T00:00:00Z', { bases: ['snap-2026-11-04T00:00:00Z'] });
    const snapshots = [at('2026-11-01T00:00:00Z'), at('2026-11-03T00:00:00Z'), at('2026-11-04T00:00:00Z'), built];
    const unreadable = ['snap-2026-11-02T00:00:00Z'];
    expect(stay(factsOf(snapshots, { last: 1 }, { unreadable }))).toEqual(['2026-11-01T00:00:00Z', '2026-11-04T00:00:00Z', '2026-11-05T00:00:00Z']);
    expect(stay(factsOf(snapshots.slice(0, 3), { last: 1 }, { unreadable }))).toEqual(['2026-11-04T00:00:00Z']);
  });
});

/** A value in one of so many cases, else none. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>, among: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: among - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** How a history goes on: what passes before the next snapshot, and what that is. */
const stepArbitrary = fc.record({
  job: fc.constantFrom('a', 'a', 'a', 'b', 'gone', undefined),
  grade: fc.constantFrom('good', 'good', 'good', 'gaps', 'suspect', 'doubtful'),
  verified: rarely(fc.constant(true), 3).map((one) => one !== null),
  holds: fc.subarray(['crm', 'crm/contacts', 'crm/deals', 'db']),
  pinned: rarely(fc.constant(true), 30),
  base: rarely(fc.nat({ max: 3 }), 6),
  referred: rarely(fc.constant(true), 30),
  passes: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 * 24 * 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 90 * 24 * 60 }) },
  ),
  jump: rarely(fc.integer({ min: -500 * 24 * 60, max: 500 * 24 * 60 }), 40),
});
const places = rarely(fc.integer({ min: 1, max: 4 }), 3);
const rulesArbitrary = fc
  .record({
    last: places,
    hourly: places,
    daily: places,
    weekly: places,
    monthly: places,
    yearly: places,
    withinMs: rarely(fc.integer({ min: HOUR, max: 60 * DAY }), 3),
  })
  .map((rules) => Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== null)) as KeepRules);
const jobArbitrary = fc.record({
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Havana'),
  rules: rulesArbitrary,
});
const historyArbitrary = fc
  .record({
    steps: fc.array(stepArbitrary, { minLength: 1, maxLength: 24, size: 'max' }),
    // About DST changes and turns of the year as often as anywhere.
    begin: fc.constantFrom('2026-10-20T00:00:00Z', '2026-03-25T00:00:00Z', '2026-12-27T00:00:00Z', '2026-06-01T00:00:00Z'),
    a: jobArbitrary,
    b: jobArbitrary,
    nowJump: rarely(fc.integer({ min: -900 * 24 * 60, max: 900 * 24 * 60 }), 6),
    unread: rarely(fc.constant(true), 40),
    unreadable: rarely(fc.nat({ max: 24 }), 20),
  })
  .map(({ steps, begin, a, b, nowJump, unread, unreadable }): RetentionFacts => {
    let clock = Date.parse(begin);
    const references = new Map<string, readonly Referrer[]>();
    const idOf = (n: number): string => `snap-${String(n).padStart(4, '0')}`;
    const snapshots = steps.map(({ job, grade, verified, holds, pinned, base, referred, passes, jump }, n): RetainedSnapshot => {
      clock += (passes + (jump ?? 0)) * 60_000;
      const id = idOf(n);
      if (referred !== null) references.set(id, [{ kind: 'plan', id: 'plan-1' }]);
      return {
        id,
        startedAt: new Date(clock).toISOString(),
        ...(job === undefined ? {} : { job }),
        grade,
        verified,
        holds,
        pinned: pinned === null ? false : {},
        bases: base === null || n - 1 - base < 0 ? [] : [idOf(n - 1 - base)],
      };
    });
    return {
      snapshots,
      jobs: new Map([
        ['a', a],
        ['b', b],
      ]),
      references,
      unreadReferrers: unread !== null ? [{ kind: 'run', id: 'run-1' }] : [],
      unreadable: unreadable === null ? [] : [idOf(unreadable)],
      now: new Date(clock + HOUR + (nowJump ?? 0) * 60_000),
    };
  });

const staying = (facts: RetentionFacts): ReadonlySet<string> => new Set(judge(facts).flatMap(({ id, stays }) => (stays ? [id] : [])));

describe('retention against a slow, obvious model', () => {
  it('keeps exactly what the model keeps, in ten thousand histories with clocks that jump', () => {
    let [histories, gone] = [0, 0];
    fc.assert(
      fc.property(historyArbitrary, (facts) => {
        const verdicts = judge(facts);
        histories += 1;
        gone += verdicts.filter(({ stays }) => !stays).length;
        expect(new Set(verdicts.flatMap(({ id, stays }) => (stays ? [id] : [])))).toEqual(stayingByTheBook(facts));
        // Every one that goes is told of by each rule of its job.
        for (const [n, verdict] of verdicts.entries())
          if (!verdict.stays) {
            const rules = facts.jobs.get(facts.snapshots[n]?.job ?? '')?.rules ?? {};
            expect(verdict.because.map(({ rule }) => (rule === 'within' ? 'withinMs' : rule)).sort()).toEqual(Object.keys(rules).sort());
          }
      }),
      { numRuns: tries(10_000) },
    );
    console.log(`${histories} histories; ${gone} snapshots went`);
    expect(gone).toBeGreaterThan(tries(5000));
  });

  it('a clock of now that jumps lets nothing go that would have stayed', () => {
    fc.assert(
      fc.property(historyArbitrary, fc.integer({ min: 0, max: 5000 }), (facts, days) => {
        const right = staying({ ...facts, now: new Date('2200-01-01T00:00:00Z') });
        expect(staying({ ...facts, now: new Date(Date.parse('2200-01-01T00:00:00Z') + days * DAY) })).toEqual(right);
        for (const id of right) expect(staying(facts)).toContain(id);
      }),
      { numRuns: tries(2000) },
    );
  });

  it('a snapshot from the future, and one of a lower grade, lets nothing go that would have stayed', () => {
    fc.assert(
      fc.property(historyArbitrary, fc.constantFrom('ahead', 'gaps', 'suspect', 'doubtful'), (history, kind) => {
        // A base goes with what builds on it, whatever pushed that out.
        const facts = { ...history, snapshots: history.snapshots.map((one) => ({ ...one, bases: [] })) };
        const before = staying(facts);
        const added = at('2026-01-01T00:00:00Z', {
          id: 'snap-9999',
          job: 'a',
          startedAt: new Date(facts.now.getTime() + (kind === 'ahead' ? 400 * DAY : 0)).toISOString(),
          ...(kind === 'ahead' ? {} : { grade: kind as 'gaps' | 'suspect' | 'doubtful' }),
        });
        const after = staying({ ...facts, snapshots: [...facts.snapshots, added] });
        const ofGrade = new Set(facts.snapshots.flatMap(({ id, grade }) => (grade === 'good' ? [id] : [])));
        for (const id of before) if (kind === 'ahead' || ofGrade.has(id)) expect([...after]).toContain(id);
      }),
      { numRuns: tries(2000) },
    );
  });
});
