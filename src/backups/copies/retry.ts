import { lockIn } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import { PRUNE_LOCK } from '../prune/prune.js';
import { type CopyState, copyStateOf } from './state.js';

const FIRST_PAUSE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

/** When a copy that has failed so often is tried again: after 5 minutes, then after twice as long each time, 6 hours at most. Pure. */
export function nextTry(tries: number, now: Date): string {
  return new Date(now.getTime() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1))).toISOString();
}

/** When it is tried again; of one that was killed, the first pause counts from when it began. Milliseconds since 1970. */
function nextOf({ begun, failing }: CopyState): number {
  return begun === undefined ? Date.parse(failing?.next ?? failing?.since ?? '') : Date.parse(begun) + FIRST_PAUSE_MS;
}

/**
 * Whether copying to a place is to be tried again now: it has failed and its pause is over, or the process that was at work ended in
 * the middle. Of a pause that was set by a clock which was ahead, no more than the longest counts.
 */
export async function isRetryDue(store: Store, copy: string, now: Date): Promise<boolean> {
  const state = await copyStateOf(store, copy).read();
  if (state?.begun === undefined && state?.failing === undefined) return false;
  const holder = await store.lockHolder(lockIn(copy, PRUNE_LOCK));
  if (holder !== undefined && holder.life !== 'dead') return false;
  const left = nextOf(state) - now.getTime();
  return left <= 0 || left > LONGEST_PAUSE_MS;
}
