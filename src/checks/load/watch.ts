import type { CallOptions, Clock } from '../../lib/index.js';
import type { Answer, Reading, Submission } from './facts.js';
import { type Arrival, readRecent, readWhole, type Sought } from './readings.js';
import { judge } from './verdict.js';

/** How long and how closely it is watched what arrives. */
export interface Watching {
  readonly withinMs: number;
  /** After all have arrived, for what comes twice; and after the deadline, for what comes late. */
  readonly settleMs: number;
  /** When the first was sent, by the platform's own clock or earlier. */
  readonly since: Date;
  /** When what was disturbed had recovered. */
  readonly recoveredMs?: number | undefined;
}

/** Whole readings that take no longer than this are made all the time; else only what was written since is read. */
const QUICK_MS = 2000;
const LEAST_PAUSE_MS = 1000;
const PAUSE_PER_READING = 2;
/** The longer it takes, the less often it is looked: what was seen when is known to a twentieth. */
const PAUSE_SHARE = 1 / 20;

/** What is watched: the place, and its readings so far; the first one was made before anything was submitted. */
export interface Place {
  readonly arrival: Arrival;
  readonly readings: Reading[];
}

/**
 * Reads each place until every submission is there and nothing more comes, or its time is over. Then each place has a whole reading that
 * began after the deadline, and one more after `settleMs`: nobody is accused by one reading alone.
 */
export async function watchArrivals(
  {
    places,
    submissions,
    answers,
    sought,
  }: { readonly places: readonly Place[]; readonly submissions: readonly Submission[]; readonly answers: readonly Answer[]; readonly sought: Sought },
  { withinMs, settleMs, since, recoveredMs }: Watching,
  { clock, call, seen }: { readonly clock: Clock; readonly call: CallOptions; readonly seen?: (arrived: number) => void },
): Promise<void> {
  const deadlineMs = Math.max(recoveredMs ?? 0, ...answers.map(({ endedMs }) => endedMs)) + withinMs;
  const awaited = answers.filter(({ outcome }) => outcome !== 'refused').length;
  const readAll = async (whole: boolean): Promise<void> => {
    for (const { arrival, readings } of places)
      readings.push(whole ? await readWhole(arrival, sought, clock, call) : await readRecent(arrival, sought, since, clock, call));
  };
  const arrived = (): number =>
    Math.min(
      ...places.map(({ readings }) => {
        const judged = judge({ submissions, answers, readings, withinMs, recoveredMs });
        return judged.filter(({ came }, n) => came !== undefined && answers[n]?.outcome !== 'refused').length;
      }),
    );
  const beganMs = clock.monotonicMs();
  const isQuick = places.every(({ readings: [first] }) => first !== undefined && first.toMs - first.fromMs <= QUICK_MS);
  for (;;) {
    const startedMs = clock.monotonicMs();
    await readAll(isQuick);
    const there = arrived();
    seen?.(there);
    if (there >= awaited) break;
    const left = deadlineMs - clock.monotonicMs();
    if (left <= 0) break;
    const [took, waited] = [clock.monotonicMs() - startedMs, clock.monotonicMs() - beganMs];
    await clock.sleep(Math.min(left, Math.max(LEAST_PAUSE_MS, PAUSE_PER_READING * took, PAUSE_SHARE * waited)), call.signal);
  }
  const isAllThere = arrived() >= awaited;
  if (!isAllThere) await readAll(true);
  await clock.sleep(settleMs, call.signal);
  await readAll(isQuick || !isAllThere);
}
