import { defined } from '../../lib/index.js';
import type { PlatformApi } from './api.js';
import { incomplete } from './whole.js';

/** A page of a list that goes by offsets. */
export interface OffsetPage<T> {
  readonly items: readonly T[];
  /** How many there are in all, where the platform says so. */
  readonly total?: number;
}

/** A list that goes by offsets, in an order that does not change while it is read: what is new comes last. */
export interface OffsetList<T> {
  /** For people: `the list of subscribers`. */
  readonly what: string;
  readonly size: number;
  /**
   * The platform may give fewer than were asked for although there are more: the list ends where nothing new comes, or
   * with as many as it says there are.
   */
  readonly mayBeShort?: true;
  page(offset: number, limit: number): Promise<OffsetPage<T>>;
  keyOf(item: T): string;
}

/** How often in a row a list may move before it is given up. */
const MOST_STEPS_BACK = 1000;
/** Pages in a row with nothing new, beside those that were gone back over, after which a list does not go on at all. */
const MOST_FRUITLESS = 3;

/**
 * All items of such a list, each once, though others are deleted meanwhile: then the rest moves up, and the next offset
 * would pass over some. So each page begins with the last item of the page before; where it does not, something before
 * it is gone, and earlier pages are asked for until one begins with what is known. Keeps the keys. Throws
 * `platform-incomplete` where the list never holds still, and `platform-nonsense` where it gives the same over and over.
 */
export async function* readOffsets<T>(api: PlatformApi, list: OffsetList<T>): AsyncGenerator<OffsetPage<T>> {
  const given = new Set<string>();
  let offset = 0;
  let fruitless = 0;
  for (let back = 0; ;) {
    const { items, total } = await list.page(offset, list.size);
    const [first] = items;
    const joins = offset === 0 || (first !== undefined && given.has(list.keyOf(first)));
    if (!joins) {
      back += 1;
      if (back > MOST_STEPS_BACK) throw incomplete(api, list.what, 'It moves faster than it can be read.');
      offset = Math.max(0, offset - list.size);
      continue;
    }
    const fresh = items.filter((item) => !given.has(list.keyOf(item)));
    for (const item of fresh) given.add(list.keyOf(item));
    if (fresh.length > 0) {
      [back, fruitless] = [0, 0];
      yield { items: fresh, ...defined({ total }) };
    } else if ((fruitless += 1) > back + MOST_FRUITLESS) throw api.nonsense(`${list.what} gives the same records over and over`);
    if (list.mayBeShort === true ? await endsWith(api, list, { items, total }, { offset, fresh: fresh.length }) : items.length < list.size) return;
    // One item is asked for again, to see that nothing has moved.
    offset += items.length - 1;
  }
}

/** Whether a list whose pages may be short ends with this one. */
async function endsWith<T>(
  api: PlatformApi,
  list: OffsetList<T>,
  { items, total }: { readonly items: readonly T[]; readonly total: number | undefined },
  { offset, fresh }: { readonly offset: number; readonly fresh: number },
): Promise<boolean> {
  if (total !== undefined) return items.length === 0 || (fresh > 0 && offset + items.length >= total);
  if (items.length !== 1 || fresh === 0) return items.length <= 1;
  // One record, and nothing that overlaps with the next page.
  if ((await list.page(offset + 1, list.size)).items.length === 0) return true;
  throw api.nonsense(`${list.what} gives one record a page, which cannot be followed`);
}
