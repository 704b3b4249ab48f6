import { isRunbackError, RunbackError } from '../../lib/index.js';
import { baseLockOf } from '../records.js';
import { missing } from '../references.js';
import { restoreTestsOf } from '../restore-tests.js';
import type { Remains } from '../storage/storage.js';
import type { SnapshotSummary } from '../types.js';
import type { Lookup } from './lookup.js';
import { idOf, type Opening } from './opening.js';

/** An id, and not a word or anything else that a person may type. */
const ID = /^snap-[0-9a-z-]+$/u;

/** Deletes snapshots that nothing needs. */
export class Deletion {
  readonly #opening: Opening;
  readonly #lookup: Lookup;

  constructor(opening: Opening, lookup: Lookup) {
    this.#opening = opening;
    this.#lookup = lookup;
  }

  async requireDeletable(reference: string): Promise<SnapshotSummary> {
    const summary = await this.#lookup.resolve(reference);
    if (summary.pinned) throw pinned(summary.id);
    await this.#requireUnneeded(summary.id);
    return summary;
  }

  async delete(reference: string): Promise<SnapshotSummary> {
    const summary = await this.requireDeletable(reference);
    await this.#remove(summary.id);
    return summary;
  }

  async remains(id: string): Promise<Remains | undefined> {
    return ID.test(id) ? await this.#opening.storage.remains?.(`${id}.zip`) : undefined;
  }

  async deleteRemains(id: string): Promise<void> {
    const isLeft = async (): Promise<void> => {
      if ((await this.remains(id)) === undefined) throw missing(`Nothing is left of ${id}`, 'It was looked at once more.');
    };
    await isLeft();
    await this.#remove(id, isLeft);
  }

  /** Removes what lies under an id, as long as nobody needs it and `still` throws nothing. */
  async #remove(id: string, still?: () => Promise<void>): Promise<void> {
    const { store, storage } = this.#opening;
    // Whoever builds on a snapshot holds its lock.
    const owner = { by: 'delete', holder: id, purpose: 'deleting a snapshot' };
    const lock = await store.lock(baseLockOf(id), owner, { breakDead: true, lapse: true });
    try {
      await still?.();
      // Perhaps since it was asked for.
      if ((await this.#opening.notesOf(id).read())?.pinned === true) throw pinned(id);
      await this.#requireUnneeded(id);
      await storage.delete(`${id}.zip`);
      await this.#opening.notesOf(id).delete();
      await restoreTestsOf(store, id).delete();
    } finally {
      await lock.release();
    }
  }

  /** What builds on it could no longer be read. Only later ones can; a file that cannot be opened may be one. */
  async #requireUnneeded(id: string): Promise<void> {
    const needed: string[] = [];
    for (const { name } of await this.#lookup.newestFirst()) {
      const other = idOf(name);
      if (other <= id) break;
      if (!other.startsWith('snap-')) continue;
      const bases = await this.#basesOf(other).catch((error: unknown) => {
        if (!isRunbackError(error)) throw error;
        return undefined;
      });
      // What cannot be read by anybody needs nothing.
      if (bases === undefined && (await this.#opening.storage.remains?.(name)) === 'entry') continue;
      if (bases === undefined) throw unclear(id, this.#opening.storage.pathOf(name));
      if (bases.includes(id)) needed.push(other);
    }
    const [newest, ...others] = needed;
    if (newest === undefined) return;
    throw new RunbackError('snapshot-needed', `${newest}${others.length === 0 ? '' : ` and ${others.length} more`} cannot be read without ${id}`, {
      why: 'A snapshot that builds on another holds only what differs from it.',
      state: 'Nothing was deleted.',
      next: `If you no longer need ${others.length === 0 ? 'it' : 'them'}, begin with the newest: runback snapshot delete ${newest}`,
      data: { id, needed },
    });
  }

  async #basesOf(id: string): Promise<readonly string[]> {
    const noted = (await this.#opening.notesOf(id).read())?.bases;
    if (noted !== undefined) return noted;
    const reader = await this.#opening.open(`${id}.zip`, { quick: true });
    try {
      return reader.manifest.bases;
    } finally {
      await reader.close();
    }
  }
}

function pinned(id: string): RunbackError {
  return new RunbackError('snapshot-pinned', `${id} is pinned`, {
    why: 'Someone asked to keep it.',
    state: 'Nothing was deleted.',
    next: `Unpin it first: runback snapshot pin ${id} --off`,
  });
}

function unclear(id: string, path: string): RunbackError {
  return new RunbackError('snapshot-needed', `${id} may be needed to read ${path}`, {
    why: 'That file is damaged, so nothing tells whether it builds on it.',
    state: 'Nothing was deleted.',
    next: `Move that file away or remove it, if you no longer need it, then run the same command again`,
    data: { id, path },
  });
}
