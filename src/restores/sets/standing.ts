import type { Store } from '../../store/index.js';
import { readCreated, readRestore, RESTORES } from '../records/journal.js';
import type { RestoreSummary } from '../types.js';
import type { PlanSet, SetSide } from './types.js';

/** What became of one plan of a set. */
export interface SideStanding extends SetSide {
  /** The restore that applied it, or began to; absent where none did, or what it wrote was put back. */
  readonly restore?: RestoreSummary;
}

/**
 * What became of each plan of a set, by the journals of restores alone: nothing else is kept of it, so that whoever
 * was killed between two sides is gone on with. Throws `journal-damaged`.
 */
export async function restoresOf(store: Store, { sides }: Pick<PlanSet, 'sides'>): Promise<readonly SideStanding[]> {
  const newest = new Map<string, string>();
  const plans = new Set(sides.map(({ plan }) => plan));
  for (const id of await store.journals(RESTORES)) {
    const created = await readCreated(store, id);
    if (created !== undefined && plans.has(created.plan)) newest.set(created.plan, id);
  }
  const standings: SideStanding[] = [];
  for (const side of sides) {
    const id = newest.get(side.plan);
    const restore = id === undefined ? undefined : await readRestore(store, id);
    standings.push(restore === undefined || restore.state === 'undone' ? side : { ...side, restore });
  }
  return standings;
}
