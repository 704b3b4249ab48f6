import { type Platform, platformLock } from '../../connectors/index.js';
import type { Store } from '../../store/index.js';

/** Several locks at once. */
export interface Locks {
  /** Throws where one is lost: stopped for longer than its lease, a run is not alone there any more. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** All platforms, always in the same order: two runs never wait for each other. Throws where one is taken; then none is kept. */
export async function lockPlatforms(store: Store, platforms: readonly Platform[], who: Parameters<Store['lock']>[1]): Promise<Locks> {
  const names = [...new Set(platforms.map((platform) => platformLock(platform)))].sort();
  const taken: Awaited<ReturnType<Store['lock']>>[] = [];
  const release = async (): Promise<void> => {
    for (const lock of taken.toReversed()) await lock.release();
  };
  try {
    for (const name of names) taken.push(await store.lock(name, who, { breakDead: true, lapse: true }));
  } catch (error) {
    await release();
    throw error;
  }
  return {
    check: async () => {
      for (const lock of taken) await lock.check();
    },
    release,
  };
}
