import { describe, expect, it } from 'vitest';

import type { Judged, Submission, Verdict } from '../../src/checks/load/facts.js';
import { ordersOf } from '../../src/checks/load/order.js';
import { submissionsOf } from '../../src/checks/load/people.js';
import { judge, totalsOf } from '../../src/checks/load/verdict.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { type History, historyOf } from './history.js';

const HISTORIES = fullSweeps ? 20_000 : 1000;

/**
 * The slow way: of every moment at which a submission could have come, and of its never coming, is asked whether what
 * was seen allows it. Whatever holds for all that are allowed is the verdict.
 */
function slowVerdict({ submissions, answers, readings, withinMs }: History, n: number): Verdict {
  const [submission, answer] = [submissions[n], answers[n]];
  if (submission === undefined || answer === undefined) throw new Error('no such submission');
  const deadline = answer.endedMs + withinMs;
  const seen = readings.map(({ found }) => found.filter(({ nonces }) => nonces.includes(submission.nonce)));
  const persons = readings.map(({ found }) => {
    const theirs = submissions.filter(({ person }) => person === submission.person).map(({ nonce }) => nonce);
    return new Set(
      found.filter(({ person, nonces }) => person === submission.person || nonces.some((nonce) => theirs.includes(nonce))).map(({ key }) => key),
    );
  });
  if (readings.some((_, r) => (seen[r]?.length ?? 0) > 0 && (persons[r]?.size ?? 0) > 1)) return 'doubled';
  const provesAbsence = (r: number): boolean => readings[r]?.whole === true && seen[r]?.length === 0 && (readings[r].past || persons[r]?.size === 0);
  const firstSeen = seen.findIndex((records) => records.length > 0);
  // Later readings that lack it speak of its going, and not of its coming.
  const ofComing = (r: number): boolean => firstSeen === -1 || r <= firstSeen;
  const telling = readings.map((_, r) => r).filter((r) => (readings[r]?.fromMs ?? 0) >= deadline && (provesAbsence(r) || (seen[r]?.length ?? 0) > 0));
  const last = telling.at(-1);
  const isGone = last !== undefined && provesAbsence(last);
  if (isGone && answer.outcome === 'acknowledged') return 'lost';
  const moments = new Set([deadline, ...readings.flatMap(({ fromMs, toMs }) => [fromMs, fromMs + 1, toMs, toMs + 1])]);
  const allowed = [...moments].filter((a) =>
    readings.every((reading, r) => {
      if (!ofComing(r)) return true;
      if ((seen[r]?.length ?? 0) > 0) return a <= reading.toMs;
      return !provesAbsence(r) || a > reading.fromMs;
    }),
  );
  if (firstSeen === -1) return answer.outcome === 'refused' ? 'refused' : 'unknown';
  if (isGone) return 'unknown';
  if (allowed.every((a) => a <= deadline)) return 'once';
  if (allowed.every((a) => a > deadline)) return 'late';
  return 'unknown';
}

const verdicts = (history: History): readonly Verdict[] => judge(history).map(({ verdict }) => verdict);

describe('what became of each submission', () => {
  const first = seedOf();

  it.each([true, false])(`is what the slow way says of ${HISTORIES} histories with every fault (past told: %s)`, (past) => {
    const kinds = new Set<Verdict>();
    for (let seed = first; seed < first + HISTORIES; seed += 1) {
      const history = historyOf(seed, { clean: false, past });
      const found = verdicts(history);
      expect(found, `seed ${seed}`).toEqual(history.submissions.map((_, n) => slowVerdict(history, n)));
      for (const verdict of found) kinds.add(verdict);
    }
    expect([...kinds].sort()).toEqual(['doubled', 'late', 'lost', 'once', 'refused', 'unknown']);
  });

  it(`accuses nobody in ${HISTORIES} histories without a fault`, () => {
    for (let seed = first; seed < first + HISTORIES; seed += 1) {
      const history = historyOf(seed, { clean: true, past: true });
      const wrong = judge(history).filter(({ verdict }) => verdict !== 'once' && verdict !== 'unknown');
      expect(wrong, `seed ${seed}`).toEqual([]);
    }
  });

  it(`finds every loss, every double and everything late that the readings could show, in ${HISTORIES} histories`, () => {
    const counted = { lost: 0, doubled: 0, late: 0 };
    for (let seed = first; seed < first + HISTORIES; seed += 1) {
      const history = historyOf(seed, { clean: false, past: true });
      const { answers, fates, readings, withinMs } = history;
      for (const [n, verdict] of verdicts(history).entries()) {
        const deadline = (answers[n]?.endedMs ?? 0) + withinMs;
        const fate = fates[n];
        const after = readings.filter(({ whole, fromMs }) => whole && fromMs >= deadline);
        if (fate?.arrivesMs === undefined && answers[n]?.outcome === 'acknowledged' && after.length > 0) {
          expect(verdict, `seed ${seed}, ${n}`).toBe('lost');
          counted.lost += 1;
        }
        if (fate?.records === 2 && readings.some(({ whole, fromMs }) => whole && fromMs >= (fate.arrivesMs ?? 0))) {
          expect(verdict, `seed ${seed}, ${n}`).toBe('doubled');
          counted.doubled += 1;
        }
        const isLate = fate?.arrivesMs !== undefined && fate.arrivesMs > deadline && verdict === 'late';
        if (isLate) counted.late += 1;
        // Nobody is accused who is not to blame.
        if (verdict === 'late') expect(fate?.arrivesMs ?? 0, `seed ${seed}, ${n}`).toBeGreaterThan(deadline);
        if (verdict === 'once') expect(fate?.arrivesMs ?? Infinity, `seed ${seed}, ${n}`).toBeLessThanOrEqual(deadline);
        if (verdict === 'lost')
          expect(fate?.arrivesMs === undefined || fate.goneMs !== undefined || fate.arrivesMs > deadline, `seed ${seed}, ${n}`).toBe(true);
      }
    }
    expect(Math.min(counted.lost, counted.doubled, counted.late)).toBeGreaterThan(HISTORIES / 10);
  });

  it('gives each submission one verdict, so that the totals add up', () => {
    for (let seed = first; seed < first + 200; seed += 1) {
      const history = historyOf(seed, { clean: false, past: false });
      const sum = Object.values(totalsOf(judge(history))).reduce((a, b) => a + b, 0);
      expect(sum).toBe(history.submissions.length);
    }
  });
});

describe('the order in which submissions reached two places', () => {
  const submission = (n: number): Submission => ({ n, person: `p${n}`, nonce: `n${n}` });
  const at = (n: number, afterMs: number, beforeMs: number): Judged => ({
    submission: submission(n),
    verdict: 'once',
    why: '',
    came: { afterMs, beforeMs },
  });

  it('is told only where the two stretches of time do not overlap', () => {
    const first = [at(0, 0, 10), at(1, 20, 30), at(2, 0, 25), at(3, 0, 10)];
    const then = [at(0, 10, 20), at(1, 5, 15), at(2, 20, 40), { ...at(3, 0, 0), came: undefined as never }];
    expect(ordersOf(first, then).map(({ order }) => order)).toEqual(['right', 'wrong', 'unknown']);
  });

  it('finds every reorder that the readings could show, and accuses nobody, in random arrivals', () => {
    let wrong = 0;
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const history = historyOf(seed, { clean: true, past: true });
      const judged = judge(history);
      const real = history.fates.map(({ arrivesMs = 0 }) => arrivesMs);
      const turned = judged.map((one, n) => judged[(n + 1) % judged.length]?.came && { ...one, came: judged[(n + 1) % judged.length]?.came });
      for (const [n, other] of turned.entries()) {
        const one = judged[n];
        if (one === undefined || other === undefined || other.came === undefined) continue;
        const [found] = ordersOf([one], [other as Judged]);
        const [a, b] = [real[n] ?? 0, real[(n + 1) % real.length] ?? 0];
        if (found?.order === 'right') expect(a).toBeLessThanOrEqual(b);
        if (found?.order === 'wrong') expect(b).toBeLessThanOrEqual(a);
        if (found?.order === 'wrong') wrong += 1;
        const [ca, cb] = [one.came, other.came];
        if (ca !== undefined && cb.beforeMs < ca.afterMs) expect(found?.order).toBe('wrong');
      }
    }
    expect(wrong).toBeGreaterThan(HISTORIES);
  });
});

describe('the people of a run', () => {
  it.each([
    [1, 0],
    [350, 17],
    [10, 5],
    [7, 3],
  ])('%i submissions with %i second ones', (count, twice) => {
    const all = submissionsOf({ count, twice, domain: 'example.com' }, 'rbabc');
    expect(all).toHaveLength(count);
    expect(new Set(all.map(({ nonce }) => nonce)).size).toBe(count);
    expect(new Set(all.map(({ person }) => person)).size).toBe(count - twice);
    expect(all.every(({ person, nonce }) => person.startsWith('rbabc') && nonce.startsWith('rbabc'))).toBe(true);
  });
});
