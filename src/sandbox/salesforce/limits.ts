import type { Clock } from '../../lib/index.js';
import { RollingWindow } from '../kit/window.js';
import { limitExceeded } from './failure.js';

/** Limits of one account. */
export interface LimitSettings {
  /** Requests in any 24 hours. 15,000 is what a developer's account has; editions have 100,000 and more by licences. */
  readonly perDay: number;
  /** Records of a page of a query, at most. */
  readonly pageSize: number;
  /** For how long the rest of a query can be read. */
  readonly locatorMs: number;
}

export const DEFAULT_LIMITS: LimitSettings = { perDay: 15_000, pageSize: 2000, locatorMs: 2 * 86_400_000 };

/** The requests of an account within any 24 hours; one that is refused counts for nothing. */
export class ApiUsage {
  readonly #day: RollingWindow;
  /** Requests that were refused. */
  refused = 0;

  constructor(
    clock: Clock,
    public settings: LimitSettings,
  ) {
    this.#day = new RollingWindow(clock, 86_400_000);
  }

  /** Lets one request in, or throws REQUEST_LIMIT_EXCEEDED. */
  admit(): void {
    if (this.#day.used() >= this.settings.perDay) {
      this.refused += 1;
      throw limitExceeded();
    }
    this.#day.enter();
  }

  get used(): number {
    return this.#day.used();
  }
}
