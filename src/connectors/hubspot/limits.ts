import { type CallOptions, type Clock, type HttpAnswer, type RateGate, retryAfterMs, RollingWindow, RunbackError } from '../../lib/index.js';
import { troubleOf } from './trouble.js';
import { textIn } from './wire.js';

/** Lane of requests that write. */
export const WRITES = 'write';
/** What every plan allows at least; raised to what the headers say after the first answer. */
const LEAST_PER_10S = 100;
/** Search has its own limit and its answers carry no headers; the vendor's documents have named four and five a second. */
const SEARCH_PER_SECOND = 4;

/** First and longest pause after an answer of trouble, for all requests of that kind; it doubles until one goes well. */
const REST_MS = 1000;
const LONGEST_REST_MS = 10_000;

/** How fast runback may be, from runback.yml. */
export interface LimitSettings {
  readonly requests_per_10s?: number;
  readonly requests_per_day?: number;
}

/**
 * Holds requests back so that HubSpot never has to refuse one, as far as it can be known: by the setting, by the
 * `X-HubSpot-RateLimit-*` headers of every answer (which also tell what other users of the same token take), and after a 429. After
 * an answer of trouble (locked, a gateway's page) writes rest as well: many batches must not run into the same wall one after the other.
 */
export class HubSpotGate implements RateGate {
  readonly #clock: Clock;
  readonly #settings: LimitSettings;
  readonly #all: RollingWindow;
  readonly #search: RollingWindow;
  #today = 0;
  #dailyLeft: number | undefined;
  #wake: (() => void)[] = [];
  /** Answers of trouble to writes since the last one that went well, and when the next may go (monotonic). */
  #rest = { after: 0, until: 0 };

  constructor(settings: LimitSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#all = new RollingWindow(settings.requests_per_10s ?? LEAST_PER_10S, 10_000, clock);
    this.#search = new RollingWindow(SEARCH_PER_SECOND, 1000, clock);
  }

  /** Calls left today: the smaller of what HubSpot says and what the setting leaves to this process. */
  get dailyLeft(): number | undefined {
    const own = this.#settings.requests_per_day === undefined ? undefined : Math.max(0, this.#settings.requests_per_day - this.#today);
    if (own === undefined) return this.#dailyLeft;
    return this.#dailyLeft === undefined ? own : Math.min(own, this.#dailyLeft);
  }

  async enter(lane: string | undefined, call: CallOptions): Promise<void> {
    if (this.#settings.requests_per_day !== undefined && this.#today >= this.#settings.requests_per_day)
      throw new RunbackError('platform-limit', `All ${String(this.#settings.requests_per_day)} requests of limits.requests_per_day are used`, {
        why: 'The limit stands in runback.yml, so that other integrations keep their share.',
        state: 'This request was not sent.',
        next: 'Raise limits.requests_per_day of the platform in runback.yml, or go on tomorrow: what was begun can be resumed.',
      });
    this.#today += 1;
    if (lane === 'search') await this.#place(this.#search, call);
    if (lane === WRITES) await this.#rested(call);
    await this.#place(this.#all, call);
  }

  leave(lane: string | undefined, answer: HttpAnswer | undefined): void {
    this.#all.end();
    if (lane === 'search') this.#search.end();
    if (answer) this.#learn(answer.headers);
    if (answer && lane === WRITES) this.#restAfter(answer);
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  backOff(lane: string | undefined, answer: HttpAnswer, attempt: number): number | undefined {
    const policy = textIn(answer.body, 'policyName') ?? '';
    if (policy.includes('DAILY') || textIn(answer.body, 'message')?.includes('daily limit')) return undefined;
    const asked = retryAfterMs(answer, this.#clock.now());
    const ms = asked ?? Math.min(10_000, 1000 * 2 ** (attempt - 1));
    (lane === 'search' ? this.#search : this.#all).block(ms);
    return ms;
  }

  #restAfter(answer: HttpAnswer): void {
    const trouble = troubleOf(answer);
    const now = this.#clock.monotonicMs();
    if (!trouble) this.#rest = { after: 0, until: 0 };
    else if (now >= this.#rest.until) {
      const ms = Math.min(LONGEST_REST_MS, Math.max(trouble.leastMs ?? 0, REST_MS * 2 ** this.#rest.after));
      this.#rest = { after: this.#rest.after + 1, until: now + ms };
    }
  }

  async #rested(call: CallOptions): Promise<void> {
    for (let ms = this.#rest.until - this.#clock.monotonicMs(); ms > 0; ms = this.#rest.until - this.#clock.monotonicMs()) {
      call.reporter?.waiting({ reason: 'HubSpot had trouble with the last write', ms });
      await this.#clock.sleep(ms, call.signal);
    }
  }

  #learn(headers: Readonly<Record<string, string>>): void {
    const number = (name: string): number | undefined => {
      const text = headers[`x-hubspot-ratelimit-${name}`];
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
    };
    this.#dailyLeft = number('daily-remaining') ?? this.#dailyLeft;
    const max = number('max');
    if (max === undefined) return;
    const allowed = Math.min(max, this.#settings.requests_per_10s ?? max);
    const remaining = number('remaining');
    // What others took is measured against HubSpot's own limit, then held against ours.
    this.#all.learn(allowed, number('interval-milliseconds') ?? 10_000, remaining === undefined ? undefined : remaining - (max - allowed));
  }

  async #place(window: RollingWindow, call: CallOptions): Promise<void> {
    for (;;) {
      call.signal?.throwIfAborted();
      const ms = window.take();
      if (ms === undefined) return;
      if (ms === 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
      else {
        if (ms >= 250)
          call.reporter?.waiting({ reason: `HubSpot allows ${String(window.limit)} requests in ${String(window.intervalMs / 1000)} s`, ms });
        await this.#clock.sleep(ms, call.signal);
      }
    }
  }
}
