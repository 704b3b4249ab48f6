import type { Clock } from '../lib/index.js';

/** Answers that are kept: one with a wrong time, from something in between, is outweighed by the others. */
const KEPT = 5;

/**
 * What time it is on a platform, by its own clock: what its history is compared with. That of this machine may be
 * wrong, and may be put right at any moment; from one answer to the next, a clock that only grows counts.
 */
export class PlatformTime {
  readonly #told: { readonly ms: number; readonly atMs: number }[] = [];

  constructor(private readonly clock: Pick<Clock, 'monotonicMs' | 'now'>) {}

  /** Takes in what an answer of the platform says: milliseconds since 1970. What is no time says nothing. */
  tell(ms: number): void {
    if (!Number.isFinite(ms)) return;
    this.#told.push({ ms, atMs: this.clock.monotonicMs() });
    if (this.#told.length > KEPT) this.#told.shift();
  }

  /**
   * Undefined before the platform has told. Up to a second early where it tells whole seconds, and never late: of
   * several answers, the least.
   */
  now(): Date | undefined {
    const nowMs = this.clock.monotonicMs();
    const least = Math.min(...this.#told.map(({ ms, atMs }) => ms + Math.max(0, nowMs - atMs)));
    return Number.isFinite(least) ? new Date(least) : undefined;
  }

  /** By how much the clock of this machine is ahead. */
  aheadMs(): number | undefined {
    const now = this.now();
    return now === undefined ? undefined : this.clock.now().getTime() - now.getTime();
  }
}
