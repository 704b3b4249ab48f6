import { join } from 'node:path';

import type { Platform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import type { ApplyDeps, PlanFilters } from '../../src/restores/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { CONFIG } from './restore-world.js';
import { temporaryStore } from './store.js';

/** Everything, whoever did it. */
export const ALL: PlanFilters = { unattributed: 'include', deleteCreated: true };

/** What restores of a platform need, and a way to take snapshots of it. */
export async function restoresOf(platform: Platform): Promise<{ deps: ApplyDeps; take: (from?: Platform) => Promise<string> }> {
  const { store, dir } = await temporaryStore(systemClock);
  const backups = join(dir, '..', 'backups');
  const deps = { store, clock: systemClock, catalog: openCatalog({ dir: backups, store, clock: systemClock }), platform, config: CONFIG };
  return {
    deps,
    take: async (from = platform) => (await createSnapshot({ platforms: [from], by: 'test' }, { dir: backups, store, clock: systemClock })).id,
  };
}
