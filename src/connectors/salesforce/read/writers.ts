import type { CallOptions } from '../../../lib/index.js';
import { isRunbackError } from '../../../lib/index.js';
import type { SalesforceApi } from '../wire/api.js';
import { piecesOf, rowsOf } from './query.js';
import { keyOf } from './records.js';

/** A user as writer. */
export interface Writer {
  /** The user name, which is unique among all accounts of Salesforce: `ann@example.com`. */
  readonly name: string;
  readonly label?: string;
  /** Salesforce itself: flows and jobs that run as nobody. */
  readonly isPlatform: boolean;
}

/** The users of an account, as far as they were asked for. They are never deleted. */
export class Writers {
  readonly #known = new Map<string, Writer | undefined>();

  constructor(private readonly api: SalesforceApi) {}

  /** Asks for those that are not known yet: one request for 400. Where users may not be read, ids have to do. */
  async know(ids: readonly string[], call: CallOptions): Promise<void> {
    const open = [...new Set(ids)].filter((id) => !this.#known.has(id));
    if (open.length === 0) return;
    for (const id of open) this.#known.set(id, undefined);
    try {
      for (const piece of piecesOf(this.api, { names: ['Id', 'Username', 'Name', 'UserType'], object: 'User' }, 'Id', open))
        for await (const { rows } of rowsOf(this.api, piece, call))
          for (const row of rows) {
            const { Username: name, Name: label, UserType: type } = row;
            if (typeof name !== 'string') continue;
            const isPlatform = type === 'AutomatedProcess';
            this.#known.set(keyOf(this.api, row), { name, isPlatform, ...(typeof label === 'string' ? { label } : {}) });
          }
    } catch (error) {
      if (!isRunbackError(error, 'platform-rejected') && !isRunbackError(error, 'scope-missing')) throw error;
    }
  }

  /** Undefined where it was not told who it is. */
  named(id: string): Writer | undefined {
    return this.#known.get(id);
  }
}
