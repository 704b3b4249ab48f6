import { join } from 'node:path';

import type { KeptCopy } from '../../../src/backups/index.js';
import { copySnapshots } from '../../../src/backups/index.js';
import { type Clock, defined, Redactor, systemClock } from '../../../src/lib/index.js';
import {
  createSnapshot,
  folderStorage,
  openCatalog,
  openCopy,
  type Catalog,
  type SnapshotStorage,
  type SnapshotSummary,
} from '../../../src/snapshots/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import type { JobConfig, KeepConfig } from '../../../src/workspace/index.js';
import { memoryPlatform, people } from '../../snapshots/memory-platform.js';
import { temporaryFolder } from '../../support/store.js';

export const DAY = 86_400_000;

export const NIGHTLY: JobConfig = {
  name: 'nightly',
  platforms: ['crm'],
  timezone: 'UTC',
  pause_syncs: false,
  incremental: true,
  target: '26h',
  keep: { last: 1 },
};

/** A workspace of snapshots, made day by day by a clock of its own, and a folder for copies of them. */
export interface CopiesScene {
  readonly root: string;
  readonly dir: string;
  readonly offsite: string;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly storage: SnapshotStorage;
  readonly clock: Clock & { at: number };
  /** `on`: id of one that it builds on. */
  make(job?: string, on?: string): Promise<SnapshotSummary>;
  copy(keep?: KeepConfig, storage?: SnapshotStorage): KeptCopy;
  deps(): Parameters<typeof copySnapshots>[0];
}

/** Takes a snapshot of three people, a day after the last; `on`: built on that one. */
export function makerOf({ catalog, dir, store, clock }: Pick<CopiesScene, 'catalog' | 'dir' | 'store' | 'clock'>): CopiesScene['make'] {
  return async (job, on) => {
    const platform = memoryPlatform('crm', { objects: { contacts: people(3) } });
    const base = on === undefined ? undefined : await catalog.open(on);
    try {
      return await createSnapshot({ platforms: [platform], by: 'maya', ...defined({ job, base }) }, { dir, store, clock });
    } finally {
      await base?.close();
      clock.at += DAY;
    }
  };
}

export async function copiesScene(root?: string): Promise<CopiesScene> {
  const place = root ?? (await temporaryFolder());
  const [dir, offsite] = [join(place, 'backups'), join(place, 'offsite')];
  const clock = { ...systemClock, at: Date.parse('2026-11-01T02:30:00Z'), now: () => new Date(clock.at) };
  const store = openFileStore({ dir: join(place, '.runback'), clock, redactor: new Redactor() });
  const storage = folderStorage(dir);
  const catalog = openCatalog({ dir, store, clock, storage });
  return {
    root: place,
    dir,
    offsite,
    store,
    catalog,
    storage,
    clock,
    make: makerOf({ catalog, dir, store, clock }),
    copy: (keep, to = folderStorage(offsite)) => ({
      ...openCopy({ name: 'offsite', dir: offsite, storage: to, store, clock }),
      ...defined({ keep }),
    }),
    deps: () => ({ store, clock, by: 'maya', catalog, from: { storage, store }, jobs: [NIGHTLY], planMaxAge: '24h' }),
  };
}
