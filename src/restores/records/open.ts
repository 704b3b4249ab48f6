import { isRunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { RestoreSummary } from '../types.js';
import { readRestore, RESTORES } from './journal.js';
import { mayPassNow } from './left.js';

/**
 * Restores that did not reach their end or can try something again, oldest first, and those whose journal cannot be
 * read. Costs what is open.
 */
export async function openRestores(store: Store): Promise<{ readonly open: readonly RestoreSummary[]; readonly damaged: readonly string[] }> {
  const open: RestoreSummary[] = [];
  const damaged: string[] = [];
  await store.unsettled({ what: 'journals', kind: RESTORES, meaning: 'restore with nothing left to try, or never started 1' }, async (id) => {
    try {
      const summary = await readRestore(store, id);
      if (isOver(summary)) return true;
      open.push(summary);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      if (error.code === 'not-found') return true;
      damaged.push(id);
    }
    return false;
  });
  return { open, damaged };
}

/** Whether nothing of it is left to do or to try again. */
export function isOver(summary: RestoreSummary): boolean {
  return summary.state === 'partial' ? !mayPassNow(summary) : summary.state === 'done' || summary.state === 'undone';
}
