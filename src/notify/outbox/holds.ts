import { sha256 } from '../../lib/index.js';
import { CLOCK_TOLERANCE_MS, type Store } from '../../store/index.js';

interface Hold {
  readonly until: string;
  /** ISO 8601: when the service asked for it. */
  readonly since: string;
}

/**
 * Until when services asked to be left alone: it holds for every page over the channel and for every process, not for
 * one page.
 */
export class ChannelHolds {
  constructor(private readonly store: Store) {}

  async hold(channel: string, now: Date, ms: number): Promise<void> {
    const until = new Date(now.getTime() + ms).toISOString();
    await this.#document(channel).update((current) =>
      current !== undefined && current.until > until ? current : { until, since: now.toISOString() },
    );
  }

  /**
   * Undefined where it may be used. A hold from a time that has not come (the clock went back), or that cannot be read,
   * is none.
   */
  async until(channel: string, now: Date): Promise<Date | undefined> {
    const hold = await this.#document(channel)
      .read()
      .catch(() => undefined);
    if (hold === undefined || Date.parse(hold.since) > now.getTime() + CLOCK_TOLERANCE_MS) return undefined;
    const until = new Date(hold.until);
    return until > now ? until : undefined;
  }

  #document(channel: string) {
    return this.store.document<Hold>('page-channels', sha256(channel).slice(0, 32));
  }
}
