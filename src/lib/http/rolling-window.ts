import type { Clock } from '../time/clock.js';

/** Safety against timers that fire a moment early. */
const MARGIN_MS = 5;

/**
 * At most `limit` requests in any `intervalMs`, as the other side sees it. It cannot know when a request arrived there,
 * only that this was before its answer came: so a place is free again one interval after the answer, and a rolling or a
 * fixed window on the other side is never exceeded by us. Bursts up to the limit go at once.
 */
export class RollingWindow {
  readonly #clock: Clock;
  #limit: number;
  #intervalMs: number;
  #underWay = 0;
  /** Times (monotonic) at which places of ended requests become free, ascending. */
  #freeAt: number[] = [];
  /** Places that others use, as far as the other side's headers told, and until when that may hold. */
  #others = { count: 0, until: 0 };
  #blockedUntil = 0;

  constructor(limit: number, intervalMs: number, clock: Clock) {
    this.#limit = Math.max(1, limit);
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  get limit(): number {
    return this.#limit;
  }
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /**
   * Takes a place if one is free: then undefined. Else the milliseconds after which to ask again (0: when a request
   * ends).
   */
  take(): number | undefined {
    const now = this.#clock.monotonicMs();
    if (now < this.#blockedUntil) return Math.ceil(this.#blockedUntil - now);
    this.#forget(now);
    const others = now < this.#others.until ? this.#others.count : 0;
    // Others may use all of it: one of our own must still get through now and then to find out.
    const mine = Math.max(1, this.#limit - others);
    if (this.#underWay + this.#freeAt.length < mine) {
      this.#underWay += 1;
      return undefined;
    }
    const next = this.#freeAt[0];
    return next === undefined ? 0 : Math.max(1, Math.ceil(next - now));
  }

  /** Gives a taken place back one interval from now. */
  end(): void {
    this.#underWay -= 1;
    this.#freeAt.push(this.#clock.monotonicMs() + this.#intervalMs + MARGIN_MS);
  }

  /** What the other side said about its limit, at the end of a request. */
  learn(limit: number, intervalMs: number, remaining: number | undefined): void {
    if (limit >= 1) this.#limit = limit;
    if (intervalMs >= 1) this.#intervalMs = intervalMs;
    if (remaining === undefined) return;
    const now = this.#clock.monotonicMs();
    this.#forget(now);
    const others = Math.max(0, limit - remaining - this.#underWay - this.#freeAt.length);
    // What is under way counts as if it had arrived, so that an answer between two others may tell of too few. What was told of more
    // holds for as long as those may count on the other side.
    const known = now < this.#others.until ? this.#others.count : 0;
    if (others >= known) this.#others = { count: others, until: now + this.#intervalMs };
  }

  /** Nothing may go for so long. */
  block(ms: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#clock.monotonicMs() + ms);
  }

  #forget(now: number): void {
    let gone = 0;
    while (gone < this.#freeAt.length && (this.#freeAt[gone] ?? 0) <= now) gone += 1;
    if (gone > 0) this.#freeAt = this.#freeAt.slice(gone);
  }
}
