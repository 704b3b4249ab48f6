import { isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import { readRestore, RESTORES } from './journal.js';

/**
 * The other keys of a record: those under which restores created it again, and those that it had before. Journals that cannot
 * be read tell nothing.
 */
export async function otherKeys(store: Store, platform: string, object: string, keys: Iterable<string>): Promise<ReadonlySet<string>> {
  const moves: (readonly [string, string])[] = [];
  for (const id of await store.journals(RESTORES)) {
    const restore = await readRestore(store, id).catch((error: unknown) => {
      if (!isRunbackError(error)) throw error;
      return undefined;
    });
    if (restore?.platform === platform) moves.push(...Object.entries(restore.keyMap[object] ?? {}));
  }
  const all = new Set(keys);
  const given = new Set(all);
  for (let before = -1; before < all.size;) {
    before = all.size;
    for (const move of moves) if (move.some((key) => all.has(key))) for (const key of move) all.add(key);
  }
  return new Set([...all].filter((key) => !given.has(key)));
}
