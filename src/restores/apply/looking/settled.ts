import type { CallOptions } from '../../../lib/index.js';
import { isRunbackError } from '../../../lib/index.js';
import type { Batches } from '../../records/batches.js';
import type { ItemResult, Pending } from '../../records/items.js';
import type { Looking } from '../../records/platform-items.js';
import { lookUp } from './lookup.js';
import { sinceThere } from './their-time.js';

/** How items are looked for whose answer was lost. */
export interface LookingFor {
  readonly options: CallOptions;
  /** Ends a wait: what was not seen by then stays in doubt. */
  readonly signal?: AbortSignal | undefined;
  /** The answers were lost a moment ago, whenever the intent was written. */
  readonly justNow?: true;
}

/**
 * What {@link lookUp} finds, and of what was not done: what it finds once the platform cannot be at work on it any longer. What is
 * written again before that would be overwritten by what was sent first.
 */
export async function lookUpSettled(
  looking: Looking,
  lost: readonly Pending[],
  made: Batches,
  { options, signal, justNow }: LookingFor,
): Promise<readonly ItemResult[]> {
  const { connector } = looking.platform;
  const results = await lookUp(looking, lost, made, options);
  const undone = new Set(results.flatMap(({ id, status }) => (status === 'failed' ? [id] : [])));
  // Of creates, the platform's own driver waits.
  const open = lost.filter(({ item }) => undone.has(item.id) && item.action !== 'create');
  if (connector.settled === undefined || open.length === 0) return results;
  const sent = justNow === true ? [] : open.map((one) => sinceThere(looking.platform, one));
  const known = sent.every((at) => at !== undefined) && sent.length > 0;
  try {
    const waited = await connector.settled(known ? new Date(Math.max(...sent)) : undefined, { ...options, ...(signal && { signal }) });
    if (!waited) return results;
  } catch (error) {
    if (!isRunbackError(error, 'interrupted')) throw error;
    const message = 'the answer was lost, and the platform may still be at work on it';
    return results.map((result) => (open.some(({ item }) => item.id === result.id) ? { id: result.id, status: 'in_doubt', message } : result));
  }
  const later = new Map((await lookUp(looking, open, made, options)).map((result) => [result.id, result]));
  return results.map((result) => later.get(result.id) ?? result);
}
