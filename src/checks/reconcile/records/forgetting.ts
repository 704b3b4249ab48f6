import type { Store } from '../../../store/index.js';
import type { Reconciliation } from '../types.js';
import { type KeptDifference, readReconciliation, RECONCILIATIONS } from './kept.js';

/** Takes the differences that name a record out of what is kept; the counts stay. True where there was one. */
export function forgetInReconciliation(
  store: Store,
): (id: string, isOne: (platform: string, object: string, key: string) => boolean, dry: boolean) => Promise<boolean> {
  return async (id, isOne, dry) => {
    const { sides } = await readReconciliation(store, id);
    const names = namesOne(sides, isOne);
    const ledger = store.ledger(RECONCILIATIONS, id);
    const kept: string[] = [];
    let found = false;
    for await (const line of ledger.read())
      if (kept.length > 0 && names(JSON.parse(line) as KeptDifference)) found = true;
      else kept.push(line);
    if (found && !dry) await ledger.replace(kept);
    return found;
  };
}

function namesOne(
  sides: Reconciliation['sides'],
  isOne: (platform: string, object: string, key: string) => boolean,
): (difference: KeptDifference) => boolean {
  return ({ keys }) => sides.some(({ platform, object }, side) => (keys[side] ?? []).some((key) => isOne(platform, object, key)));
}
