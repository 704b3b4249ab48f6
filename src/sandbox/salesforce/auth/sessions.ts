import { randomBytes } from 'node:crypto';

import type { Clock } from '../../../lib/index.js';
import { sessionInvalid } from '../failure.js';

/** A session: whoever holds its token acts as its user, through one connected app. */
export interface Session {
  readonly token: string;
  readonly userId: string;
  /** The consumer key of the app. */
  readonly app: string;
  /** The sandbox's own session does not end by itself. */
  readonly lasts: boolean;
  usedAt: number;
  ended: boolean;
}

/** The sessions of an account: each ends when it was not used for a while. */
export class Sessions {
  readonly #byToken = new Map<string, Session>();

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    /** For how long a session may lie unused; two hours at a fresh account. */
    private readonly idleMs: number,
    private readonly orgId: string,
  ) {}

  open(userId: string, app: string, token = this.#token(), lasts = false): Session {
    const session = { token, userId, app, lasts, usedAt: this.clock.now().getTime(), ended: false };
    this.#byToken.set(token, session);
    return session;
  }

  /** Whether a token was given out here, ended or not. */
  knows(header: string | undefined): boolean {
    return this.#byToken.has(tokenOf(header));
  }

  /** The session of an `Authorization` header or a bare token; throws the 401 of one that is none or has ended. */
  enter(header: string | undefined): Session {
    const session = this.#byToken.get(tokenOf(header));
    const now = this.clock.now().getTime();
    if (session && !session.lasts && now - session.usedAt >= this.idleMs) session.ended = true;
    if (!session || session.ended) throw sessionInvalid();
    session.usedAt = now;
    return session;
  }

  /** Ends a session; false where there is none. */
  end(token: string): boolean {
    const session = this.#byToken.get(token);
    if (session) session.ended = true;
    return session !== undefined;
  }

  /** Makes an ended session good again. */
  revive(token: string): void {
    const session = this.#byToken.get(token);
    if (session) session.ended = false;
  }

  #token(): string {
    return `${this.orgId.slice(0, 15)}!AQ${randomBytes(48).toString('base64url')}`;
  }
}

/** `Bearer` and `OAuth` are the same to Salesforce. */
const tokenOf = (header: string | undefined): string => header?.replace(/^(?:Bearer|OAuth)\s+/i, '').trim() ?? '';
