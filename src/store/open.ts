import { type Clock, defined } from '../lib/index.js';
import { openFileStore } from './files/file-store.js';
import type { MovablePlace } from './move/movable.js';
import type { StoreOptions } from './options.js';
import type { Store } from './store.js';

/** Clocks of this machine and the database that differ by more than this are told. */
export const SKEW_TOLERANCE_MS = 5000;

/**
 * Opens the state in a folder, or in a database where the place is a `postgres://` URL; its driver is loaded only then.
 * Asks and creates nothing yet. Throws `usage` for a URL that cannot be used.
 */
export async function openStore(place: string, options: StoreOptions): Promise<Store> {
  if (isDatabase(place)) return await (await import('./postgres/postgres-store.js')).openPostgresStore(place, options);
  const { clock, redactor, leaseMs, process } = options;
  return openFileStore({ dir: place, clock, redactor, ...defined({ leaseMs, process }) });
}

/** Whether a place is a database, and no folder. */
export function isDatabase(place: string): boolean {
  return /^postgres(?:ql)?:/u.test(place);
}

/** Opens a place of state to move it from there or to there: a folder, or a database by its URL. */
export async function openPlace(place: string, clock: Clock): Promise<MovablePlace> {
  if (isDatabase(place)) return await (await import('./postgres/movable-schema.js')).openMovableSchema(place);
  return new (await import('./files/movable-folder.js')).MovableFolder(place, clock);
}
