import { systemClock } from '../../src/lib/index.js';

/**
 * Waits until the clock of this machine is in a later second than a time of it, also where it is set back meanwhile: platforms tell
 * their time in whole seconds, and what was changed in the second of a snapshot cannot be told from what came before.
 */
export async function secondAfter(time: string): Promise<void> {
  const second = Math.floor(Date.parse(time) / 1000);
  if (Number.isNaN(second)) throw new Error(`not a time: ${time}`);
  while (Math.floor(Date.now() / 1000) <= second) await systemClock.sleep(20);
}
