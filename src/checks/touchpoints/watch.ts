import { type CallOptions, type Clock, parseDuration } from '../../lib/index.js';
import type { PlatformRecord } from '../../records/index.js';
import { type CopyReader, countWritten, readAllCopies, readCopies, readNeeded, readRecentCopies } from './copies.js';
import type { Copies, Made } from './facts.js';
import { isSettled, type Step } from './judge.js';

const LEAST_PAUSE_MS = 1000;
const PAUSE_SHARE = 1 / 20;

/** How long it is watched. */
export interface Timing {
  readonly within: string;
  readonly settle: string;
}

/** What watching works with. `since`: before the first write of the step, by the clock of the platform that is watched. */
export interface Watching {
  readonly reader: CopyReader;
  readonly since: Date;
  readonly startedMs: number;
  readonly clock: Clock;
  readonly call: CallOptions;
}

/** What stood there when everything was there or the time was over, and what stood there some time later. */
export interface Seen {
  readonly atDeadline: Copies;
  readonly later: Copies;
  /** Until everything was there, or the time was over. */
  readonly tookMs: number;
}

/**
 * Watches what becomes of a step on the other side, until everything is there or its time is over; then it is looked at once more. What
 * is told of what is not there rests on readings of everything. `known`: what stood there before the step.
 */
export async function watchStep(step: Step, known: Copies, timing: Timing, watching: Watching): Promise<Seen> {
  const { reader, startedMs, clock, call } = watching;
  const deadlineMs = startedMs + parseDuration(timing.within);
  let seen = known;
  for (;;) {
    // Where nothing is to come, it is over when nothing has come all the time.
    const awaits = isAwaited(step);
    if (awaits) seen = await look(step, seen, watching);
    const left = deadlineMs - clock.monotonicMs();
    if ((awaits && isSettled(step, seen)) || left <= 0) break;
    await clock.sleep(awaits ? Math.min(left, pauseAfter(clock.monotonicMs() - startedMs)) : left, call.signal);
  }
  const atDeadline = isAwaited(step) && isSettled(step, seen) ? seen : await sure(step, await readAllCopies(reader, call), seen, watching);
  const tookMs = clock.monotonicMs() - startedMs;
  await clock.sleep(parseDuration(timing.settle), call.signal);
  return { atDeadline, later: await lastLook(step, atDeadline, watching), tookMs };
}

/** What is there some time after everything was. */
export async function lastLook(step: Step, seen: Copies, { reader, since, clock, call }: Watching): Promise<Copies> {
  const awaited = new Set(step.wanted.kind === 'deleted' ? [] : step.made.map(({ n }) => n));
  const found = await readNeeded(reader, { keys: keysOf(seen), since, awaited, clock }, call);
  return await sure(step, found, seen, { reader, call });
}

/**
 * What lists show, with what is not as it should be read once more by key: a list may lag behind what was written, a read by key does not.
 * `known`: what was seen before.
 */
async function sure(step: Step, listed: Copies, known: Copies, { reader, call }: Pick<Watching, 'reader' | 'call'>): Promise<Copies> {
  const open = step.made.filter((made) => !isSettled({ ...step, made: [made] }, listed));
  const keys = new Set(open.flatMap(({ n }) => [...(listed.get(n) ?? []), ...(known.get(n) ?? [])].map(({ key }) => key)));
  return keys.size === 0 ? listed : replaced(listed, open, await readCopies(reader, [...keys], call));
}

/**
 * Waits until as many records were written as a step created, asking for their number only. False where the time is over, or the platform
 * cannot be asked that.
 */
export async function awaitCount(count: number, { within }: Timing, { reader, since, startedMs, clock, call }: Watching): Promise<boolean> {
  const deadlineMs = startedMs + parseDuration(within);
  for (;;) {
    const left = deadlineMs - clock.monotonicMs();
    if (left <= 0) return false;
    await clock.sleep(Math.min(left, pauseAfter(clock.monotonicMs() - startedMs)), call.signal);
    const written = await countWritten(reader, since, clock, call);
    if (written === undefined) return false;
    if (written >= count) return true;
  }
}

const pauseAfter = (waitedMs: number): number => Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * waitedMs);

/** Whether anything is to change on the other side. */
const isAwaited = ({ wanted }: Step): boolean => wanted.kind !== 'kept' && !(wanted.kind === 'carried' && wanted.fields?.size === 0);

/** Reads what is not yet as it should be, a batch at a time as long as that shows a whole one to be. */
async function look(step: Step, seen: Copies, { reader, since, call }: Watching): Promise<Copies> {
  const isOpen = (copies: Copies) => (made: Made) => !isSettled({ ...step, made: [made] }, copies);
  let now = seen;
  for (;;) {
    const some = batchOf(step.made.filter(isOpen(now)), now, reader.connector.capabilities.batch.read);
    if (some.length === 0) break;
    const found = await readCopies(
      reader,
      some.flatMap(({ n }) => (now.get(n) ?? []).map(({ key }) => key)),
      call,
    );
    now = replaced(now, some, found);
    if (some.some(isOpen(now))) break;
  }
  const isWhole = step.wanted.kind === 'deleted' || step.made.every(({ n }) => (now.get(n) ?? []).length > 0);
  return isWhole ? now : merged(now, await readRecentCopies(reader, since, call));
}

/** As many as are read at once, of those whose keys are known. */
function batchOf(open: readonly Made[], copies: Copies, most: number): readonly Made[] {
  return open.filter(({ n }) => (copies.get(n) ?? []).length > 0).slice(0, most);
}

const replaced = (copies: Copies, asked: readonly Made[], found: Copies): Copies =>
  new Map([...copies, ...asked.map(({ n }): [number, readonly PlatformRecord[]] => [n, found.get(n) ?? []])]);

/** What was seen of a record last. */
const merged = (before: Copies, now: Copies): Copies => new Map([...before, ...now]);

const keysOf = (copies: Copies): readonly string[] => [...copies.values()].flatMap((records) => records.map(({ key }) => key));
