import type { CallOptions } from '../../../lib/index.js';
import { readOffsets } from '../../http/offsets.js';
import { listPath } from '../wire/api.js';
import { ARCHIVED, isMembers, isPageOf, type WireMember } from '../wire/shapes.js';
import { PAGE } from './members.js';
import type { Session } from './session.js';

/** A page takes about as long as so many single reads. */
const SINGLES_PER_PAGE = 10;

/** Whether so many keys are dearer one by one than the list of those who are there; while nobody knows how long that is, it may be. */
export function mayBeWorthAList({ knows }: Session, keys: number): boolean {
  return keys > singlesOf(knows.total ?? 0);
}

/** Whether so many keys are dearer one by one than the list of the archive. Asks how many are in it, once. */
export async function isWorthTheArchive(session: Session, keys: number, call: CallOptions): Promise<boolean> {
  // The question itself is a request, too, and no list is less than a page.
  return keys > singlesOf(0) && keys > singlesOf(await archivedTotal(session, call));
}

/** Single reads that are worth a list of so many. */
const singlesOf = (total: number): number => SINGLES_PER_PAGE * Math.ceil((total + 1) / PAGE);

async function archivedTotal({ api, audience }: Session, call: CallOptions): Promise<number> {
  const path = listPath(audience, '/members', { count: 1, status: ARCHIVED, fields: 'total_items,members.contact_id' });
  const isPage = isPageOf('members', () => true);
  const { total_items: total = Number.POSITIVE_INFINITY } = (await api.get(path, isPage, call)) as { readonly total_items?: number };
  return total;
}

/** Those of the keys that are in the archive, by its list. */
export async function archivedOf({ api, audience }: Session, keys: Iterable<string>, call: CallOptions): Promise<ReadonlySet<string>> {
  const [wanted, found] = [new Set(keys), new Set<string>()];
  const pages = readOffsets<WireMember>(api, {
    what: 'the list of the archive',
    size: PAGE,
    keyOf: ({ contact_id: key }) => key,
    page: async (offset, count) => {
      const query = { count, offset, status: ARCHIVED, fields: 'total_items,members.contact_id,members.status' };
      const { members, total_items: total } = (await api.get(listPath(audience, '/members', query), isMembers, call)) as {
        readonly members: readonly WireMember[];
        readonly total_items?: number;
      };
      return { items: members, ...(total !== undefined && { total }) };
    },
  });
  for await (const { items } of pages) for (const { contact_id: key, status } of items) if (status === ARCHIVED && wanted.has(key)) found.add(key);
  return found;
}
