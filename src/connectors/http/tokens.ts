import type { Clock, HttpSession } from '../../lib/index.js';

/** A token as it was fetched. */
export interface FreshToken {
  readonly token: string;
  /** How long it is good; absent where that is not told. */
  readonly expiresMs?: number;
}

/** A token is taken for expired so long before it is. */
const EARLY_MS = 30_000;

/** Credentials that have to be fetched, with the token as it is now for whoever sends it otherwise than in a header. */
export interface TokenSession extends HttpSession {
  /** Fetched where there is none. Throws what fetching throws. */
  readonly token: () => Promise<string>;
}

/** A bearer token that is fetched at the first request, and again when it has expired or is refused. One fetch for all who wait. */
export function heldToken(clock: Clock, fetchOne: () => Promise<FreshToken>): TokenSession {
  let held: Promise<{ readonly token: string; readonly until: number }> | undefined;
  const fetched = async (): Promise<{ readonly token: string; readonly until: number }> => {
    const { token, expiresMs = Number.POSITIVE_INFINITY } = await fetchOne();
    return { token, until: clock.monotonicMs() + expiresMs - EARLY_MS };
  };
  const current = async (): Promise<string> => {
    const before = held;
    if (before !== undefined && (await before).until <= clock.monotonicMs() && held === before) held = undefined;
    const now = (held ??= fetched());
    try {
      return (await now).token;
    } catch (error) {
      if (held === now) held = undefined;
      throw error;
    }
  };
  const headersOf = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
  return {
    token: current,
    headers: async () => headersOf(await current()),
    async renew(refused) {
      // Another request that was refused may be fetching a new one already.
      const before = held;
      if (headersOf(await current())['authorization'] === refused['authorization'] && held === before) held = undefined;
      return headersOf(await current())['authorization'] !== refused['authorization'];
    },
  };
}
