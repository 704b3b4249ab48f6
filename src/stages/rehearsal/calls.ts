import type { CallWatch, Clock } from '../../lib/index.js';

/**
 * A call, or a wait that was asked for, in the order in which they were begun. `inFlight`: calls that were still under
 * way then. `localMs`: how long this machine worked before it with no call under way.
 */
export type CallEvent = { readonly inFlight: number; readonly localMs: number } & (
  | { readonly kind: 'call'; readonly lane: string | undefined }
  | { readonly kind: 'pause'; readonly ms: number }
);

/** How the calls of a piece of work followed each other. */
export interface Trace {
  readonly events: readonly CallEvent[];
  readonly calls: number;
  /** How long this machine worked after the last one. */
  readonly localMs: number;
}

/**
 * Writes down how calls follow each other: which of them waited for which, and what came between. How long they took
 * is left out, since that is another matter where they are meant to go. `clock`: one that really measures.
 */
export class CallTrace implements CallWatch {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #events: CallEvent[] = [];
  #calls = 0;
  #inFlight = 0;
  #idleSinceMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#idleSinceMs = clock.monotonicMs();
  }

  began(lane: string | undefined): () => void {
    this.#events.push({ kind: 'call', lane, ...this.#before() });
    this.#calls += 1;
    this.#inFlight += 1;
    return () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idleSinceMs = this.#clock.monotonicMs();
    };
  }

  /** Somebody waits for so long, whatever the platform does. */
  pause(ms: number): void {
    this.#events.push({ kind: 'pause', ms, ...this.#before() });
  }

  end(): Trace {
    return { events: this.#events, calls: this.#calls, localMs: this.#idleMs() };
  }

  /** What came before an event that begins now. */
  #before(): { readonly inFlight: number; readonly localMs: number } {
    const localMs = this.#inFlight === 0 ? this.#idleMs() : 0;
    this.#idleSinceMs = this.#clock.monotonicMs();
    return { inFlight: this.#inFlight, localMs };
  }

  #idleMs(): number {
    return Math.max(0, this.#clock.monotonicMs() - this.#idleSinceMs);
  }
}

/**
 * A clock of which waits take no time: they move it. For what is only tried, with whoever shares it. `slept` is told of
 * each.
 */
export function skippingClock(clock: Clock, slept: (ms: number) => void): Clock {
  let skippedMs = 0;
  return {
    now: () => new Date(clock.now().getTime() + skippedMs),
    monotonicMs: () => clock.monotonicMs() + skippedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      skippedMs += ms;
      slept(ms);
      // Whoever waits in a loop lets others go on.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
