// Invented histories of a load run, and what a slow reader of all that could have been makes of them.
import type { Answer, Found, Reading, Submission } from '../../src/checks/load/facts.js';

/** Numbers from 0 to 1 that a seed decides. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What really becomes of a submission: when its record has its mark, if ever; how many records are made. */
export interface Fate {
  readonly arrivesMs: number | undefined;
  readonly records: 1 | 2;
  /** The engine drops what it had: the record is gone again. */
  readonly goneMs?: number;
}

export interface History {
  readonly submissions: readonly Submission[];
  readonly answers: readonly Answer[];
  readonly fates: readonly Fate[];
  readonly readings: readonly Reading[];
  readonly withinMs: number;
}

/** A history in which everything goes as it should, or one with every fault there is. `past`: the platform tells what stood before. */
export function historyOf(seed: number, { clean, past }: { readonly clean: boolean; readonly past: boolean }): History {
  const random = randomFrom(seed);
  const withinMs = 1000 + Math.floor(random() * 4000);
  const submissions: Submission[] = [];
  const count = 5 + Math.floor(random() * 25);
  for (let n = 0; n < count; n += 1) {
    const before = submissions[n - 1];
    const isSecond = before !== undefined && submissions[n - 2]?.person !== before.person && random() < 0.2;
    submissions.push({ n, person: isSecond ? before.person : `p${n}@example.com`, nonce: `n${n}` });
  }
  const answers = submissions.map((_, n): Answer => {
    const sentMs = n;
    const endedMs = n + 1 + Math.floor(random() * 500);
    const draw = random();
    const outcome = clean || draw < 0.8 ? 'acknowledged' : draw < 0.9 ? 'refused' : 'unanswered';
    return { outcome, sentMs, endedMs, why: 'answer' };
  });
  const fates = answers.map(({ outcome, endedMs }): Fate => {
    const inTime = { arrivesMs: endedMs + Math.floor(random() * withinMs * 0.9), records: 1 } as const;
    if (clean) return inTime;
    const draw = random();
    if (outcome === 'refused') return draw < 0.9 ? { arrivesMs: undefined, records: 1 } : inTime;
    if (draw < 0.6) return inTime;
    if (draw < 0.75) return { arrivesMs: undefined, records: 1 };
    if (draw < 0.85) return { ...inTime, records: 2 };
    if (draw < 0.93) return { arrivesMs: endedMs + withinMs + 1 + Math.floor(random() * withinMs), records: 1 };
    return { ...inTime, goneMs: inTime.arrivesMs + Math.floor(random() * withinMs * 2) };
  });
  return { submissions, answers, fates, withinMs, readings: readingsOf({ submissions, answers, fates, withinMs }, random, { clean, past }) };
}

function readingsOf(
  { submissions, answers, fates, withinMs }: Omit<History, 'readings'>,
  random: () => number,
  { clean, past }: { readonly clean: boolean; readonly past: boolean },
): readonly Reading[] {
  const deadlineMs = Math.max(...answers.map(({ endedMs }) => endedMs)) + withinMs;
  const readings: Reading[] = [];
  /** Gives when the next one begins. */
  const read = (fromMs: number, whole: boolean): number => {
    const toMs = fromMs + Math.floor(random() * 200);
    const look = (): number => fromMs + Math.floor(random() * (toMs - fromMs + 1));
    readings.push({ fromMs, toMs, whole, past, found: foundAt(submissions, fates, look, { skips: () => !whole && random() < 0.5, past, random }) });
    return toMs + 1 + Math.floor(random() * (withinMs / 3));
  };
  read(-100, true);
  const sent = Math.max(...answers.map(({ sentMs }) => sentMs));
  let at = sent + 1;
  for (let next = at; next < deadlineMs; next = at) at = read(next, clean || random() < 0.7);
  for (const later of [0, 0, withinMs]) if (clean || random() < 0.9) at = read(at + later, true);
  return readings;
}

/** The records of each person as a reading finds them: the mark that stands is that of who came last. */
function foundAt(
  submissions: readonly Submission[],
  fates: readonly Fate[],
  look: () => number,
  { skips, past, random }: { readonly skips: () => boolean; readonly past: boolean; readonly random: () => number },
): readonly Found[] {
  const found: Found[] = [];
  for (const person of new Set(submissions.map((submission) => submission.person))) {
    if (skips()) continue;
    const now = look();
    const there = submissions
      .flatMap((submission, n) => {
        const fate = fates[n];
        const { arrivesMs = Number.POSITIVE_INFINITY, goneMs = Number.POSITIVE_INFINITY } = fate ?? {};
        return submission.person === person && arrivesMs <= now && now < goneMs
          ? [{ nonce: submission.nonce, arrivesMs, records: fate?.records ?? 1 }]
          : [];
      })
      .sort((a, b) => a.arrivesMs - b.arrivesMs);
    const last = there.at(-1);
    if (last === undefined) continue;
    const nonces = past ? there.map(({ nonce }) => nonce) : [last.nonce];
    const one: Found = { key: `${person}-1`, person: random() < 0.9 ? person : undefined, nonces };
    found.push(one);
    // Listed twice while pages were turned.
    if (random() < 0.1) found.push(one);
    if (there.some(({ records }) => records === 2)) found.push({ ...one, key: `${person}-2` });
  }
  return found;
}
