import { type Platform, platformLock } from '../connectors/index.js';
import type { HolderLook } from '../restores/index.js';
import type { Lock, LockOwner, Store } from '../store/index.js';

/**
 * Takes the lock of a platform for whoever stages a failure there, or looks there for what leaks: one of them at a time, and nobody else who
 * writes there. What is rehearsed there takes its own in the workspace of the stage. `look` tells what became of a run or restore that was
 * killed. Throws `locked`.
 */
export async function lockStage(store: Store, platform: Platform, owner: LockOwner, look?: HolderLook): Promise<Lock> {
  const { takeBeside } = await import('../restores/index.js');
  const name = platformLock(platform);
  const lock = await takeBeside(store, name, owner, look);
  try {
    // That of earlier versions: one may be at work there, have left it, or begin.
    return heldTogether(lock, await store.lock(`drill-${name}`, owner, { breakDead: true, lapse: true }));
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A lock that gives back another one with it. */
function heldTogether(lock: Lock, other: Lock): Lock {
  const { name, token, expires, signal, broke } = lock;
  return {
    name,
    token,
    expires,
    signal,
    ...(broke !== undefined && { broke }),
    assertHeld: () => lock.assertHeld(),
    check: async () => await lock.check(),
    release: async () => {
      try {
        await other.release();
      } finally {
        await lock.release();
      }
    },
  };
}
