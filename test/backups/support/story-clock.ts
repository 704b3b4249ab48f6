import { type Clock, systemClock } from '../../../src/lib/index.js';

/** Waits as short as this are looks at something, which take their time. */
const LOOK_MS = 1000;

/**
 * The clock of a story: it stands still, and whoever waits moves it, so that weeks take no time. Several who wait at once wait
 * the same time. A look each second takes a second, and moves nothing: else looking would make the days pass.
 */
export class StoryClock implements Clock {
  #ms: number;

  constructor(start: string) {
    this.#ms = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  /** Moves on to a time, never back. */
  moveTo(at: Date | number): void {
    this.#ms = Math.max(this.#ms, Number(at));
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= LOOK_MS) return await systemClock.sleep(ms, signal);
    const until = this.#ms + ms;
    await new Promise((resolve) => setImmediate(resolve));
    this.moveTo(until);
  }
}
