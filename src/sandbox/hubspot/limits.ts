import { type Clock, DAY_MS, dayOf, instantOf, localOf } from '../../lib/index.js';
import { DailyQuota, RollingWindow } from '../kit/window.js';
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

/** The zone of every account here: a day of its limits ends at its midnight. */
export const ACCOUNT_ZONE = 'US/Eastern';

const midnightAfter = (at: number): number => instantOf(dayOf(localOf(at, ACCOUNT_ZONE)) + DAY_MS, ACCOUNT_ZONE);

const INTERVAL_MS = 10_000;

/** The limits of one app: rolling windows that only accepted requests fill. */
export class RateLimiter {
  private readonly recent: RollingWindow;
  private readonly searches: RollingWindow;
  private readonly today: DailyQuota;
  /** Requests that were refused. */
  readonly refused: Record<LimitPolicy, number> = { TEN_SECONDLY_ROLLING: 0, SECONDLY: 0, DAILY: 0 };

  constructor(
    public settings: LimitSettings,
    clock: Clock,
    private readonly appId: string,
    /** Apps with OAuth have no limit of a day, and no word of one in their answers. */
    private readonly isOAuth = false,
  ) {
    this.recent = new RollingWindow(clock, INTERVAL_MS);
    this.searches = new RollingWindow(clock, 1000);
    this.today = new DailyQuota(clock, midnightAfter);
  }

  /** Lets one request in, or throws HubSpot's 429. */
  admit(isSearch: boolean): void {
    if (!this.isOAuth && this.today.used >= this.settings.perDay) throw this.refuse('DAILY');
    if (isSearch && this.searches.used() >= this.settings.searchPerSecond) throw this.refuse('SECONDLY');
    if (this.recent.used() >= this.settings.per10s) throw this.refuse('TEN_SECONDLY_ROLLING');
    if (isSearch) this.searches.enter();
    this.recent.enter();
    this.today.enter();
  }

  /** The headers of an answer: all of them, or for a search the pair of the day. */
  headers(isSearch: boolean): Record<string, string> {
    const { per10s, perDay } = this.settings;
    const day: Record<string, string> = this.isOAuth
      ? {}
      : {
          'X-HubSpot-RateLimit-Daily': String(perDay),
          'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, perDay - this.today.used)),
        };
    if (isSearch) return day;
    const secondly = Math.ceil(per10s / 10);
    const lastSecond = this.recent.used(1000);
    return {
      ...day,
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(INTERVAL_MS),
      'X-HubSpot-RateLimit-Max': String(per10s),
      'X-HubSpot-RateLimit-Remaining': String(Math.max(0, per10s - this.recent.used())),
      'X-HubSpot-RateLimit-Secondly': String(secondly),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(Math.max(0, secondly - lastSecond)),
    };
  }

  /** Calls made today, as the usage endpoint tells it. */
  usage(): { readonly limit: number; readonly used: number; readonly endsInMs: number } {
    return { limit: this.settings.perDay, used: this.today.used, endsInMs: this.today.endsInMs() };
  }

  private refuse(policy: LimitPolicy): Error {
    this.refused[policy] += 1;
    return tooManyRequests(policy, this.appId);
  }
}
