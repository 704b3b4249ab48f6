import { type Platform, platformLock } from '../connectors/index.js';
import type { SendGuard } from '../lib/index.js';
import { guardOf, type Lock, type LockOwner, type Store } from '../store/index.js';

/** Several locks at once. */
export interface Locks {
  /** What has to hold where something is sent that none of these platforms is asked for: a form. */
  readonly guard: SendGuard;
  /** Throws where one is lost: stopped for longer than its lease, a run is not alone there any more. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** The lock of a platform for a test: never from a run or restore that was killed half-way. Throws `locked`. */
export async function lockPlatform(store: Store, platform: Platform, who: LockOwner): Promise<Lock> {
  return await lockByName(store, platformLock(platform), who);
}

async function lockByName(store: Store, name: string, who: LockOwner): Promise<Lock> {
  const [{ takeBeside }, { holdersOf }] = await Promise.all([import('../restores/index.js'), import('../runbooks/index.js')]);
  return await takeBeside(store, name, who, holdersOf(store));
}

/** All platforms, always in the same order: two runs never wait for each other. Throws where one is taken; then none is kept. */
export async function lockPlatforms(store: Store, platforms: readonly Platform[], who: LockOwner): Promise<Locks> {
  const names = [...new Set(platforms.map((platform) => platformLock(platform)))].sort();
  const taken: Lock[] = [];
  const release = async (): Promise<void> => {
    for (const lock of taken.toReversed()) await lock.release();
  };
  try {
    for (const name of names) taken.push(await lockByName(store, name, who));
  } catch (error) {
    await release();
    throw error;
  }
  return {
    guard: guardOfAll(taken.map((lock) => guardOf(lock))),
    check: async () => {
      for (const lock of taken) await lock.check();
    },
    release,
  };
}

/** Holds as long as each of them does. */
function guardOfAll(guards: readonly SendGuard[]): SendGuard {
  return {
    expires: guards.some(({ expires }) => expires),
    confirm: async () => void (await Promise.all(guards.map(async (guard) => await guard.confirm()))),
    left: () => Math.min(...guards.map((guard) => guard.left())),
  };
}
