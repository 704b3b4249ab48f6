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
  page(offset: number, limit: number): Promise<OffsetPage<T>>;
  keyOf(item: T): string;
}

/** How often in a row a list may move before it is given up. */
const MOST_STEPS_BACK = 1000;

/**
 * All items of such a list, each once, though others are deleted meanwhile: then the rest moves up, and the next offset
 * would pass over some. So each page begins with the last item of the page before; where it does not, something before
 * it is gone, and earlier pages are asked for until one begins with what is known. Keeps the keys. Throws
 * `platform-incomplete` where the list never holds still.
 */
export async function* readOffsets<T>(api: PlatformApi, list: OffsetList<T>): AsyncGenerator<OffsetPage<T>> {
  const given = new Set<string>();
  let offset = 0;
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
      back = 0;
      yield { items: fresh, ...defined({ total }) };
    }
    if (items.length < list.size) return;
    // One item is asked for again, to see that nothing has moved.
    offset += items.length - 1;
  }
}
