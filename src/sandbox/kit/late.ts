import type { Clock } from '../../lib/index.js';
import { Failure } from './failure.js';

/** Requests that are still at work when nobody waits for their answer any more: what they write is there later. */
export class LateRequests {
  #waiting: { readonly due: number; readonly run: () => void }[] = [];

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Does it so many milliseconds later. */
  add(ms: number, run: () => void): void {
    this.#waiting.push({ due: this.clock.now().getTime() + ms, run });
  }

  /** Does what is due by now. */
  settle(): void {
    const now = this.clock.now().getTime();
    const due = this.#waiting.filter((one) => one.due <= now);
    this.#waiting = this.#waiting.filter((one) => one.due > now);
    for (const { run } of due)
      try {
        run();
      } catch (error) {
        // Nobody is told that it was refused.
        if (!(error instanceof Failure)) throw error;
      }
  }
}
