import type { PlatformApi } from './api.js';

/**
 * Follows the cursors of a list. One that comes again would be read for ever, or leave out the rest unnoticed: that is
 * an error.
 */
export class Cursors {
  readonly #seen = new Set<string>();
  readonly #api: PlatformApi;

  constructor(api: PlatformApi) {
    this.#api = api;
  }

  /** The same cursor, for the next request; undefined at the end. Throws `platform-nonsense`. */
  next(cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    if (this.#seen.has(cursor)) throw this.#api.nonsense(`its list leads back to ${cursor}`);
    this.#seen.add(cursor);
    return cursor;
  }
}
