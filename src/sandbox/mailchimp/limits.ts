import type { Clock } from '../../lib/index.js';
import { RollingWindow } from '../kit/window.js';
import { tooMany } from './failure.js';

/** Limits of one account. */
export interface LimitSettings {
  /** Requests that are being answered at a time. */
  readonly connections: number;
  /** Requests within a minute. Mailchimp names no such limit; for those who want one. */
  readonly perMinute: number;
}

export const DEFAULT_LIMITS: LimitSettings = { connections: 10, perMinute: Number.POSITIVE_INFINITY };
const MINUTE_MS = 60_000;

/** The requests of an account that are being answered, and those of the last minute. */
export class Load {
  readonly #minute: RollingWindow;
  #open = 0;
  /** Requests that were refused. */
  refused = 0;

  constructor(
    clock: Clock,
    public settings: LimitSettings,
  ) {
    this.#minute = new RollingWindow(clock, MINUTE_MS);
  }

  /** A request begins; gives what ends it, once. */
  arrives(): () => void {
    this.#open += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open -= 1;
      isOpen = false;
    };
  }

  /** Lets one that has begun in, or throws 429. */
  admit(): void {
    if (this.#open > this.settings.connections || this.#minute.used() >= this.settings.perMinute) {
      this.refused += 1;
      throw tooMany();
    }
    this.#minute.enter();
  }
}
