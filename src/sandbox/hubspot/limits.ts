import type { Clock } from '../../lib/index.js';
import { tooManyRequests, type LimitPolicy } from './failure.js';

/** Limits of one account, per app. */
export interface LimitSettings {
  /** Requests in any ten seconds. HubSpot: 100 (Free, Starter), 190 (Professional and up), 250 (add-on). */
  readonly per10s: number;
  readonly perDay: number;
  /** Search requests in any second; they do not count towards the rolling limit's headers. */
  readonly searchPerSecond: number;
}

/** What a Free or Starter account has. */
export const DEFAULT_LIMITS: LimitSettings = { per10s: 100, perDay: 250_000, searchPerSecond: 5 };

const INTERVAL_MS = 10_000;
const DAY_MS = 86_400_000;

/** The limits of one app: rolling windows that only accepted requests fill. */
export class RateLimiter {
  private readonly recent: number[] = [];
  private readonly searches: number[] = [];
  private dayStartedAt: number;
  private usedToday = 0;
  /** Requests that were refused. */
  readonly refused: Record<LimitPolicy, number> = { TEN_SECONDLY_ROLLING: 0, SECONDLY: 0, DAILY: 0 };

  constructor(
    public settings: LimitSettings,
    private readonly clock: Clock,
    private readonly appId: string,
  ) {
    this.dayStartedAt = clock.monotonicMs();
  }

  /** Lets one request in, or throws HubSpot's 429. */
  admit(isSearch: boolean): void {
    const now = this.clock.monotonicMs();
    if (now - this.dayStartedAt >= DAY_MS) {
      this.dayStartedAt = now;
      this.usedToday = 0;
    }
    forget(this.recent, now - INTERVAL_MS);
    forget(this.searches, now - 1000);
    if (this.usedToday >= this.settings.perDay) throw this.refuse('DAILY');
    if (isSearch && this.searches.length >= this.settings.searchPerSecond) throw this.refuse('SECONDLY');
    if (this.recent.length >= this.settings.per10s) throw this.refuse('TEN_SECONDLY_ROLLING');
    if (isSearch) this.searches.push(now);
    this.recent.push(now);
    this.usedToday += 1;
  }

  /** The headers of an answer: all of them, or for a search the pair of the day. */
  headers(isSearch: boolean): Record<string, string> {
    forget(this.recent, this.clock.monotonicMs() - INTERVAL_MS);
    const { per10s, perDay } = this.settings;
    const day = {
      'X-HubSpot-RateLimit-Daily': String(perDay),
      'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, perDay - this.usedToday)),
    };
    if (isSearch) return day;
    const secondly = Math.ceil(per10s / 10);
    const lastSecond = this.recent.filter((at) => at > this.clock.monotonicMs() - 1000).length;
    return {
      ...day,
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(INTERVAL_MS),
      'X-HubSpot-RateLimit-Max': String(per10s),
      'X-HubSpot-RateLimit-Remaining': String(Math.max(0, per10s - this.recent.length)),
      'X-HubSpot-RateLimit-Secondly': String(secondly),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(Math.max(0, secondly - lastSecond)),
    };
  }

  /** Calls made today, as the usage endpoint tells it. */
  usage(): { readonly limit: number; readonly used: number } {
    return { limit: this.settings.perDay, used: this.usedToday };
  }

  private refuse(policy: LimitPolicy): Error {
    this.refused[policy] += 1;
    return tooManyRequests(policy, this.appId);
  }
}

/** Drops times at or before `limit` from the front of an ascending list. */
function forget(times: number[], limit: number): void {
  let old = 0;
  while (old < times.length && (times[old] as number) <= limit) old += 1;
  if (old > 0) times.splice(0, old);
}
