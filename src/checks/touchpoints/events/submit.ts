import { type CallOptions, type Clock, parseDuration, RunbackError } from '../../../lib/index.js';
import type { Fields, Value } from '../../../records/index.js';
import type { StepDocument } from '../../document/schema.js';
import { filled } from '../../journeys/persona/wanted.js';
import { releaseAs, release } from '../../load/dispatch.js';
import type { Answer, Submission } from '../../load/facts.js';
import { bodiesOf, intakeOf } from '../../load/intake.js';
import { type Arrival, ownRecords } from '../../load/readings.js';
import type { Made } from '../facts.js';
import type { LockedDeps, TouchpointDeps } from '../open.js';
import type { Refused } from '../write.js';

export type SubmitStep = Extract<StepDocument, { submit: string }>;

/** What came of what was submitted, on the side where records come into being by it. */
export interface Submitted {
  readonly made: readonly Made[];
  /** Turned away, or nobody knows what became of it and it is not there. */
  readonly refused: readonly Refused[];
  /** Acknowledged, and not there although everything was read after the deadline. */
  readonly lost: readonly number[];
  /** Of which there is more than one record. */
  readonly doubled: readonly number[];
  /** There only once the deadline was over. */
  readonly late: readonly number[];
}

/** The fields that hold the address and the mark alone, where the test says so itself. */
export function marksOf(steps: readonly StepDocument[]): readonly [address: string, mark: string] | undefined {
  const step = steps.find((each): each is SubmitStep => 'submit' in each);
  if (step === undefined) return undefined;
  const holding = (text: string): string => Object.keys(step.makes).find((name) => step.makes[name] === text) ?? '';
  return [holding('{address}'), holding('{mark}')];
}

/** What each record has to hold, by number. */
export function madeBy({ makes }: SubmitStep, submissions: readonly Submission[]): ReadonlyMap<number, Fields> {
  return new Map(submissions.map((one) => [one.n, Object.fromEntries(Object.entries(makes).map(([name, value]) => [name, filledFor(value, one)]))]));
}

/** A value of a test with what is of one record alone in it. */
export const filledFor = (value: Value, { n, person: address, nonce: mark }: Submission): Value => filled(value, { n, address, mark });

const LEAST_PAUSE_MS = 1000;

/**
 * Submits once for each record, and waits until every one that was acknowledged is there, or the time is over: a form may be answered
 * long before its record is made. What is not there is told only by readings of everything.
 */
export async function submitEach(
  step: SubmitStep,
  submissions: readonly Submission[],
  arrival: Arrival,
  { deps, mark }: { readonly deps: LockedDeps; readonly mark: string },
): Promise<Submitted> {
  const { clock, call, guard } = deps;
  const request = await intakeFor(step, deps);
  const { answers } = await release(request, bodiesOf(step.to, submissions), releaseAs(step.to, 0), { clock, call, guard });
  const awaited = submissions.filter(({ n }) => answers[n]?.outcome === 'acknowledged').map(({ n }) => n);
  const startedMs = clock.monotonicMs();
  const deadlineMs = startedMs + parseDuration(step.within);
  let atDeadline = await found(arrival, submissions, mark, call);
  while (awaited.some((n) => !atDeadline.has(n)) && clock.monotonicMs() < deadlineMs) {
    await clock.sleep(Math.min(pauseAt(clock, startedMs), deadlineMs - clock.monotonicMs()), call.signal);
    atDeadline = await found(arrival, submissions, mark, call);
  }
  await clock.sleep(parseDuration(step.settle), call.signal);
  const later = await found(arrival, submissions, mark, call);
  const made = [...later].flatMap(([n, [record]]) => (record === undefined ? [] : [{ n, key: record.key, record }])).sort((a, b) => a.n - b.n);
  return {
    made,
    refused: submissions.flatMap(({ n }) => (later.has(n) || answers[n]?.outcome === 'acknowledged' ? [] : [{ n, why: whyOf(answers[n]) }])),
    lost: awaited.filter((n) => !later.has(n)),
    doubled: [...later].filter(([, records]) => records.length > 1).map(([n]) => n),
    late: awaited.filter((n) => !atDeadline.has(n) && later.has(n)),
  };
}

const pauseAt = (clock: Clock, startedMs: number): number => Math.max(LEAST_PAUSE_MS, (clock.monotonicMs() - startedMs) / 20);

function whyOf(answer: Answer | undefined): string {
  if (answer?.outcome === 'refused') return answer.why;
  return `${answer?.why ?? 'it was not sent'}, and it is nowhere: nobody knows what became of it`;
}

/** Checked before anything is written. Throws `stage-refused`, `usage`. */
export async function intakeFor({ to }: SubmitStep, { secret, guardIntake }: TouchpointDeps): Promise<Awaited<ReturnType<typeof intakeOf>>> {
  if (secret === undefined || guardIntake === undefined)
    throw new RunbackError('bug', 'Nothing tells whether what is submitted reaches production', { state: 'Nothing was submitted.' });
  const request = await intakeOf(to, secret);
  await guardIntake(request);
  return request;
}

/** The records of the run by the number of their submission: known by the mark, else by the address. */
async function found(
  arrival: Arrival,
  submissions: readonly Submission[],
  mark: string,
  call: CallOptions,
): Promise<ReadonlyMap<number, readonly Made['record'][]>> {
  const byMark = new Map(submissions.map(({ n, nonce }) => [nonce, n]));
  const byAddress = new Map(submissions.map(({ n, person }) => [person.toLowerCase(), n]));
  const records = new Map<number, Made['record'][]>();
  for (const { record, person, nonces } of await ownRecords(arrival, { mark }, call)) {
    const n = byMark.get(nonces[0] ?? '') ?? byAddress.get(person ?? '');
    if (n !== undefined) records.set(n, [...(records.get(n) ?? []), record]);
  }
  return records;
}
