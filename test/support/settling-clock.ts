import { setImmediate as turn } from 'node:timers/promises';

import type { Clock } from '../../src/lib/index.js';

/** Turns of the event loop in which nobody begins to wait, before time passes: what is on its way has arrived by then. */
const TURNS = 40;

/**
 * A clock for both sides of a conversation: time passes only while everybody waits, and then to the end of the shortest
 * wait. So an answer that is delayed takes exactly its delay, several at once take it together, and how busy the machine
 * is changes nothing.
 */
export class SettlingClock implements Clock {
  #ms: number;
  #waiting: { readonly until: number; readonly wake: () => void }[] = [];
  #begun = 0;
  #passing = false;

  constructor(startMs = Date.parse('2026-11-22T08:00:00Z')) {
    this.#ms = startMs;
  }

  now(): Date {
    return new Date(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#begun += 1;
    await new Promise<void>((wake) => {
      this.#waiting.push({ until: this.#ms + ms, wake });
      void this.#pass();
    });
    signal?.throwIfAborted();
  }

  async #pass(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    while (this.#waiting.length > 0) {
      for (let quiet = 0, seen = this.#begun; quiet < TURNS; quiet += 1) {
        await turn();
        if (seen !== this.#begun) [quiet, seen] = [0, this.#begun];
      }
      const [first] = this.#waiting.sort((a, b) => a.until - b.until);
      this.#waiting = this.#waiting.filter((one) => one !== first);
      this.#ms = Math.max(this.#ms, first?.until ?? 0);
      first?.wake();
    }
    this.#passing = false;
  }
}
