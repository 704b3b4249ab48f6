import { type CallOptions, type Clock, RunbackError } from '../../lib/index.js';

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** Waits between the tries of one piece of work: longer each time, and in all not longer than one request may wait. */
export class Patience {
  readonly #clock: Clock;
  readonly #mostMs: number;
  #waitedMs = 0;
  #nextMs = FIRST_MS;

  readonly #name: string;

  /** `name`: of the platform, for people. */
  constructor(clock: Clock, mostMs: number, name: string) {
    this.#name = name;
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /** Something went well: the next wait is short again. */
  relax(): void {
    this.#nextMs = FIRST_MS;
  }

  /**
   * Waits visibly. False, at once, where that would be longer than may be waited. Throws `interrupted` when told to
   * stop.
   */
  async wait(reason: string, call: CallOptions, leastMs = 0): Promise<boolean> {
    const ms = Math.max(leastMs, this.#nextMs);
    if (this.#waitedMs + ms > this.#mostMs) return false;
    this.#waitedMs += ms;
    this.#nextMs = Math.min(LONGEST_MS, this.#nextMs * 2);
    call.reporter?.waiting({ reason: `${reason}; trying again`, ms });
    try {
      await this.#clock.sleep(ms, call.signal);
    } catch (error) {
      if (!call.signal?.aborted) throw error;
      throw new RunbackError('interrupted', `Stopped while waiting to ask ${this.#name} again`, { state: 'Nothing was sent since.', cause: error });
    }
    return true;
  }
}
