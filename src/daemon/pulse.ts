import type { Clock } from '../lib/index.js';

/** No finished pass for so long means that the daemon is stuck. */
const STUCK_MS = 60_000;

/** What is counted of one ticker. */
export interface TickerPulse {
  ticks: number;
  failures: number;
  seconds: number;
  /** Why its last tick failed; undefined where it did not. */
  failing: string | undefined;
}

/** What is counted of the dead-man's ping. */
export interface PingPulse {
  sent: number;
  failed: number;
  withheld: number;
  lastSentAt: Date | undefined;
  /** Why none may be sent at present. */
  withheldBecause: string | undefined;
}

/** How the daemon is: counted by the loop, shown by `/healthz`, `/metrics` and the status page. Kept in memory only. */
export class Pulse {
  readonly startedAt: Date;
  readonly tickers = new Map<string, TickerPulse>();
  /** Tickers that only watch, and what they have found; see `Ticker.watches`. */
  readonly found = new Map<string, string>();
  /** Undefined where no ping is set up. */
  ping: PingPulse | undefined;
  passes = 0;
  #lastPassMs: number;

  constructor(private readonly clock: Clock) {
    this.startedAt = clock.now();
    this.#lastPassMs = clock.monotonicMs();
  }

  /** The counts of a ticker, from zero where it is new. */
  ticker(name: string): TickerPulse {
    const known = this.tickers.get(name);
    if (known) return known;
    const fresh: TickerPulse = { ticks: 0, failures: 0, seconds: 0, failing: undefined };
    this.tickers.set(name, fresh);
    return fresh;
  }

  /** A pass has ended in which every ticker did its work. */
  passed(): void {
    this.passes += 1;
    this.#lastPassMs = this.clock.monotonicMs();
  }

  /** Milliseconds since the last pass that went well; since the start where there was none. */
  get sinceLastPassMs(): number {
    return Math.max(0, this.clock.monotonicMs() - this.#lastPassMs);
  }

  /** True while what is due gets done, by the rules that were written last. */
  get healthy(): boolean {
    return this.sinceLastPassMs < STUCK_MS && this.found.size === 0;
  }

  /** Tickers that fail at present, with the reason. */
  get failing(): readonly string[] {
    return [...this.tickers].flatMap(([name, { failing }]) => (failing === undefined ? [] : [`${name}: ${failing}`]));
  }
}
