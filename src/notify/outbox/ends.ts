import type { Clock } from '../../lib/index.js';
import type { Asking } from './asking.js';
import type { DeadLetters } from './dead-letters.js';
import { type HeldPages, TROUBLE_MS } from './held-pages.js';
import { AT_ONCE, forEach, type Job } from './lane.js';
import type { Attempt, OutboxOptions, PageRecord } from './outbox.js';
import type { PageDocuments, StoredPage } from './records.js';
import { targetOf, type TargetDocuments } from './targets.js';
import type { UnderWay } from './under-way.js';

/** How long a settled bundle stays, so that whoever still has it in hand finds it. */
const BUNDLE_STAYS_MS = 3_600_000;

/** What pages come to an end with. */
interface EndsParts {
  readonly clock: Clock;
  readonly pages: PageDocuments;
  readonly targets: TargetDocuments;
  readonly held: HeldPages;
  readonly asking: Asking;
  readonly dead: DeadLetters;
  readonly underWay: UnderWay;
  readonly tell: Pick<OutboxOptions, 'beforeSettled' | 'afterSettled'>;
}

/**
 * How pages end: what became of them is written down and told, a bundle's end to its members; what the disk refused,
 * later.
 */
export class Ends {
  /** Bundles under way here, with the keys of their members. */
  readonly #members = new Map<string, readonly string[]>();
  /** Ends that could not be written down yet; `at` is when to try again, in milliseconds. */
  readonly #unfinished = new Map<string, { readonly at: number; readonly work: () => Promise<void> }>();

  constructor(private readonly parts: EndsParts) {}

  /** Notes that a bundle is under way with these members. */
  bundled(key: string, members: readonly string[]): void {
    this.#members.set(key, members);
  }

  /** Lets go of the members of a bundle whose record cannot be read: it is made again of them. */
  releaseMembers(key: string): void {
    for (const member of this.#members.get(key) ?? []) this.parts.held.release(member);
  }

  /** Ends a page: written down, told, and gone from the agenda. */
  async settle(job: Job, state: Exclude<PageRecord['state'], 'queued'>, attempts: readonly Attempt[]): Promise<void> {
    const { page, members } = job.record;
    const { pages, held, targets, asking } = this.parts;
    if (members) {
      const removeAt = new Date(this.#now() + BUNDLE_STAYS_MS).toISOString();
      const record: StoredPage = { page, state, attempts, members, removeAt };
      await pages.write(record);
      return await this.finishBundle({ record, entries: job.entries });
    }
    await this.#end({ page, state, attempts });
    await held.forget(job.entries);
    if (asking.mayBeCapped(page)) await targets.drop(targetOf(page), page.key);
    held.release(page.key);
  }

  /** Gives a settled bundle's end to its members; later, takes the bundle out. */
  async finishBundle({ record, entries }: Job): Promise<void> {
    const { page, state, attempts, members = [], removeAt = page.at } = record;
    const { pages, held, targets } = this.parts;
    const target = targetOf(page);
    if (this.#now() >= Date.parse(removeAt)) {
      await targets.drop(target, page.key);
      await pages.delete(page.key);
      await held.forget(entries);
      return held.release(page.key);
    }
    this.#members.delete(page.key);
    await forEach(members, AT_ONCE, async (key) => {
      const member = await pages.read(key).catch(() => undefined);
      if (member?.state === 'queued') await this.#end({ page: member.page, state, attempts, bundle: page.key });
      if (member) await held.forget([{ at: new Date(member.page.at), id: key }]);
      held.release(key);
    });
    await held.schedule(page.key, new Date(removeAt));
    await held.forget(entries);
    await targets.drop(target, page.key);
    held.release(page.key);
  }

  /** Does what ends a page; where it fails, again with a later {@link finishDue}, and nothing is sent meanwhile. */
  async orLater(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#unfinished.delete(key);
    } catch {
      this.#unfinished.set(key, { at: this.#now() + TROUBLE_MS, work });
    }
  }

  /** Begins again what could not be finished, where it is time for it; after a clock that went back, all of it. */
  finishDue(now: Date, wentBack: boolean): void {
    for (const [key, { at, work }] of this.#unfinished) {
      if (!(at <= now.getTime() || (wentBack && Number.isFinite(at)))) continue;
      this.#unfinished.set(key, { at: Number.POSITIVE_INFINITY, work });
      this.parts.underWay.begin(async () => await this.orLater(key, work));
    }
  }

  /** Writes a page's end down, having told whoever waits for it. */
  async #end(record: PageRecord): Promise<void> {
    const { dead, pages, tell } = this.parts;
    if (record.state === 'failed') await dead.add(record);
    await tell.beforeSettled?.(record);
    await pages.write(record);
    await tell.afterSettled?.(record);
  }

  #now(): number {
    return this.parts.clock.now().getTime();
  }
}
