import { setMaxListeners } from 'node:events';

import { isRunbackError, RunbackError } from '../../lib/index.js';
import { type Agenda, type AgendaEntry, ClockWatch } from '../../store/index.js';
import type { Delivery, Page } from '../channel.js';
import { CHANNEL_TRAITS } from '../registry.js';
import { attemptOnce } from './attempt.js';
import { bundleKey, bundleOf } from './bundle.js';
import { ChannelHolds } from './holds.js';
import { emptyLane, forEach, type Job, type Lane, Slots } from './lane.js';
import type { Attempt, Outbox, OutboxOptions, PageRecord } from './outbox.js';
import { Presence } from './presence.js';
import { backOffMs, ended, isAhead, leasedBy, PageDocuments, recordOf, type StoredPage, triesIn } from './records.js';
import { isCapped, targetOf, TargetDocuments } from './targets.js';

/** Beyond the time of an attempt, until its lease ends. */
const LEASE_MARGIN_MS = 15_000;
const HOUR_MS = 3_600_000;
/** Most entries of the agenda one tick takes. */
const TICK_LIMIT = 1000;
/** Documents read or settled at once. */
const AT_ONCE = 16;
/** Wait after the disk refused something. */
const TROUBLE_MS = 5000;
/** How long an entry that leads to no page is left alone: whoever adds it may not have written the page yet. */
const ORPHAN_MS = 600_000;

/** Opens the outbox of a store. Nothing is read or written yet. */
export function openOutbox(options: OutboxOptions): Outbox {
  return new StoredOutbox(options);
}

/** What is left of a dead letter that cannot be read: that there is one. */
function unreadable(key: string): PageRecord {
  const [id = key] = key.split('.');
  const title = 'A page that failed, whose record cannot be read';
  return {
    page: {
      key,
      kind: 'alert',
      incident: { id, title, severity: '', means: '', openedAt: '' },
      to: { channel: 'unknown', medium: 'channel' },
      subject: title,
      text: '',
      facts: [],
      links: {},
      at: '',
    },
    state: 'failed',
    attempts: [],
  };
}

class StoredOutbox implements Outbox {
  readonly #agenda: Agenda;
  readonly #pages: PageDocuments;
  readonly #targets: TargetDocuments;
  readonly #presence: Presence;
  readonly #holds: ChannelHolds;
  readonly #watch: ClockWatch;
  readonly #lanes = new Map<string, Lane>();
  readonly #slots = new Map<string, Slots>();
  readonly #types = new Map<string, string>();
  /** Pages this process is at: not taken from the agenda again. */
  readonly #held = new Set<string>();
  /** When some of them are let go; milliseconds. */
  readonly #heldUntil = new Map<string, number>();
  readonly #orphans = new Map<string, number>();
  /** Bundles under way here, with the keys of their members. */
  readonly #members = new Map<string, readonly string[]>();
  /** Ends that could not be written down yet. */
  readonly #unfinished = new Map<string, { readonly at: number; readonly work: () => Promise<void> }>();
  readonly #stop = new AbortController();
  #ticking: Promise<void> = Promise.resolve();
  #active = 0;
  #whenIdle: (() => void)[] = [];

  constructor(private readonly options: OutboxOptions) {
    this.#agenda = options.store.agenda('pages');
    this.#pages = new PageDocuments(options.store);
    this.#targets = new TargetDocuments(options.store, options.caps);
    this.#presence = new Presence(options.store, options.by);
    this.#holds = new ChannelHolds(options.store);
    this.#watch = new ClockWatch(options.store, options.clock, 'pages');
    // Every attempt under way listens to it.
    setMaxListeners(0, this.#stop.signal);
  }

  async put(page: Page): Promise<void> {
    const at = new Date(page.at);
    if (Number.isNaN(at.getTime())) throw new RunbackError('bug', `page ${page.key} has no time`);
    const damaged = await this.#isDamaged(page.key);
    if (!damaged && (await this.#pages.read(page.key)) !== undefined) return;
    await this.#agenda.add(at, page.key);
    if (damaged) await this.#pages.delete(page.key);
    await (damaged ? this.#pages.recreate(page) : this.#pages.create(page));
    // Changes nothing, unless the entry was taken for an orphan meanwhile.
    await this.#agenda.add(at, page.key);
  }

  async tick(): Promise<void> {
    this.#ticking = this.#ticking.then(async () => await this.#tick()).catch(() => undefined);
    await this.#ticking;
  }

  async idle(): Promise<void> {
    await this.#ticking;
    if (this.#active > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
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
    const found: PageRecord[] = [];
    for (const key of await this.options.store.list('dead-pages')) {
      const record = await this.#dead(key)
        .read()
        .catch((error: unknown) => {
          if (isRunbackError(error, 'document-damaged')) return unreadable(key);
          throw error;
        });
      if (record) found.push(record);
    }
    return found.sort((a, b) => Date.parse(a.page.at) - Date.parse(b.page.at));
  }

  async dismiss(key: string): Promise<void> {
    await this.#dead(key).delete();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.idle();
    await this.#presence.hide();
  }

  async #tick(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    if ((await this.#watch.wentBack()) !== undefined) await this.#lookAtAll();
    const now = this.options.clock.now();
    for (const [key, until] of this.#heldUntil) if (until <= now.getTime()) this.#release(key);
    for (const [key, { at, work }] of this.#unfinished) if (at <= now.getTime()) this.#finishLater(key, work);
    const due = await this.#agenda.due(now, { limit: TICK_LIMIT, except: this.#held });
    const byId = new Map<string, AgendaEntry[]>();
    for (const entry of due) byId.set(entry.id, [...(byId.get(entry.id) ?? []), entry]);
    for (const key of byId.keys()) this.#held.add(key);
    await forEach([...byId], AT_ONCE, async ([key, entries]) => {
      try {
        await this.#take(key, entries, now);
      } catch (error) {
        this.#hold(key, now.getTime() + TROUBLE_MS);
        if (isRunbackError(error, 'document-damaged')) await this.#tellDamaged(key);
      }
    });
    for (const lane of this.#lanes.values()) if (lane.inbox.length > 0 || lane.queue.length > 0 || lane.waiting.size > 0) this.#run(lane);
  }

  /** The clock went back: whatever waits for a time would wait longer by as much. */
  async #lookAtAll(): Promise<void> {
    const now = this.options.clock.now();
    for (const key of this.#heldUntil.keys()) this.#heldUntil.set(key, now.getTime());
    for (const [key, { at, work }] of this.#unfinished) if (Number.isFinite(at)) this.#unfinished.set(key, { at: now.getTime(), work });
    for (const lane of this.#lanes.values()) lane.wakeAt = Math.min(lane.wakeAt, now.getTime());
    this.#orphans.clear();
    for (const key of await this.options.store.list('pages')) await this.#agenda.add(now, key);
  }

  /** Looks at what an entry of the agenda is about. */
  async #take(key: string, entries: readonly AgendaEntry[], now: Date): Promise<void> {
    const record = await this.#pages.read(key);
    if (record === undefined) return await this.#orphan(key, entries, now);
    if (record.state !== 'queued') {
      if (record.members) return await this.#finishBundle({ record, entries });
      await this.#forgetEntries(entries);
      return this.#release(key);
    }
    const lease = leasedBy(record, now);
    if (lease && !(await this.#presence.isGone(lease.holder))) return this.#hold(key, Date.parse(lease.until));
    if (record.next !== undefined && Date.parse(record.next) > now.getTime() && !isAhead(record, now)) {
      await this.#agenda.add(new Date(record.next), key);
      await this.#forgetEntries(entries);
      return this.#release(key);
    }
    this.#laneOf(record.page).inbox.push({ record, entries });
  }

  /** A bundle is made again of its members; any other page is put in again by whoever wanted it. */
  async #tellDamaged(key: string): Promise<void> {
    for (const member of this.#members.get(key) ?? []) this.#release(member);
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

  async #orphan(key: string, entries: readonly AgendaEntry[], now: Date): Promise<void> {
    const since = this.#orphans.get(key) ?? now.getTime();
    this.#orphans.set(key, since);
    if (now.getTime() - since < ORPHAN_MS) return this.#hold(key, now.getTime() + TROUBLE_MS);
    await this.#forgetEntries(entries);
    if ((await this.#pages.read(key)) !== undefined) for (const { at } of entries) await this.#agenda.add(at, key);
    this.#orphans.delete(key);
    this.#release(key);
  }

  /** Works through what a lane has, unless it is at it. */
  #run(lane: Lane): void {
    if (lane.running) return;
    lane.running = true;
    this.#begin(async () => {
      try {
        while (!this.#stop.signal.aborted) {
          if (lane.inbox.length > 0) await this.#sort(lane);
          const job = lane.queue.shift();
          if (job) await this.#slotsOf(job.record.page.to.channel).with(async () => await this.#attempt(job));
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
      const asks = attempts.length === 0 && members === undefined && (await this.#isCapped(page));
      if (asks) lane.waiting.set(page.key, job);
      else lane.queue.push(job);
    }
  }

  /** Decides which messages the waiting pages become. False where they have to wait on. */
  async #claim(lane: Lane): Promise<boolean> {
    const taken = await this.#targets.taken(lane.id);
    await forEach([...lane.waiting.values()], AT_ONCE, async (job) => {
      const { key } = job.record.page;
      if (taken.has(key)) return;
      const wanted = await this.#isWanted(job.record).catch(() => undefined);
      if (wanted === true) return;
      if (wanted === undefined) this.#hold(key, this.#now() + TROUBLE_MS);
      else await this.#settle(job, 'withdrawn', []);
      lane.waiting.delete(key);
    });
    if (lane.waiting.size === 0) return true;
    const { messages, again } = await this.#targets.claim(lane.id, [...lane.waiting.keys()], this.options.clock.now(), bundleKey);
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

  /** Makes the bundle that was decided on. Its members stay held until it has ended. */
  async #bundle(lane: Lane, key: string, members: readonly string[]): Promise<void> {
    const there = await this.#pages.readWhole(key);
    this.#members.set(key, members);
    const record = there ?? (await this.#createBundle(lane, key, members));
    for (const member of members) if (lane.waiting.delete(member)) this.#hold(member);
    if (record === undefined) return;
    // One that was there comes from the agenda, where it is not under way already.
    if (there !== undefined || this.#held.has(key)) return;
    this.#held.add(key);
    lane.queue.push({ record, entries: [{ at: new Date(record.page.at), id: key }] });
  }

  async #createBundle(lane: Lane, key: string, members: readonly string[]): Promise<StoredPage | undefined> {
    const pages: Page[] = [];
    for (const member of members) {
      const record = await this.#pages.read(member);
      if (record?.state === 'queued' && record.attempts.length === 0) pages.push(record.page);
    }
    const page = pages.length === members.length ? bundleOf(pages, this.options.clock.now()) : undefined;
    if (page) {
      await this.#agenda.add(new Date(page.at), key);
      return await this.#pages.create(page, members);
    }
    // Another process has sent some of them since they were read: nothing went under this key, so the rest is decided on anew.
    await this.#targets.drop(lane.id, key);
    for (const member of members) {
      lane.waiting.delete(member);
      this.#release(member);
    }
    return undefined;
  }

  async #attempt(job: Job): Promise<void> {
    const { page, lease } = job.record;
    if (this.#stop.signal.aborted) return;
    try {
      if (!(await this.#isWanted(job.record))) return await this.#settle(job, 'withdrawn', job.record.attempts);
      if (await this.#isAfterOthers(page)) return this.#hold(page.key, this.#now() + TROUBLE_MS);
      const free = await this.#freeAt(job.record);
      if (free !== undefined) {
        await this.#agenda.add(free, page.key);
        await this.#forgetEntries(job.entries);
        return this.#release(page.key);
      }
      await this.#presence.show();
      const timeoutMs = this.options.attemptTimeoutMs ?? 30_000;
      const now = this.options.clock.now();
      // Where it still runs and the page came here all the same, its holder is gone.
      const gone = leasedBy(job.record, now) && lease?.holder;
      const leased = await this.#pages.lease(page.key, this.#presence.holder, now, timeoutMs + LEASE_MARGIN_MS, gone);
      if (leased === undefined) return this.#hold(page.key, now.getTime() + TROUBLE_MS);
      // Asked again now that others can see that it is under way: whoever changes what is so from here on waits for it.
      if (!(await this.#isWanted(leased))) return await this.#settle({ ...job, record: leased }, 'withdrawn', job.record.attempts);
      const { channel, clock } = this.options;
      const signal = this.#stop.signal;
      const delivery = await attemptOnce(leased.page, leased.attempts.length, { channel, clock, timeoutMs, signal });
      if (delivery === undefined) return;
      const begun = { record: leased, entries: job.entries };
      await this.#orLater(page.key, async () => await this.#conclude(begun, delivery));
    } catch {
      // Nothing was sent: the disk or the store refused.
      this.#hold(page.key, this.#now() + TROUBLE_MS);
    }
  }

  async #conclude(job: Job, delivery: Delivery): Promise<void> {
    const { page, attempts } = job.record;
    if (delivery.state === 'accepted') return await this.#settle(job, 'accepted', ended(attempts, { state: 'accepted', receipt: delivery.receipt }));
    const needs = delivery.state === 'permanent' ? delivery.needs : undefined;
    const outcome = ended(attempts, { state: delivery.state, why: delivery.why, ...(needs === undefined ? {} : { needs }) });
    const now = this.#now();
    const giveUpAt = this.#giveUpAt(outcome, now);
    if (delivery.state === 'permanent' || now >= giveUpAt) return await this.#settle(job, 'failed', outcome);
    // One last time when it would be given up, however long the service asks to be left alone.
    const next = new Date(Math.min(now + Math.max(backOffMs(triesIn(outcome)), delivery.retryAfterMs ?? 0), giveUpAt));
    if (delivery.retryAfterMs !== undefined)
      await this.#holds.hold(page.to.channel, new Date(now), Math.min(delivery.retryAfterMs, this.options.giveUpAfterMs ?? HOUR_MS));
    const { lease: _, ...rest } = job.record;
    await this.#agenda.add(next, page.key);
    await this.#pages.write({ ...rest, attempts: outcome, next: next.toISOString() });
    await this.#forgetEntries(job.entries);
    this.#release(page.key);
  }

  /** When a page has its last chance: counted from the first attempt that ended; one that was cut short says nothing of the service. */
  #giveUpAt(attempts: readonly Attempt[], now: number): number {
    const first = attempts.find(({ state }) => state !== 'started');
    return Math.min(now, first === undefined ? now : Date.parse(first.at)) + (this.options.giveUpAfterMs ?? HOUR_MS);
  }

  /** When a page may go whose service has asked to be left alone; undefined: now. Its last chance it has in any case. */
  async #freeAt({ page, attempts }: StoredPage): Promise<Date | undefined> {
    const now = this.options.clock.now();
    const until = await this.#holds.until(page.to.channel, now);
    if (until === undefined) return undefined;
    const tried = triesIn(attempts) > 0;
    const last = tried ? this.#giveUpAt(attempts, now.getTime()) : Date.parse(page.at) + (this.options.giveUpAfterMs ?? HOUR_MS);
    const free = Math.min(until.getTime(), last);
    return free > now.getTime() ? new Date(free) : undefined;
  }

  async #settle(job: Job, state: Exclude<PageRecord['state'], 'queued'>, attempts: readonly Attempt[]): Promise<void> {
    const { page, members } = job.record;
    if (members) {
      const removeAt = new Date(this.#now() + HOUR_MS).toISOString();
      const record: StoredPage = { page, state, attempts, members, removeAt };
      await this.#pages.write(record);
      return await this.#finishBundle({ record, entries: job.entries });
    }
    await this.#end({ page, state, attempts });
    await this.#forgetEntries(job.entries);
    if (this.#mayBeCapped(page)) await this.#targets.drop(targetOf(page.to), page.key);
    this.#release(page.key);
  }

  /** Writes a page's end down, having told whoever waits for it. */
  async #end(record: PageRecord): Promise<void> {
    if (record.state === 'failed') await this.#dead(record.page.key).update(() => record);
    await this.options.beforeSettled?.(record);
    await this.#pages.write(record);
    await this.options.afterSettled?.(record);
  }

  /** Gives a settled bundle's end to its members; later, takes the bundle out. */
  async #finishBundle({ record, entries }: Job): Promise<void> {
    const { page, state, attempts, members = [], removeAt = page.at } = record;
    const target = targetOf(page.to);
    if (this.#now() >= Date.parse(removeAt)) {
      await this.#targets.drop(target, page.key);
      await this.#pages.delete(page.key);
      await this.#forgetEntries(entries);
      return this.#release(page.key);
    }
    this.#members.delete(page.key);
    await forEach(members, AT_ONCE, async (key) => {
      const member = await this.#pages.read(key).catch(() => undefined);
      if (member?.state === 'queued') await this.#end({ page: member.page, state, attempts, bundle: page.key });
      if (member) await this.#agenda.remove({ at: new Date(member.page.at), id: key });
      this.#release(key);
    });
    await this.#agenda.add(new Date(removeAt), page.key);
    await this.#forgetEntries(entries);
    await this.#targets.drop(target, page.key);
    this.#release(page.key);
  }

  /** Does what ends a page; where it fails, again with a later tick, and nothing is sent meanwhile. */
  async #orLater(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#unfinished.delete(key);
    } catch {
      this.#unfinished.set(key, { at: this.#now() + TROUBLE_MS, work });
    }
  }

  #finishLater(key: string, work: () => Promise<void>): void {
    this.#unfinished.set(key, { at: Number.POSITIVE_INFINITY, work });
    this.#begin(async () => await this.#orLater(key, work));
  }

  async #isWanted({ page, members }: StoredPage): Promise<boolean> {
    const { wanted } = this.options;
    if (!wanted) return true;
    try {
      if (!members) return await wanted(page);
      for (const key of members) {
        const member = await this.#pages.read(key);
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
  async #isAfterOthers(page: Page): Promise<boolean> {
    const earlier = (await this.options.after?.(page).catch(() => [])) ?? [];
    for (const key of earlier) {
      const record = await this.#pages.read(key).catch(() => undefined);
      const lease = record?.state === 'queued' ? leasedBy(record, this.options.clock.now()) : undefined;
      if (lease && lease.holder !== this.#presence.holder && !(await this.#presence.isGone(lease.holder))) return true;
    }
    return false;
  }

  #mayBeCapped({ kind }: Page): boolean {
    return kind !== 'test' && kind !== 'bundle' && isCapped(this.options.caps);
  }

  async #isCapped(page: Page): Promise<boolean> {
    return this.#mayBeCapped(page) && CHANNEL_TRAITS[await this.#typeOf(page.to.channel)]?.readByPeople === true;
  }

  /** Type of a channel; empty where it cannot be opened now: the attempt will say why. */
  async #typeOf(name: string): Promise<string> {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const timer = new AbortController();
    const late = this.options.clock.sleep(this.options.attemptTimeoutMs ?? 30_000, timer.signal).catch(() => undefined);
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

  /** Runs something that {@link idle} waits for. */
  #begin(work: () => Promise<void>): void {
    this.#active += 1;
    void work().finally(() => {
      this.#active -= 1;
      if (this.#active > 0) return;
      const waiting = this.#whenIdle;
      this.#whenIdle = [];
      for (const resolve of waiting) resolve();
    });
  }

  #laneOf(page: Page): Lane {
    const id = targetOf(page.to);
    const lane = this.#lanes.get(id) ?? emptyLane(id);
    this.#lanes.set(id, lane);
    return lane;
  }

  #slotsOf(channel: string): Slots {
    const slots = this.#slots.get(channel) ?? new Slots(this.options.concurrency ?? 8);
    this.#slots.set(channel, slots);
    return slots;
  }

  #hold(key: string, until?: number): void {
    this.#held.add(key);
    if (until === undefined) this.#heldUntil.delete(key);
    else this.#heldUntil.set(key, until);
  }

  #release(key: string): void {
    this.#held.delete(key);
    this.#heldUntil.delete(key);
  }

  async #forgetEntries(entries: readonly AgendaEntry[]): Promise<void> {
    for (const entry of entries) await this.#agenda.remove(entry);
  }

  #dead(key: string) {
    return this.options.store.document<PageRecord>('dead-pages', key);
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }
}
