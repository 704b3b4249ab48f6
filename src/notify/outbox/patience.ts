import type { Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import { ChannelHolds } from './holds.js';
import type { Attempt } from './outbox.js';
import { backOffMs, type StoredPage, triesIn } from './records.js';

const HOUR_MS = 3_600_000;

/** When a page is tried, tried again and given up. */
export class Patience {
  readonly #holds: ChannelHolds;

  /** `giveUpAfterMs`: how long after its first attempt a page is given up. */
  constructor(
    store: Store,
    private readonly clock: Clock,
    private readonly giveUpAfterMs = HOUR_MS,
  ) {
    this.#holds = new ChannelHolds(store);
  }

  /**
   * When a page may go whose service has asked to be left alone; undefined: now. Its last chance it has in any case.
   */
  async freeAt({ page, attempts }: StoredPage): Promise<Date | undefined> {
    const now = this.clock.now();
    const until = await this.#holds.until(page.to.channel, now);
    if (until === undefined) return undefined;
    const tried = triesIn(attempts) > 0;
    const last = tried ? this.#giveUpAt(attempts, now.getTime()) : Date.parse(page.at) + this.giveUpAfterMs;
    const free = Math.min(until.getTime(), last);
    return free > now.getTime() ? new Date(free) : undefined;
  }

  /** When to try again after these attempts, the last of which failed for now; undefined: it is given up. */
  async againAt(channel: string, attempts: readonly Attempt[], retryAfterMs: number | undefined): Promise<Date | undefined> {
    const now = this.clock.now().getTime();
    const giveUpAt = this.#giveUpAt(attempts, now);
    if (now >= giveUpAt) return undefined;
    if (retryAfterMs !== undefined) await this.#holds.hold(channel, new Date(now), Math.min(retryAfterMs, this.giveUpAfterMs));
    // One last time when it would be given up, however long the service asks to be left alone.
    return new Date(Math.min(now + Math.max(backOffMs(triesIn(attempts)), retryAfterMs ?? 0), giveUpAt));
  }

  /**
   * When a page has its last chance: counted from the first attempt that ended; one that was cut short says nothing of
   * the service.
   */
  #giveUpAt(attempts: readonly Attempt[], now: number): number {
    const first = attempts.find(({ state }) => state !== 'started');
    return Math.min(now, first === undefined ? now : Date.parse(first.at)) + this.giveUpAfterMs;
  }
}
