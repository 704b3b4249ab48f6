import type { Platform } from '../../../connectors/index.js';
import type { Pending } from '../../records/items.js';

/** How far two clocks may be apart that are both kept right. */
const CLOCKS_APART_MS = 60_000;

/** When something was sent: by our clock, and by the platform's where it told. */
export type SentAt = Pick<Pending, 'at' | 'there' | 'clockMoved'>;

/**
 * What a journal line holds of the platform's clock: the earliest that it can be there now, ISO 8601; nothing where the
 * platform does not tell.
 */
export function thereNow({ connector }: Pick<Platform, 'connector'>): { readonly there?: string } {
  const now = connector.now?.();
  return now === undefined ? {} : { there: now.toISOString() };
}

/**
 * From when on, in milliseconds of the platform's own clock, something on the platform may be the answer to what was
 * sent. Undefined where nobody can tell: our clock was put back since, or is not the platform's, and the journal does
 * not hold what that said. Where a platform tells nothing of its clock, ours is taken for it.
 */
export function sinceThere({ connector }: Pick<Platform, 'connector'>, { at, there, clockMoved }: SentAt): number | undefined {
  if (there !== undefined) return Date.parse(there);
  if (clockMoved === true) return undefined;
  if (connector.aheadMs === undefined) return Date.parse(at);
  const ahead = connector.aheadMs();
  return ahead !== undefined && Math.abs(ahead) <= CLOCKS_APART_MS ? Date.parse(at) : undefined;
}
