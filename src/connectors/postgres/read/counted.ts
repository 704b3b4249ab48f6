import type { Row } from '../session.js';

/** A count, and what time it was by the server's clock, in milliseconds since 1970. */
export interface Counted {
  readonly count: number;
  readonly atMs: number;
}

/** What time it is by the server's clock, whatever the transaction. */
export const NOW_MS = '(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint';

/** A row of a count and {@link NOW_MS}. */
export const countedIn = (row: Row | undefined): Counted => ({ count: Number(row?.[0] ?? 0), atMs: Number(row?.[1] ?? Number.NaN) });
