import type { CallOptions } from '../../../lib/index.js';
import type { Pending, ItemResult } from '../../records/items.js';
import type { Looking } from '../../records/platform-items.js';

/** What the platform itself said became of items whose answer was lost, and those that have to be looked for. */
export interface Settled {
  readonly settled: readonly ItemResult[];
  readonly open: readonly Pending[];
}

/**
 * Asks the platform what became of commits that it told of before it made them: no look at a record can tell a value
 * that the restore wrote from the same value that somebody else wrote. An item that no commit was told of was not
 * written. Where the platform tells of no commits, or cannot say any more what became of one, the items stay open.
 */
export async function settleByCommit({ platform }: Looking, pending: readonly Pending[], options: CallOptions): Promise<Settled> {
  const { connector } = platform;
  const settled: ItemResult[] = [];
  const open: Pending[] = [];
  const outcomes = new Map<string, Awaited<ReturnType<NonNullable<typeof connector.outcomeOf>>>>();
  for (const one of pending) {
    const { item, commit, tells } = one;
    if (connector.outcomeOf === undefined || tells !== true) {
      open.push(one);
      continue;
    }
    const outcome = commit === undefined ? 'not-done' : (outcomes.get(commit) ?? (await connector.outcomeOf(commit, options)));
    if (commit !== undefined) outcomes.set(commit, outcome);
    if (outcome === 'done') settled.push({ id: item.id, status: 'applied', ...('key' in item ? { key: item.key } : {}) });
    else if (outcome === 'not-done')
      settled.push({ id: item.id, status: 'failed', message: 'the answer was lost, and the platform did not make the change' });
    else if (outcome === 'running')
      settled.push({ id: item.id, status: 'in_doubt', message: 'the answer was lost, and the platform has not finished what was sent' });
    else open.push(one);
  }
  return { settled, open };
}
