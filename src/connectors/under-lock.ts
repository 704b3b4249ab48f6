import { type SendGuard, RunbackError } from '../lib/index.js';
import { guardOf, type Store } from '../store/index.js';
import type { Connector } from './connector.js';
import { type Platform, platformLock } from './platform.js';

/**
 * What has to hold where something is written to a platform: a lock that this process has, asked for at each write. `private`: this process
 * has it to itself, as a sandbox that it has started. `never`: nothing is written there.
 */
export type Writes = 'private' | 'never' | ((platform: Platform) => SendGuard);

/** Writes only under the lock of the platform, taken through this store. What a caller has forgotten to lock is a `bug`, and not sent. */
export function underLockIn(store: Pick<Store, 'held'>): Writes {
  return (platform) => {
    const lock = store.held(platformLock(platform));
    if (lock !== undefined) return guardOf(lock);
    throw unguarded(platform);
  };
}

/** The connector of a platform as it is given to callers: none of their writes is sent without what has to hold. */
export function guarded(connector: Connector, writes: Writes, platform: () => Platform): Connector {
  if (writes === 'private') return connector;
  return {
    ...connector,
    write: async (batch, options) => {
      if (writes === 'never') throw unguarded(platform());
      return await connector.write(batch, { ...options, guard: writes(platform()) });
    },
  };
}

function unguarded({ name }: Platform): RunbackError {
  return new RunbackError('bug', `Something was about to be written to ${name} without its lock`, { state: 'Nothing was written.' });
}
