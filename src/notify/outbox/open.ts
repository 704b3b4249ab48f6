import { isRunbackError, RunbackError } from '../../lib/index.js';
import type { AgendaEntry } from '../../store/index.js';
import type { Page } from '../channel.js';
import { Asking } from './asking.js';
import { DeadLetters } from './dead-letters.js';
import { Ends } from './ends.js';
import { HeldPages } from './held-pages.js';
import { AT_ONCE, forEach } from './lane.js';
import { Lanes } from './lanes.js';
import type { Outbox, OutboxOptions, PageRecord } from './outbox.js';
import { Patience } from './patience.js';
import { Presence } from './presence.js';
import { isAhead, leasedBy, PageDocuments, recordOf } from './records.js';
import { Sending } from './sending.js';
import { TargetDocuments } from './targets.js';
import { UnderWay } from './under-way.js';

/** Opens the outbox of a store. Nothing is read or written yet. */
export function openOutbox(options: OutboxOptions): Outbox {
  return new StoredOutbox(options);
}

/**
 * The outbox of a store. A page goes from the agenda ({@link HeldPages}) into the lane of its target ({@link Lanes}),
 * is sent from there ({@link Sending}, when {@link Patience} says so), and ends ({@link Ends}).
 */
class StoredOutbox implements Outbox {
  readonly #pages: PageDocuments;
  readonly #presence: Presence;
  readonly #held: HeldPages;
  readonly #lanes: Lanes;
  readonly #sending: Sending;
  readonly #ends: Ends;
  readonly #dead: DeadLetters;
  readonly #underWay = new UnderWay();
  #ticking: Promise<void> = Promise.resolve();

  constructor(private readonly options: OutboxOptions) {
    const { store, clock, by, caps } = options;
    const underWay = this.#underWay;
    const pages = (this.#pages = new PageDocuments(store));
    const targets = new TargetDocuments(store, caps);
    const presence = (this.#presence = new Presence(store, by));
    const held = (this.#held = new HeldPages(store, clock, pages));
    const dead = (this.#dead = new DeadLetters(store));
    const asking = new Asking(options, pages, presence);
    const patience = new Patience(store, clock, options.giveUpAfterMs);
    const ends = (this.#ends = new Ends({ clock, pages, targets, held, asking, dead, underWay, tell: options }));
    const sending = (this.#sending = new Sending({ options, pages, presence, held, asking, patience, ends }));
    this.#lanes = new Lanes({ clock, pages, targets, held, asking, ends, sending, underWay });
  }

  async put(page: Page): Promise<void> {
    const at = new Date(page.at);
    if (Number.isNaN(at.getTime())) throw new RunbackError('bug', `page ${page.key} has no time`);
    const damaged = await this.#isDamaged(page.key);
    if (!damaged && (await this.#pages.read(page.key)) !== undefined) return;
    await this.#held.schedule(page.key, at);
    if (damaged) await this.#pages.delete(page.key);
    await (damaged ? this.#pages.recreate(page) : this.#pages.create(page));
    // Changes nothing, unless the entry was taken for an orphan meanwhile.
    await this.#held.schedule(page.key, at);
  }

  async tick(): Promise<void> {
    this.#ticking = this.#ticking.then(async () => await this.#tick()).catch(() => undefined);
    await this.#ticking;
  }

  async idle(): Promise<void> {
    await this.#ticking;
    await this.#underWay.idle();
  }

  async read(key: string): Promise<PageRecord | undefined> {
    const record = await this.#pages.read(key);
    return record && recordOf(record);
  }

  async forget(key: string): Promise<void> {
    const record = await this.#pages.readWhole(key);
    if (record === undefined) return;
    if (record.state === 'queued') throw new RunbackError('bug', `page ${key} is still on its way`);
    await this.#pages.delete(key);
  }

  async deadLetters(): Promise<readonly PageRecord[]> {
    return await this.#dead.all();
  }

  async dismiss(key: string): Promise<void> {
    await this.#dead.dismiss(key);
  }

  async close(): Promise<void> {
    this.#sending.stop();
    await this.idle();
    await this.#presence.hide();
  }

  async #tick(): Promise<void> {
    if (this.#sending.isStopped) return;
    const wentBack = await this.#held.wentBack();
    if (wentBack) {
      this.#lanes.wakeAll(this.options.clock.now());
      await this.#held.wakeAll(this.options.clock.now());
    }
    const now = this.options.clock.now();
    this.#ends.finishDue(now, wentBack);
    await forEach(await this.#held.takeDue(now), AT_ONCE, async ([key, entries]) => {
      try {
        await this.#take(key, entries, now);
      } catch (error) {
        this.#held.holdAWhile(key);
        if (isRunbackError(error, 'document-damaged')) await this.#tellDamaged(key);
      }
    });
    this.#lanes.run();
  }

  /** Looks at what an entry of the agenda is about. */
  async #take(key: string, entries: readonly AgendaEntry[], now: Date): Promise<void> {
    const held = this.#held;
    const record = await this.#pages.read(key);
    if (record === undefined) return await held.orphan(key, entries, now);
    if (record.state !== 'queued') {
      if (record.members) return await this.#ends.finishBundle({ record, entries });
      await held.forget(entries);
      return held.release(key);
    }
    const lease = leasedBy(record, now);
    if (lease && !(await this.#presence.isGone(lease.holder))) return held.hold(key, Date.parse(lease.until));
    if (record.next !== undefined && Date.parse(record.next) > now.getTime() && !isAhead(record, now)) {
      await held.schedule(key, new Date(record.next));
      await held.forget(entries);
      return held.release(key);
    }
    this.#lanes.add({ record, entries });
  }

  /** A bundle is made again of its members; any other page is put in again by whoever wanted it. */
  async #tellDamaged(key: string): Promise<void> {
    this.#ends.releaseMembers(key);
    await this.options.damaged?.(key).catch(() => undefined);
  }

  async #isDamaged(key: string): Promise<boolean> {
    try {
      await this.#pages.read(key);
      return false;
    } catch (error) {
      if (isRunbackError(error, 'document-damaged')) return true;
      throw error;
    }
  }
}
