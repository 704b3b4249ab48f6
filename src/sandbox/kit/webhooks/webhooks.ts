import type { Clock } from '../../../lib/index.js';
import type { Cause } from '../../automation.js';
import type { TrueValues } from '../../values.js';
import { post } from './post.js';

/** A change of a record, as those are told of it who listen. */
export interface ToldChange {
  readonly object: string;
  readonly key: string;
  /** Undefined where the record is new. */
  readonly before: TrueValues | undefined;
  /** Undefined where it is gone. */
  readonly after: TrueValues | undefined;
  readonly because: Cause;
}

/** One thing that a vendor tells of a change. */
export interface Notification<B> {
  /** By which a listener can know it again. */
  readonly id: string;
  /** When it happened, milliseconds since 1970. */
  readonly at: number;
  readonly about: B;
}

/** How a vendor tells of changes. `B`: what one notification is about. */
export interface WebhookForm<B> {
  /** What is told of a change, in the vendor's order; nothing where it tells nobody of such a change. */
  of(change: ToldChange): readonly B[];
  /** Notifications that one request carries at most. */
  readonly most: number;
  /** The request. `attempt`: how often it failed before. */
  request(
    some: readonly Notification<B>[],
    attempt: number,
  ): { readonly type: string; readonly headers?: Readonly<Record<string, string>>; readonly body: string };
  /** Whether an answer says that it was taken. */
  taken(status: number, body: string): boolean;
  /** The id of the nth notification. */
  idOf(n: number): string;
}

/** What goes wrong on the way, as the vendors say that it can: of all notifications, counted from 1. */
export interface Disturbance {
  /** Every nth is delivered twice, the second time so much later; at once unless said. */
  readonly twiceEvery?: number;
  readonly againMs?: number;
  /** The second time comes behind so many later notifications instead, when its value may be an old one. */
  readonly againAfter?: number;
  /** Every nth comes so much later, behind those of later changes. */
  readonly lateEvery?: number;
  readonly lateMs?: number;
  /** Those of one request come in the opposite order. */
  readonly reversed?: boolean;
}

/** The webhooks of an account, as the seam offers them. */
export interface Webhooks {
  /** Tells an address of every change from now on; gives the id to take it away with. Throws a RangeError for one that is not on this machine. */
  subscribe(url: string): string;
  unsubscribe(id: string): boolean;
  /** How deliveries go wrong from now on; nothing does where it is empty. */
  disturb(disturbance: Disturbance): void;
  /** Requests that were sent so far, repeated ones too. */
  readonly sent: number;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

/** What is still to be sent to one address. */
interface Target<B> {
  readonly id: string;
  readonly url: string;
  queue: Notification<B>[];
}

const RETRY_MS = 1000;
const MOST_ATTEMPTS = 10;

/**
 * Delivers the changes of one account by HTTP, to this machine only. Each notification is delivered at least once, in no promised order:
 * one that is not taken is sent again, a second later, then two, and so on, ten times. Changes of one moment go together.
 */
export class WebhookSender<B> implements Webhooks {
  readonly #targets = new Map<string, Target<B>>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #disturbance: Disturbance = {};
  #again: { readonly target: Target<B>; readonly notification: Notification<B>; readonly due: number }[] = [];
  #told = 0;
  #ids = 0;
  sent = 0;

  constructor(
    private readonly clock: Clock,
    private readonly form: WebhookForm<B>,
  ) {}

  subscribe(url: string): string {
    if (!['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname))
      throw new RangeError(`A sandbox tells nobody but this machine, not ${url}`);
    this.#ids += 1;
    const id = `webhook-${this.#ids}`;
    this.#targets.set(id, { id, url, queue: [] });
    return id;
  }

  unsubscribe(id: string): boolean {
    return this.#targets.delete(id);
  }

  disturb(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
  }

  /** Takes a change to whoever listens. */
  tell(change: ToldChange): void {
    if (this.#targets.size === 0) return;
    for (const about of this.form.of(change)) {
      this.#told += 1;
      const notification = { id: this.form.idOf(this.#told), at: this.clock.now().getTime(), about };
      for (const target of this.#targets.values()) this.#put(target, notification, this.#told);
      const due = this.#again.filter((one) => one.due <= this.#told);
      this.#again = this.#again.filter((one) => one.due > this.#told);
      for (const one of due) this.#queue(one.target, one.notification);
    }
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#targets.clear();
    await Promise.allSettled(this.#underWay);
  }

  #put(target: Target<B>, notification: Notification<B>, n: number): void {
    const { twiceEvery = 0, againMs = 0, againAfter = 0, lateEvery = 0, lateMs = 0 } = this.#disturbance;
    const later = (ms: number): void =>
      this.#goes(async () => {
        if (ms > 0) await this.clock.sleep(ms, this.#stopping.signal);
        await this.#deliver(target, [notification]);
      });
    const isTwice = twiceEvery > 0 && n % twiceEvery === 0;
    if (isTwice && againAfter > 0) this.#again.push({ target, notification, due: n + againAfter });
    else if (isTwice) later(againMs);
    if (lateEvery > 0 && n % lateEvery === 0) return later(lateMs);
    this.#queue(target, notification);
  }

  #queue(target: Target<B>, notification: Notification<B>): void {
    target.queue.push(notification);
    if (target.queue.length === 1) this.#goes(async () => await this.#flush(target));
  }

  /** What came together with the first goes with it. */
  async #flush(target: Target<B>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const all = target.queue;
    target.queue = [];
    for (let at = 0; at < all.length; at += this.form.most) await this.#deliver(target, all.slice(at, at + this.form.most));
  }

  async #deliver(target: Target<B>, given: readonly Notification<B>[]): Promise<void> {
    const some = this.#disturbance.reversed === true ? given.toReversed() : given;
    for (let attempt = 0; attempt < MOST_ATTEMPTS && this.#targets.has(target.id); attempt += 1) {
      this.sent += 1;
      const answer = await post(target.url, this.form.request(some, attempt), this.#stopping.signal);
      if (answer !== undefined && this.form.taken(answer.status, answer.body)) return;
      await this.clock.sleep(RETRY_MS * 2 ** attempt, this.#stopping.signal);
    }
  }

  #goes(run: () => Promise<void>): void {
    // A sandbox that stops delivers nothing more.
    const going = run().catch(() => undefined);
    this.#underWay.add(going);
    void going.finally(() => this.#underWay.delete(going));
  }
}

/** Ends what a sandbox tells others, and then what it answers. */
export async function stopBoth(webhooks: { stop(): Promise<void> }, served: { stop(): Promise<void> }): Promise<void> {
  await webhooks.stop();
  await served.stop();
}
