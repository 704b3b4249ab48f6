import type { CallOptions } from '../../../lib/index.js';
import { readLiveLinks } from '../../plan/objects/live.js';
import type { ItemResult, JournalItem, JournalLink } from '../../records/items.js';
import type { Looking } from '../../records/platform-items.js';

/**
 * What refers to records that were undeleted, as new results: platforms bring such references back with the record, and take them
 * away with it again. Who undoes the restore knows by this that nothing was linked to it since. Reads the links of those records.
 */
export async function returnedWith(
  looking: Looking,
  items: readonly JournalItem[],
  results: readonly ItemResult[],
  options: CallOptions,
): Promise<readonly ItemResult[]> {
  const back = results.flatMap((result, index) => {
    const item = items[index];
    return item?.action === 'undelete' && result.status === 'applied' && result.already !== true ? [{ result, item }] : [];
  });
  const [first] = back;
  if (first === undefined) return [];
  const { object } = first.item;
  const found = new Map<string, JournalLink[]>();
  for (const link of looking.schema.links) {
    if (link.to !== object) continue;
    const keys = back.map(({ item }) => item.key);
    for (const { from, to } of await readLiveLinks(looking.platform, link, 'to', keys, options))
      found.set(to, [...(found.get(to) ?? []), { link: link.kind, fromObject: link.from, toObject: link.to, from, to }]);
  }
  return back.flatMap(({ result, item }) => {
    const returned = found.get(item.key);
    return returned === undefined ? [] : [{ ...result, returned }];
  });
}
