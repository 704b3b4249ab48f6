import type { Page } from '../channel.js';
import { CHANNEL_TRAITS } from '../registry.js';
import type { OutboxOptions } from './outbox.js';
import type { Presence } from './presence.js';
import { leasedBy, type PageDocuments, type StoredPage } from './records.js';
import { isCapped } from './targets.js';

/** Longest time one attempt may take where nothing is said. */
export const ATTEMPT_TIMEOUT_MS = 30_000;

/** What has to be asked before a page is sent: whether it is wanted, comes after others, and counts against a cap. */
export class Asking {
  /** Types of channels, by name. */
  readonly #types = new Map<string, string>();

  constructor(
    private readonly options: OutboxOptions,
    private readonly pages: PageDocuments,
    private readonly presence: Presence,
  ) {}

  /**
   * Whether a page still has to be sent; of a bundle, any of its members. Throws where nobody can be asked and a guess
   * would do harm.
   */
  async isWanted({ page, members }: StoredPage): Promise<boolean> {
    const { wanted } = this.options;
    if (!wanted) return true;
    try {
      if (!members) return await wanted(page);
      for (const key of members) {
        const member = await this.pages.read(key);
        if (member && (await wanted(member.page))) return true;
      }
      return false;
    } catch (error) {
      // Who cannot be asked may want to be woken; what makes a service quiet is not sent on a guess.
      if (page.kind === 'acknowledged' || page.kind === 'resolved') throw error;
      return true;
    }
  }

  /** Whether another living process is at an earlier page that this one must not overtake. */
  async isAfterOthers(page: Page): Promise<boolean> {
    const earlier = (await this.options.after?.(page).catch(() => [])) ?? [];
    for (const key of earlier) {
      const record = await this.pages.read(key).catch(() => undefined);
      const lease = record?.state === 'queued' ? leasedBy(record, this.options.clock.now()) : undefined;
      if (lease && lease.holder !== this.presence.holder && !(await this.presence.isGone(lease.holder))) return true;
    }
    return false;
  }

  /** False where a page is sent whatever the caps say. */
  mayBeCapped({ kind }: Page): boolean {
    return kind !== 'test' && kind !== 'bundle' && isCapped(this.options.caps);
  }

  async isCapped(page: Page): Promise<boolean> {
    return this.mayBeCapped(page) && CHANNEL_TRAITS[await this.#typeOf(page.to.channel)]?.readByPeople === true;
  }

  /** Type of a channel; empty where it cannot be opened now: the attempt will say why. */
  async #typeOf(name: string): Promise<string> {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const timer = new AbortController();
    const late = this.options.clock.sleep(this.options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS, timer.signal).catch(() => undefined);
    try {
      const channel = await Promise.race([this.options.channel(name), late]);
      if (channel) this.#types.set(name, channel.type);
      return channel?.type ?? '';
    } catch {
      return '';
    } finally {
      timer.abort();
    }
  }
}
