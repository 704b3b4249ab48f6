import type { Pace } from '../../connectors/index.js';
import { RollingWindow } from '../../lib/index.js';
import type { CallEvent, Trace } from './calls.js';

/** What decides how long the same calls take somewhere else. */
export interface Place {
  /** How fast calls may follow each other; absent where nothing limits them. */
  readonly pace?: Pace;
  /** From sending a call until its answer is there. */
  readonly latencyMs: number;
}

/**
 * How many milliseconds the calls of a trace take at a place: each is sent once as many of those before it have been
 * answered as in the trace, and once the limits let it through. Those are held to by the very windows that a connector
 * holds them to. Assumes that nobody else uses the limits, and that every call is answered at the first try.
 */
export function predictMs({ events, localMs }: Trace, place: Place): number {
  const there = new Elsewhere(place);
  for (const event of events) {
    there.waitFor(event);
    if (event.kind === 'pause') there.pass(event.ms);
    else there.call(event.lane);
  }
  there.answerAll();
  there.pass(localMs);
  return there.nowMs;
}

/** A place where time passes as calls are made. */
class Elsewhere {
  nowMs = 0;
  readonly #latencyMs: number;
  readonly #all: RollingWindow | undefined;
  readonly #lanes: ReadonlyMap<string, RollingWindow>;
  /** Calls under way, the first to be answered first: all take the same time. */
  #underWay: { readonly endsMs: number; readonly windows: readonly RollingWindow[] }[] = [];

  constructor({ pace, latencyMs }: Place) {
    this.#latencyMs = latencyMs;
    const clock = { now: () => new Date(this.nowMs), monotonicMs: () => this.nowMs, sleep: async () => await Promise.resolve() };
    const windowOf = ({ limit, intervalMs }: Pace['all']): RollingWindow => new RollingWindow(limit, intervalMs, clock);
    this.#all = pace && windowOf(pace.all);
    this.#lanes = new Map(Object.entries(pace?.lanes ?? {}).map(([lane, rate]) => [lane, windowOf(rate)]));
  }

  /** Lets time pass, and calls be answered that are answered by then. */
  pass(ms: number): void {
    const until = this.nowMs + ms;
    while ((this.#underWay[0]?.endsMs ?? Number.POSITIVE_INFINITY) <= until) this.#answerOne();
    this.nowMs = until;
  }

  /** Waits for what an event had waited for. */
  waitFor({ inFlight, localMs }: CallEvent): void {
    while (this.#underWay.length > inFlight) this.#answerOne();
    this.pass(localMs);
  }

  call(lane: string | undefined): void {
    const own = lane === undefined ? undefined : this.#lanes.get(lane);
    const windows = [own, this.#all].filter((window) => window !== undefined);
    for (const window of windows) this.#take(window);
    this.#underWay.push({ endsMs: this.nowMs + this.#latencyMs, windows });
  }

  answerAll(): void {
    while (this.#underWay.length > 0) this.#answerOne();
  }

  #take(window: RollingWindow): void {
    for (let ms = window.take(); ms !== undefined; ms = window.take()) {
      if (ms === 0) this.#answerOne();
      else this.pass(ms);
    }
  }

  #answerOne(): void {
    const [first, ...others] = this.#underWay;
    if (first === undefined) return;
    this.#underWay = others;
    this.nowMs = Math.max(this.nowMs, first.endsMs);
    for (const window of first.windows) window.end();
  }
}
