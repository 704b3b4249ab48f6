import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { type Clock, Redactor, systemClock } from '../../src/lib/index.js';
import { type Store, openFileStore } from '../../src/store/index.js';

/** A folder of its own for the running test, removed afterwards. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A real store in a folder of its own. */
export async function temporaryStore(
  clock: Clock = systemClock,
): Promise<{ readonly store: Store; readonly dir: string; readonly redactor: Redactor }> {
  const dir = join(await temporaryFolder(), '.runback');
  const redactor = new Redactor();
  return { store: openFileStore({ dir, clock, redactor }), dir, redactor };
}
