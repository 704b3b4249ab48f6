import type { Clock } from '../../lib/index.js';

/** Requests that were let in within the last `ms`; only those count. */
export class RollingWindow {
  readonly #times: number[] = [];

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly ms: number,
  ) {}

  /** How many there are, of all of the window or of its last `ms`. */
  used(ms = this.ms): number {
    const now = this.clock.monotonicMs();
    forget(this.#times, now - this.ms);
    return ms >= this.ms ? this.#times.length : this.#times.filter((at) => at > now - ms).length;
  }

  enter(): void {
    this.#times.push(this.clock.monotonicMs());
  }

  /** Milliseconds until fewer than `most` are in it. */
  freeInMs(most: number): number {
    const oldest = this.#times[this.used() - most];
    return oldest === undefined ? 0 : oldest + this.ms - this.clock.monotonicMs();
  }
}

/**
 * Requests since the day began; the day begins anew when its time is up: 24 hours after the first, or at the midnight
 * that follows an instant.
 */
export class DailyQuota {
  #ends: number;
  #used = 0;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs' | 'now'>,
    private readonly midnightAfter?: (ms: number) => number,
  ) {
    this.#ends = this.#nextEnd();
  }

  get used(): number {
    if (this.#now() >= this.#ends) {
      this.#ends = this.#nextEnd();
      this.#used = 0;
    }
    return this.#used;
  }

  enter(): void {
    this.#used = this.used + 1;
  }

  /** Milliseconds until the next day begins. */
  endsInMs(): number {
    return this.#ends - this.#now();
  }

  #now(): number {
    return this.midnightAfter === undefined ? this.clock.monotonicMs() : this.clock.now().getTime();
  }

  #nextEnd(): number {
    return this.midnightAfter === undefined ? this.#now() + DAY_MS : this.midnightAfter(this.#now());
  }
}

const DAY_MS = 86_400_000;

/** Drops times at or before `limit` from the front of an ascending list. */
function forget(times: number[], limit: number): void {
  let old = 0;
  while (old < times.length && (times[old] as number) <= limit) old += 1;
  if (old > 0) times.splice(0, old);
}
