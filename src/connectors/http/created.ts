import type { CreatedLookup } from '../connector.js';
import type { Place } from './batch.js';

/** How to find again what was sent and not answered. */
export interface Likeness<S, R> {
  /** The same for creates that nobody can tell apart. */
  readonly alike: (slot: S) => string;
  /** Whether a record could have come from a create. */
  readonly fits: (slot: S, record: R) => boolean;
  readonly keyOf: (record: R) => string;
}

/**
 * What became of creates whose answer was lost, given every record that was made since they were sent: those that fit
 * are theirs, one each. Where there are more than were sent, somebody else makes the same records, and it is not clear
 * whose is whose. By the place of each create.
 */
export function createdAmong<S extends Place, R>(
  slots: readonly S[],
  recent: readonly R[],
  { alike, fits, keyOf }: Likeness<S, R>,
): ReadonlyMap<number, CreatedLookup> {
  const groups = new Map<string, S[]>();
  for (const slot of slots) groups.set(alike(slot), [...(groups.get(alike(slot)) ?? []), slot]);
  const found = new Map<number, CreatedLookup>();
  for (const same of groups.values()) {
    const [first] = same;
    const matches = first === undefined ? [] : recent.filter((record) => fits(first, record));
    for (const [n, { index }] of same.entries()) {
      const match = matches[n];
      if (matches.length > same.length) found.set(index, { state: 'unknown' });
      else found.set(index, match === undefined ? { state: 'absent' } : { state: 'created', key: keyOf(match) });
    }
  }
  return found;
}
