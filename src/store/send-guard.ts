import type { SendGuard } from '../lib/index.js';
import type { Lock } from './store.js';

/** With less than this left of a lease, the store is asked before something is sent. */
const ENOUGH_MS = 8000;

/**
 * Under which something is sent to a platform: its lock is this process's for certain when the first byte goes out. A
 * process that was stopped after it wrote its intent down sends nothing before it has asked again, and nothing at all
 * where another one took over.
 */
export function guardOf(lock: Pick<Lock, 'expires' | 'assertHeld' | 'check'>): SendGuard {
  return {
    expires: lock.expires,
    confirm: async () => {
      if (leftOf(lock) < ENOUGH_MS) await lock.check();
    },
    left: () => lock.assertHeld(),
  };
}

function leftOf(lock: Pick<Lock, 'assertHeld'>): number {
  try {
    return lock.assertHeld();
  } catch {
    return 0;
  }
}
