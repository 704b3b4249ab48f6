import type { CallOptions } from '../../lib/index.js';
import { compareLinks, type SnapshotReader } from '../../snapshots/index.js';
import type { Appeared } from '../types.js';

/**
 * Links that only one of two neighbouring snapshots has. Those of records that came or went belong to these, and are left
 * out.
 */
export async function cutLinks(
  readers: readonly SnapshotReader[],
  platform: string,
  kinds: readonly string[],
  records: readonly Appeared[],
  options: CallOptions,
): Promise<readonly Appeared[]> {
  const moved = new Set(records.map(({ object, key }) => `${object} ${key}`));
  const found: Appeared[] = [];
  for (const kind of kinds) {
    const [from = '', to = ''] = kind.split('~');
    for (let spell = 0; spell + 1 < readers.length; spell += 1)
      for await (const batch of compareLinks(readers[spell] as SnapshotReader, readers[spell + 1] as SnapshotReader, platform, kind, {
        ...options,
        onDamage: () => undefined,
      }))
        for (const { link, change } of batch)
          if (!moved.has(`${from} ${link.from}`) && !moved.has(`${to} ${link.to}`))
            found.push({ change: change === 'removed' ? 'unlinked' : 'linked', object: kind, key: `${link.from} ${link.to}`, spell });
  }
  return found;
}
