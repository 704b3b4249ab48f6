import type { CallOptions, Clock } from '../lib/index.js';
import type { SyncController, SyncStatus } from './controller.js';

const POLL_MS = 2000;

/**
 * Whether a sync is as wanted. Looked at until it is, for as long as its controller may still say what was before: one may take
 * a minute, and answer an error in between although it does what it was asked.
 */
export async function settled(
  controller: SyncController,
  clock: Clock,
  wanted: (state: SyncStatus['state']) => boolean,
  options?: CallOptions,
): Promise<boolean> {
  const until = clock.monotonicMs() + (controller.settleMs ?? 0);
  for (;;) {
    if (wanted((await controller.status(options)).state)) return true;
    if (clock.monotonicMs() >= until) return false;
    options?.reporter?.waiting({ reason: 'Waiting until the sync tells its new state', ms: POLL_MS });
    await clock.sleep(POLL_MS, options?.signal);
  }
}
