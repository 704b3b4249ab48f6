import {
  counted,
  type CallOptions,
  type Clock,
  type HttpAnswer,
  type RateGate,
  retryAfterMs,
  RollingWindow,
  RunbackError,
  type Trouble,
} from '../../lib/index.js';
import type { Pace, Rate } from '../connector.js';

/** Lane of requests that write. */
export const WRITES = 'write';

/**
 * First and longest pause after an answer of trouble, for all requests of that kind; it doubles until one goes well.
 */
const REST_MS = 1000;
const LONGEST_REST_MS = 10_000;

/** What an answer's headers tell of the limits. */
export interface Told {
  /** The limit as the platform has it, and what is left of it now, for all users of the credentials. */
  readonly rate?: Rate;
  readonly remaining?: number;
  readonly daily?: { readonly limit: number; readonly left: number };
  readonly dailyLeft?: number;
}

/** The limits of a vendor. */
export interface GateRules {
  /** For people. */
  readonly name: string;
  /**
   * What every account allows at least, or what the setting allows; raised to what the headers say, never over `most`.
   */
  readonly rate: Rate;
  /** From runback.yml: no more in the interval of `rate`, and none beyond this in a day. */
  readonly most?: number;
  readonly mostPerDay?: number;
  /** Limits of their own of some requests, by lane, beside the one of all. */
  readonly lanes?: Readonly<Record<string, Rate>>;
  told(headers: Readonly<Record<string, string>>): Told;
  /** Whether a 429 means that waiting does not help today. */
  isForToday(answer: HttpAnswer): boolean;
  troubleOf(answer: HttpAnswer): Trouble | undefined;
}

/**
 * Holds requests back so that a platform never has to refuse one, as far as it can be known: by the setting, by the
 * headers of every answer (which also tell what other users of the same credentials take), and after a 429. After an
 * answer of trouble (locked, a gateway's page) writes rest as well: many batches must not run into the same wall one
 * after the other.
 */
export class Gate implements RateGate {
  readonly #clock: Clock;
  readonly #rules: GateRules;
  readonly #all: RollingWindow;
  readonly #lanes: ReadonlyMap<string, RollingWindow>;
  #today = 0;
  #dailyLeft: number | undefined;
  #daily: Told['daily'];
  #wake: (() => void)[] = [];
  /** Answers of trouble to writes since the last one that went well, and when the next may go (monotonic). */
  #rest = { after: 0, until: 0 };

  constructor(rules: GateRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
    this.#all = new RollingWindow(rules.most ?? rules.rate.limit, rules.rate.intervalMs, clock);
    this.#lanes = new Map(Object.entries(rules.lanes ?? {}).map(([lane, rate]) => [lane, new RollingWindow(rate.limit, rate.intervalMs, clock)]));
  }

  /** Calls left today: the smaller of what the platform says and what the setting leaves to this process. */
  get dailyLeft(): number | undefined {
    const { mostPerDay } = this.#rules;
    const own = mostPerDay === undefined ? undefined : Math.max(0, mostPerDay - this.#today);
    if (own === undefined) return this.#dailyLeft;
    return this.#dailyLeft === undefined ? own : Math.min(own, this.#dailyLeft);
  }

  /** What it keeps to now. */
  get pace(): Pace {
    const rateOf = ({ limit, intervalMs }: RollingWindow): Rate => ({ limit, intervalMs });
    return { all: rateOf(this.#all), lanes: Object.fromEntries([...this.#lanes].map(([lane, window]) => [lane, rateOf(window)])) };
  }

  /** What the platform last said of the day. */
  get daily(): Told['daily'] {
    return this.#daily;
  }

  async enter(lane: string | undefined, call: CallOptions): Promise<void> {
    const { mostPerDay } = this.#rules;
    if (mostPerDay !== undefined && this.#today >= mostPerDay)
      throw new RunbackError('platform-limit', `All ${String(mostPerDay)} requests of limits.requests_per_day are used`, {
        why: 'The limit is in runback.yml, so that other integrations keep their share.',
        state: 'This request was not sent.',
        next: 'Raise limits.requests_per_day of the platform in runback.yml, or continue tomorrow: what was started can be resumed.',
      });
    this.#today += 1;
    const own = this.#laneOf(lane);
    if (own) await this.#place(own, call);
    if (lane === WRITES) await this.#rested(call);
    await this.#place(this.#all, call);
  }

  leave(lane: string | undefined, answer: HttpAnswer | undefined): void {
    this.#all.end();
    this.#laneOf(lane)?.end();
    if (answer) this.#learn(this.#rules.told(answer.headers));
    if (answer && lane === WRITES) this.#restAfter(answer);
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  backOff(lane: string | undefined, answer: HttpAnswer, attempt: number): number | undefined {
    if (this.#rules.isForToday(answer)) return undefined;
    const asked = retryAfterMs(answer, this.#clock.now());
    const ms = asked ?? Math.min(10_000, 1000 * 2 ** (attempt - 1));
    (this.#laneOf(lane) ?? this.#all).block(ms);
    return ms;
  }

  #laneOf(lane: string | undefined): RollingWindow | undefined {
    return lane === undefined ? undefined : this.#lanes.get(lane);
  }

  #restAfter(answer: HttpAnswer): void {
    const trouble = this.#rules.troubleOf(answer);
    const now = this.#clock.monotonicMs();
    if (!trouble) this.#rest = { after: 0, until: 0 };
    else if (now >= this.#rest.until) {
      const ms = Math.min(LONGEST_REST_MS, Math.max(trouble.leastMs ?? 0, REST_MS * 2 ** this.#rest.after));
      this.#rest = { after: this.#rest.after + 1, until: now + ms };
    }
  }

  async #rested(call: CallOptions): Promise<void> {
    for (let ms = this.#rest.until - this.#clock.monotonicMs(); ms > 0; ms = this.#rest.until - this.#clock.monotonicMs()) {
      call.reporter?.waiting({ reason: `${this.#rules.name} reported a problem with the last write`, ms });
      await this.#clock.sleep(ms, call.signal);
    }
  }

  #learn({ rate, remaining, dailyLeft, daily }: Told): void {
    this.#daily = daily ?? this.#daily;
    this.#dailyLeft = dailyLeft ?? this.#dailyLeft;
    if (rate === undefined) return;
    const allowed = Math.min(rate.limit, this.#rules.most ?? rate.limit);
    // What others took is measured against the platform's own limit, then held against ours.
    this.#all.learn(allowed, rate.intervalMs, remaining === undefined ? undefined : remaining - (rate.limit - allowed));
  }

  async #place(window: RollingWindow, call: CallOptions): Promise<void> {
    for (;;) {
      call.signal?.throwIfAborted();
      const ms = window.take();
      if (ms === undefined) return;
      if (ms === 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
      else {
        if (ms >= 250) {
          const reason = `${this.#rules.name} allows ${counted(window.limit, 'requests')} in ${String(window.intervalMs / 1000)} s`;
          call.reporter?.waiting({ reason, ms });
        }
        await this.#clock.sleep(ms, call.signal);
      }
    }
  }
}
