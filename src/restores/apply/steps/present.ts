import type { Fields } from '../../../records/index.js';
import type { Batches } from '../../records/batches.js';
import type { JournalLink } from '../../records/items.js';
import type { LinkEnds } from '../../types.js';

/** The ends of a planned link as the journal names them. */
export function flat({ link, from, to }: LinkEnds): JournalLink {
  return { link, fromObject: from.object, toObject: to.object, from: from.key, to: to.key };
}

/** A link with the keys its records have now. */
export function present({ link, fromObject, toObject, from, to }: JournalLink, batches: Batches): JournalLink {
  return { link, fromObject, toObject, from: batches.keyOf(fromObject, from), to: batches.keyOf(toObject, to) };
}

/** What a record was given with when it was made, where that is known. */
export function givenOf({ given }: { readonly given?: Fields }): { readonly given?: Fields } {
  return given === undefined ? {} : { given };
}
