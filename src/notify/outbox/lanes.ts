import type { Clock } from '../../lib/index.js';
import type { Page } from '../channel.js';
import type { Asking } from './asking.js';
import { bundleKey, bundleOf } from './bundle.js';
import type { Ends } from './ends.js';
import { type HeldPages, TROUBLE_MS } from './held-pages.js';
import { AT_ONCE, emptyLane, forEach, type Job, type Lane } from './lane.js';
import type { PageDocuments, StoredPage } from './records.js';
import type { Sending } from './sending.js';
import { targetOf, type TargetDocuments } from './targets.js';
import type { UnderWay } from './under-way.js';

/** What lanes work with. */
interface LanesParts {
  readonly clock: Clock;
  readonly pages: PageDocuments;
  readonly targets: TargetDocuments;
  readonly held: HeldPages;
  readonly asking: Asking;
  readonly ends: Ends;
  readonly sending: Sending;
  readonly underWay: UnderWay;
}

/**
 * Pages by where they go: one message at a time to each target, bundled where there are more than its cap lets through.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly parts: LanesParts) {}

  /** Puts a page into the lane of its target. */
  add(job: Job): void {
    const id = targetOf(job.record.page);
    const lane = this.#lanes.get(id) ?? emptyLane(id);
    this.#lanes.set(id, lane);
    lane.inbox.push(job);
  }

  /** Lets every waiting page ask for room again at that time. */
  wakeAll(now: Date): void {
    for (const lane of this.#lanes.values()) lane.wakeAt = Math.min(lane.wakeAt, now.getTime());
  }

  /** Begins to work through every lane that has something in it. */
  run(): void {
    for (const lane of this.#lanes.values()) if (lane.inbox.length > 0 || lane.queue.length > 0 || lane.waiting.size > 0) this.#run(lane);
  }

  /** Works through what a lane has, unless it is at it. */
  #run(lane: Lane): void {
    if (lane.running) return;
    lane.running = true;
    const { sending, underWay } = this.parts;
    underWay.begin(async () => {
      try {
        while (!sending.isStopped) {
          if (lane.inbox.length > 0) await this.#sort(lane);
          const job = lane.queue.shift();
          if (job) await sending.send(job);
          else if (lane.waiting.size === 0 || this.#now() < lane.wakeAt || !(await this.#claim(lane))) break;
        }
      } catch {
        lane.wakeAt = this.#now() + TROUBLE_MS;
      } finally {
        lane.running = false;
        if (lane.waiting.size + lane.queue.length + lane.inbox.length === 0) this.#lanes.delete(lane.id);
      }
    });
  }

  /** What may be sent at once, and what asks for room first. */
  async #sort(lane: Lane): Promise<void> {
    const jobs = lane.inbox;
    lane.inbox = [];
    for (const job of jobs) {
      const { page, attempts, members } = job.record;
      const asks = attempts.length === 0 && members === undefined && (await this.parts.asking.isCapped(page));
      if (asks) lane.waiting.set(page.key, job);
      else lane.queue.push(job);
    }
  }

  /** Decides which messages the waiting pages become. False where they have to wait on. */
  async #claim(lane: Lane): Promise<boolean> {
    const { targets, clock } = this.parts;
    await this.#withdrawUnwanted(lane, await targets.taken(lane.id));
    if (lane.waiting.size === 0) return true;
    const { messages, again } = await targets.claim(lane.id, [...lane.waiting.keys()], clock.now(), bundleKey);
    for (const [key, members] of messages) {
      const alone = lane.waiting.get(key);
      if (alone) {
        lane.waiting.delete(key);
        lane.queue.push(alone);
      } else await this.#bundle(lane, key, members);
    }
    if (again) lane.wakeAt = again.getTime();
    return messages.size > 0;
  }

  /** Takes out what nobody wants any more, of what no message was decided on for. */
  async #withdrawUnwanted(lane: Lane, taken: ReadonlySet<string>): Promise<void> {
    const { asking, ends, held } = this.parts;
    await forEach([...lane.waiting.values()], AT_ONCE, async (job) => {
      const { key } = job.record.page;
      if (taken.has(key)) return;
      const wanted = await asking.isWanted(job.record).catch(() => undefined);
      if (wanted === true) return;
      if (wanted === undefined) held.holdAWhile(key);
      else await ends.settle(job, 'withdrawn', []);
      lane.waiting.delete(key);
    });
  }

  /** Makes the bundle that was decided on. Its members stay held until it has ended. */
  async #bundle(lane: Lane, key: string, members: readonly string[]): Promise<void> {
    const { pages, ends, held } = this.parts;
    const there = await pages.readWhole(key);
    ends.bundled(key, members);
    const record = there ?? (await this.#createBundle(lane, key, members));
    for (const member of members) if (lane.waiting.delete(member)) held.hold(member);
    if (record === undefined) return;
    // One that was there comes from the agenda, where it is not under way already.
    if (there !== undefined || held.isHeld(key)) return;
    held.hold(key);
    lane.queue.push({ record, entries: [{ at: new Date(record.page.at), id: key }] });
  }

  async #createBundle(lane: Lane, key: string, members: readonly string[]): Promise<StoredPage | undefined> {
    const { pages, held, targets, clock } = this.parts;
    const found: Page[] = [];
    for (const member of members) {
      const record = await pages.read(member);
      if (record?.state === 'queued' && record.attempts.length === 0) found.push(record.page);
    }
    const page = found.length === members.length ? bundleOf(found, clock.now()) : undefined;
    if (page) {
      await held.schedule(key, new Date(page.at));
      return await pages.create(page, members);
    }
    // Another process has sent some of them since they were read: nothing went under this key, so the rest is decided
    // on anew.
    await targets.drop(lane.id, key);
    for (const member of members) {
      lane.waiting.delete(member);
      held.release(member);
    }
    return undefined;
  }

  #now(): number {
    return this.parts.clock.now().getTime();
  }
}
