import { type Clock, defined } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Catalog } from '../catalog/catalog.js';
import { openCatalog } from '../catalog/stored-catalog.js';
import type { Decryption, Encryption } from '../encryption/age.js';
import type { SnapshotStorage } from '../storage/storage.js';
import { storeOfCopy } from './copy-store.js';
import type { SnapshotsAt } from './transfer.js';

/** A second place for the snapshots of a workspace. */
export interface SnapshotCopy extends SnapshotsAt {
  readonly name: string;
  /** The snapshots that lie there. */
  readonly catalog: Catalog;
}

/** A copy by its name. Opening touches nothing. `dir`: its folder, or that of what is on its way there. */
export function openCopy(deps: {
  readonly name: string;
  readonly dir: string;
  readonly storage: SnapshotStorage;
  readonly store: Store;
  readonly clock: Clock;
  readonly keys?: Decryption;
  /** For whom a snapshot is encrypted again that is written anew there. */
  readonly encryption?: Encryption;
}): SnapshotCopy {
  const { name, dir, storage, clock, keys, encryption } = deps;
  const store = storeOfCopy(deps.store, name);
  const own = { storage, store, ...(keys === undefined ? {} : { keys }) };
  return { name, ...own, catalog: openCatalog({ dir, clock, ...own, ...defined({ encryption }) }) };
}
