import type { MutationResult } from '../../../connectors/index.js';
import { isRunbackError, messageOf, type ErrorCode } from '../../../lib/index.js';
import type { Fields } from '../../../records/index.js';
import type { ItemResult, JournalItem } from '../../records/items.js';
import { holds } from '../looking/lookup.js';

/** Why the work ended before its end. */
export interface Stop {
  readonly code: ErrorCode;
  readonly because: string;
  readonly cause?: unknown;
}

/** The result of an item from the connector's answer. */
export function resultOf(item: JournalItem, answer: MutationResult | undefined): ItemResult {
  if (answer === undefined) return { id: item.id, status: 'in_doubt', message: 'the connector gave no result' };
  const { id } = item;
  switch (answer.status) {
    case 'applied':
      return { id, key: answer.key, status: 'applied' };
    case 'moved':
      return { id, status: 'moved', message: 'the record was changed since the plan was made' };
    case 'rejected':
      // Gone since the plan was made: left to whoever deleted it, as what was edited is left to whoever did that.
      if (answer.reason === 'deleted-later' && item.action !== 'create' && item.action !== 'undelete') return { id, ...answer, status: 'moved' };
      // What cannot be brought back is created again: the same change, tried in another way.
      if (answer.reason === 'irreversible' && item.action === 'undelete') return { id, ...answer, status: 'failed' };
      return { id, ...answer };
    case 'failed':
    case 'in_doubt':
    default:
      return { id, ...answer };
  }
}

/** True where live is what an item wrote. `stored`: what the platform made of it. */
export function tookEffect(item: JournalItem, live: Fields | undefined, stored: Fields = {}): boolean {
  if (item.action === 'delete') return live === undefined;
  if (live === undefined) return false;
  return item.action === 'update' || item.action === 'create' ? holds(live, { ...item.set, ...stored }) : true;
}

/** Results with newer ones in place of those they are about. */
export function replace(results: readonly ItemResult[], by: readonly ItemResult[]): readonly ItemResult[] {
  if (by.length === 0) return results;
  const found = new Map(by.map((result) => [result.id, result]));
  return results.map((result) => found.get(result.id) ?? result);
}

/** A stop because of an error of ours; anything else is thrown on. */
export function stopOf(error: unknown): Stop {
  if (!isRunbackError(error)) throw error;
  return { code: error.code, because: messageOf(error), cause: error };
}
