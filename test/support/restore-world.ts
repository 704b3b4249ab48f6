import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redactor, type Clock } from '../../src/lib/index.js';
import type { FieldSchema, LinkSchema, ObjectSchema } from '../../src/records/index.js';
import type { ApplyDeps, PlanFilters } from '../../src/restores/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import type { RestoreConfig } from '../../src/workspace/index.js';
import { MemoryConnector, type MemoryOptions } from './memory-connector.js';

/** A clock that moves one second with every look at it. */
export function tickingClock(start = Date.parse('2026-11-22T08:00:00Z')): Clock & { move(ms: number): void } {
  let now = start;
  return {
    now: () => new Date((now += 1000)),
    monotonicMs: () => now,
    sleep: () => Promise.resolve(),
    move: (ms) => {
      now += ms;
    },
  };
}

/** A field of a schema. */
export function field(name: string, more: Partial<FieldSchema> = {}): FieldSchema {
  return { name, type: 'string', platformType: more.type ?? 'string', readOnly: false, ...more };
}

/** An object type of a schema. */
export function objectType(object: string, fields: readonly FieldSchema[], more: Partial<ObjectSchema> = {}): ObjectSchema {
  return { object, keyFields: [], fields, createWithKey: false, undelete: false, sideEffects: [], ...more };
}

/** Links stored apart, as on HubSpot. */
export const WORKS_AT: LinkSchema = { kind: 'primary', from: 'contacts', to: 'companies' };
/** Links carried by a field, as on PostgreSQL. */
export const COMPANY_KEY: LinkSchema = { kind: 'contacts_company_fkey', from: 'contacts', to: 'companies', viaFields: ['company'], exact: true };

const CONTACT_FIELDS = [
  field('name'),
  field('email', { unique: true }),
  field('phone'),
  field('tags', { type: 'set' }),
  field('pipeline', { group: 'deal' }),
  field('stage', { group: 'deal', setsAlso: ['closed_at'] }),
  field('closed_at'),
  field('owner'),
  field('greeting'),
];

/** Two object types as a CRM has them: re-created records get new keys, links are stored apart. */
export function crmSchema(): Pick<MemoryOptions, 'objects' | 'links'> {
  return { objects: [objectType('companies', [field('name'), field('city')]), objectType('contacts', CONTACT_FIELDS)], links: [WORKS_AT] };
}

/** The same as a database has them: keys stay, a field carries the link. */
export function databaseSchema(): Pick<MemoryOptions, 'objects' | 'links'> {
  return {
    objects: [
      objectType('companies', [field('name'), field('city')], { createWithKey: true }),
      objectType('contacts', [...CONTACT_FIELDS, field('company')], { createWithKey: true }),
    ],
    links: [COMPANY_KEY],
  };
}

export const CONFIG: RestoreConfig = { plan_max_age: '1h', canary: 3, stop_at: { errors_percent: 100, skipped_percent: 100 }, limits: {} };

export const FILTERS: PlanFilters = { suspects: ['sync:*'], unattributed: 'unknown', deleteCreated: true };

/** A platform, real snapshots of it and a real store. */
export interface World {
  readonly connector: MemoryConnector;
  readonly store: Store;
  /** Folder of the snapshots. */
  readonly backups: string;
  /** Takes a snapshot of everything as it is; gives its id. */
  readonly take: () => Promise<string>;
  readonly deps: ApplyDeps;
  readonly clock: ReturnType<typeof tickingClock>;
  /** Removes everything again. */
  readonly close: () => Promise<void>;
}

/** Sets a world up. `clock`: one of the platform's own. */
export async function openWorld(
  options: Omit<MemoryOptions, 'clock'> & Partial<Pick<MemoryOptions, 'clock'>>,
  config: RestoreConfig = CONFIG,
): Promise<World> {
  const clock = tickingClock();
  const connector = new MemoryConnector({ clock, ...options });
  // Thousands of worlds are opened: memory instead of a disk, where the machine has such a folder.
  const root = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'runback-'));
  const close = (): Promise<void> => rm(root, { recursive: true, force: true });
  const store = openFileStore({ dir: join(root, '.runback'), clock, redactor: new Redactor() });
  const backups = join(root, 'backups');
  const platform = connector.platform();
  const take = async (): Promise<string> => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id;
  const catalog = openCatalog({ dir: backups, store, clock });
  return { connector, backups, store, clock, take, close, deps: { store, clock, catalog, platform, config } };
}
