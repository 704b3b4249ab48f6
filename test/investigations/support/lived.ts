import { investigate, type Investigation, type Start } from '../../../src/investigations/index.js';
import { openCatalog } from '../../../src/snapshots/index.js';
import { crmSchema, openWorld, WORKS_AT, type World } from '../../support/restore-world.js';

const HOUR = 3_600_000;

/** Key of the contact with a number. */
export const key = (n: number): string => String(1001 + n);

/** 200 contacts with a month in which the sync writes a phone number now and then. Close it. */
export async function lived(history: 'field' | 'record' | 'none' = 'field'): Promise<World> {
  const world = await openWorld({ ...crmSchema(), history, batch: 50 });
  const { connector, clock } = world;
  for (let n = 0; n < 5; n += 1) connector.put('companies', String(n + 1), { name: `Company ${n}`, city: 'Here' }, 'seed');
  for (let n = 0; n < 200; n += 1) {
    connector.put('contacts', key(n), { name: `Person ${n}`, email: `p${n}@example.com`, phone: `0${n}`, owner: `o${n % 4}` }, 'seed');
    connector.relate(WORKS_AT, { from: key(n), to: String((n % 5) + 1) }, true);
  }
  for (let n = 0; n < 120; n += 1) {
    clock.move(HOUR);
    connector.put('contacts', key((n * 7) % 200), { phone: `1${n}` }, 'sync:a');
  }
  return world;
}

/** An investigation of some snapshots, the oldest first. */
export async function investigated({ deps, backups, store, clock }: World, ids: readonly string[], start?: Start): Promise<Investigation> {
  const catalog = openCatalog({ dir: backups, store, clock });
  const readers = await Promise.all(ids.map((id) => catalog.open(id)));
  try {
    const request = { readers, syncs: [{ name: 'a', writesAs: ['sync:a'] }], days: 30, by: 'test', ...(start === undefined ? {} : { start }) };
    return await investigate(request, { store, clock, platform: deps.platform });
  } finally {
    for (const reader of readers) await reader.close();
  }
}
