import { isRunbackError } from '../lib/index.js';
import type { Lock, LockInfo, LockOwner, Store } from './store.js';

const NAME = 'daemon';
const OTHERS = /^daemon-\d+$/u;
const nameOf = (place: number): string => (place === 1 ? NAME : `${NAME}-${String(place)}`);

/**
 * Takes the place of a daemon in a workspace. With files there is one, and whoever holds it does everything: throws `locked` where it is
 * taken. Where work is shared there are as many as want to: the first that is free.
 */
export async function takeDaemonPlace(store: Store, owner: LockOwner): Promise<Lock> {
  if (store.sharedWork === undefined) return await store.lock(NAME, owner, { breakDead: true, lapse: true });
  for (let place = 1; ; place += 1) {
    try {
      return await store.lock(nameOf(place), owner, { breakDead: true });
    } catch (error) {
      if (!isRunbackError(error, 'locked')) throw error;
    }
  }
}

/** Who holds places of daemons, those that live first. */
export async function daemonsOf(store: Store): Promise<readonly LockInfo[]> {
  if (store.sharedWork === undefined) {
    const holder = await store.lockHolder(NAME);
    return holder === undefined ? [] : [holder];
  }
  const held = (await store.locks()).filter(({ name }) => name === NAME || OTHERS.test(name));
  return held.toSorted((a, b) => Number(b.alive) - Number(a.alive));
}
