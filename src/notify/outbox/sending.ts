import { setMaxListeners } from 'node:events';

import { defined } from '../../lib/index.js';
import type { Delivery } from '../channel.js';
import { ATTEMPT_TIMEOUT_MS, type Asking } from './asking.js';
import { attemptOnce } from './attempt.js';
import type { Ends } from './ends.js';
import type { HeldPages } from './held-pages.js';
import { type Job, Slots } from './lane.js';
import type { OutboxOptions } from './outbox.js';
import type { Patience } from './patience.js';
import type { Presence } from './presence.js';
import { ended, leasedBy, type PageDocuments, type StoredPage } from './records.js';

/** Beyond the time of an attempt, until its lease ends. */
const LEASE_MARGIN_MS = 15_000;

/** What pages are sent with. */
interface SendingParts {
  readonly options: OutboxOptions;
  readonly pages: PageDocuments;
  readonly presence: Presence;
  readonly held: HeldPages;
  readonly asking: Asking;
  readonly patience: Patience;
  readonly ends: Ends;
}

/** Sends pages, one attempt at a time for each: leased before it begins, and what came of it written down after. */
export class Sending {
  readonly #slots = new Map<string, Slots>();
  readonly #stop = new AbortController();

  constructor(private readonly parts: SendingParts) {
    // Every attempt under way listens to it.
    setMaxListeners(0, this.#stop.signal);
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Stops attempts under way, with nothing known of how they ended; none begins any more. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Tries to send a page, in turn with others over its channel. Never throws: what cannot be done now is held for a
   * while.
   */
  async send(job: Job): Promise<void> {
    await this.#slotsOf(job.record.page.to.channel).with(async () => {
      if (this.isStopped) return;
      try {
        await this.#attempt(job);
      } catch {
        // Nothing was sent: the disk or the store refused.
        this.parts.held.holdAWhile(job.record.page.key);
      }
    });
  }

  async #attempt(job: Job): Promise<void> {
    const { asking, ends, held } = this.parts;
    const { page, attempts } = job.record;
    if (!(await asking.isWanted(job.record))) return await ends.settle(job, 'withdrawn', attempts);
    if (await asking.isAfterOthers(page)) return held.holdAWhile(page.key);
    const free = await this.parts.patience.freeAt(job.record);
    if (free !== undefined) {
      await held.schedule(page.key, free);
      await held.forget(job.entries);
      return held.release(page.key);
    }
    const leased = await this.#lease(job.record);
    if (leased === undefined) return held.holdAWhile(page.key);
    // Asked again now that others can see that it is under way: whoever changes what is so from here on waits for it.
    if (!(await asking.isWanted(leased))) return await ends.settle({ ...job, record: leased }, 'withdrawn', attempts);
    const { channel, clock } = this.parts.options;
    const delivery = await attemptOnce(leased.page, leased.attempts.length, {
      channel,
      clock,
      timeoutMs: this.#timeoutMs,
      signal: this.#stop.signal,
    });
    if (delivery === undefined) return;
    const begun = { record: leased, entries: job.entries };
    await ends.orLater(page.key, async () => await this.#conclude(begun, delivery));
  }

  /** Shows that an attempt begins here; undefined where another process is at the page, or it has ended. */
  async #lease(record: StoredPage): Promise<StoredPage | undefined> {
    const { presence, pages, options } = this.parts;
    await presence.show();
    const now = options.clock.now();
    // Where it still runs and the page came here all the same, its holder is gone.
    const gone = leasedBy(record, now) && record.lease?.holder;
    return await pages.lease(record.page.key, presence.holder, now, this.#timeoutMs + LEASE_MARGIN_MS, gone);
  }

  /** Settles a page by how an attempt ended, or schedules the next. */
  async #conclude(job: Job, delivery: Delivery): Promise<void> {
    const { ends, held, pages, patience } = this.parts;
    const { page, attempts } = job.record;
    if (delivery.state === 'accepted') return await ends.settle(job, 'accepted', ended(attempts, { state: 'accepted', receipt: delivery.receipt }));
    const needs = delivery.state === 'permanent' ? delivery.needs : undefined;
    const outcome = ended(attempts, { state: delivery.state, why: delivery.why, ...defined({ needs }) });
    const next = delivery.state === 'permanent' ? undefined : await patience.againAt(page.to.channel, outcome, delivery.retryAfterMs);
    if (next === undefined) return await ends.settle(job, 'failed', outcome);
    const { lease: _, ...rest } = job.record;
    await held.schedule(page.key, next);
    await pages.write({ ...rest, attempts: outcome, next: next.toISOString() });
    await held.forget(job.entries);
    held.release(page.key);
  }

  get #timeoutMs(): number {
    return this.parts.options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS;
  }

  #slotsOf(channel: string): Slots {
    const slots = this.#slots.get(channel) ?? new Slots(this.parts.options.concurrency ?? 8);
    this.#slots.set(channel, slots);
    return slots;
  }
}
