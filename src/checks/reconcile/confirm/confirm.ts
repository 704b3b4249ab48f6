import { type CallOptions, type Clock, silentReporter } from '../../../lib/index.js';
import type { Candidate } from '../join/join.js';
import { sourceSides } from '../rows/alone.js';
import type { Comparison } from '../rows/columns.js';
import type { Difference } from '../types.js';
import type { LiveSide } from './live-side.js';
import { differencesOf, LOOKS, lookAtPairs } from './look-at-pairs.js';
import { lookAtTwice } from './look-at-twice.js';
import { aloneDifference, lookForAlone } from './look-for-alone.js';
import { isClosed, type Open, opened } from './open-candidates.js';

/** What was changed on its way is looked at so many times more before it is given up. */
const MORE_LOOKS = 2;

/** What a confirmation works with. */
export interface ConfirmDeps {
  readonly comparison: Comparison;
  readonly sides: readonly [LiveSide, LiveSide];
  readonly clock: Clock;
  /** How long a change may take to get over. */
  readonly settleMs: number;
  /** When the comparison was read whole: what was changed before has had its time once `settleMs` have passed since. */
  readonly readAt: Date;
}

/** What came of candidates. */
export interface Confirmed {
  readonly differences: readonly Difference[];
  readonly settled: number;
  readonly rounds: number;
}

/**
 * Reads candidates again from both platforms, `settle` after they were read and `settle` after that. A difference is confirmed
 * that stood at both times with the same values: a change that was on its way has come over by then, and one that was
 * made in between has another value. What was changed each time is in flight after two times more. Only reads.
 */
export async function confirm(
  candidates: Iterable<Candidate>,
  { comparison, sides, clock, settleMs, readAt }: ConfirmDeps,
  call: CallOptions,
): Promise<Confirmed> {
  const open = opened(candidates);
  let rounds = 0;
  let ready = readAt.getTime() + settleMs;
  while (!isClosed(open) && rounds < LOOKS + MORE_LOOKS) {
    await wait(clock, ready - clock.now().getTime(), settleMs, call);
    await look(open, comparison, sides, call);
    rounds += 1;
    ready = clock.now().getTime() + settleMs;
  }
  return { differences: [...open.confirmed, ...inFlight(open, comparison)], settled: open.settled, rounds };
}

async function look(open: Open, comparison: Comparison, sides: readonly [LiveSide, LiveSide], call: CallOptions): Promise<void> {
  const reporter = call.reporter ?? silentReporter;
  const { pairs, alone, twice } = open;
  reporter.progress({ task: 'Reading again what differs', done: 0, total: pairs.length + alone.length + twice.length, unit: 'records' });
  await lookAtPairs(open, comparison, sides, call);
  await lookAtTwice(open, comparison, sides, call);
  const found = await lookForAlone(open, comparison, sides, call);
  // Those are compared at once, and a second time in the next round.
  const compared: Open = { ...open, pairs: [...found], alone: [], settled: 0 };
  await lookAtPairs(compared, comparison, sides, call);
  open.pairs.push(...compared.pairs);
  open.alone.push(...compared.alone);
  open.settled += compared.settled;
}

async function wait(clock: Clock, ms: number, settleMs: number, call: CallOptions): Promise<void> {
  // A clock that was set back must not make us wait for hours.
  const left = Math.min(ms, settleMs);
  if (left <= 0) return;
  (call.reporter ?? silentReporter).waiting({ reason: 'Changes that are on their way get their time to settle', ms: left });
  await clock.sleep(left, call.signal);
}

/** What was another one each time. */
function inFlight({ pairs, alone, twice }: Open, { mapping }: Comparison): readonly Difference[] {
  const creating = sourceSides(mapping);
  const why = 'it was changed each time it was looked at';
  const all = [
    ...pairs.flatMap((pair) =>
      differencesOf(
        pair,
        [...pair.fields.values()].flatMap((field) => (field === undefined ? [] : [{ class: 'in-flight' as const, found: field.found }])),
      ),
    ),
    ...alone.map(({ side, key }) => aloneDifference(side, key, [], creating)),
    ...twice.map(({ keys }): Difference => ({ class: 'twice', keys })),
  ];
  return all.map((difference) => ({ ...difference, class: 'in-flight', why }));
}
