import type { Clock } from '../lib/index.js';

/**
 * What time it is on a platform, by its own clock: what its history is compared with. That of this machine may be wrong, and may be put right
 * at any moment; from one answer to the next, a clock that only grows counts.
 */
export class PlatformTime {
  #told: { readonly ms: number; readonly atMs: number } | undefined;

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** Takes in what an answer of the platform says: milliseconds since 1970. What is no time says nothing. */
  tell(ms: number): void {
    if (Number.isFinite(ms)) this.#told = { ms, atMs: this.clock.monotonicMs() };
  }

  /** Undefined before the platform has told. Up to a second early where it tells whole seconds. */
  now(): Date | undefined {
    return this.#told === undefined ? undefined : new Date(this.#told.ms + Math.max(0, this.clock.monotonicMs() - this.#told.atMs));
  }
}
