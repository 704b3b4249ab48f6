import { type CallOptions, type Clock, isRunbackError, messageOf } from '../../lib/index.js';
import { byAge } from '../age.js';
import { ambiguous, isWord, latest, missing, type ResolveFilter } from '../references.js';
import type { StoredName } from '../storage/storage.js';
import type { SnapshotSummary } from '../types.js';
import type { Catalog, IgnoredFile } from './catalog.js';
import { bytesAreGone, idOf, type Opening } from './opening.js';

/** Finds snapshots: all of them, or those that a reference means. */
export class Lookup {
  readonly #opening: Opening;
  readonly #clock: Clock;

  constructor(opening: Opening, clock: Clock) {
    this.#opening = opening;
    this.#clock = clock;
  }

  async survey(most = Number.POSITIVE_INFINITY): Promise<Awaited<ReturnType<Catalog['survey']>>> {
    const snapshots: SnapshotSummary[] = [];
    const files = await this.newestFirst();
    const listed = new Set(files.map(({ name }) => name));
    // What is to take the place of a snapshot is no other file.
    const unfinished = (await this.#opening.storage.unfinished()).filter((name) => !listed.has(name));
    const ignored: IgnoredFile[] = unfinished.map((name) => ({
      path: this.#opening.storage.pathOf(name),
      why: 'it is being written, or its writer was killed',
      unfinished: true,
    }));
    for (const stored of files.slice(0, most)) {
      try {
        snapshots.push(await this.#opening.summarise(stored, true));
      } catch (error) {
        // Whoever asks for the newest is not to be given another because that one could not be looked at.
        if (isRunbackError(error, 'storage-unreachable')) throw error;
        ignored.push({
          path: this.#opening.storage.pathOf(stored.name),
          why: bytesAreGone(error) && error.next !== undefined ? `${error.message}. ${error.next}` : messageOf(error),
          ...(isRunbackError(error) ? { code: error.code } : {}),
          ...(bytesAreGone(error) ? { gone: true } : {}),
        });
      }
    }
    snapshots.sort((a, b) => byAge(b, a));
    return { snapshots, ignored, more: Math.max(0, files.length - most) };
  }

  async incomplete(platforms: readonly string[], options: CallOptions = {}): Promise<readonly SnapshotSummary[]> {
    const open = new Set(platforms);
    const found: SnapshotSummary[] = [];
    for (const stored of await this.newestFirst(options)) {
      if (open.size === 0) break;
      const notes = await this.#opening
        .notesOf(idOf(stored.name))
        .read()
        .catch(() => undefined);
      if (notes?.imported === true) continue;
      const known = notes?.complete;
      const summary = known === undefined ? await this.#opening.summarise(stored, true).catch(() => undefined) : undefined;
      if (summary?.imported !== undefined) continue;
      const newest = (known ?? summary?.platforms.map(({ name }) => name) ?? []).filter((name) => open.delete(name));
      if (summary !== undefined && newest.length > 0 && summary.gaps.length > 0) found.push(summary);
    }
    return found;
  }

  async resolve(reference: string, filter: ResolveFilter = {}): Promise<SnapshotSummary> {
    return isWord(reference)
      ? latest(reference, filter, (await this.survey()).snapshots, this.#clock)
      : await this.#opening.summarise(await this.#locate(reference));
  }

  /** Newest first: ids begin with the time at which they were given. */
  async newestFirst(options: CallOptions = {}): Promise<readonly StoredName[]> {
    return [...(await this.#opening.storage.list(options))].sort((a, b) => (a.name < b.name ? 1 : -1));
  }

  /** The file of an id or of the beginning of one. */
  async #locate(reference: string): Promise<StoredName> {
    const stored = await this.#opening.storage.list();
    const exact = stored.find(({ name }) => name === `${reference}.zip`);
    if (exact) return exact;
    const fitting = reference === '' ? [] : stored.filter(({ name }) => name.startsWith(reference) || name.startsWith(`snap-${reference}`));
    const [first] = fitting;
    if (!first) throw missing(`There is no snapshot ${JSON.stringify(reference)}`, `Looked in ${this.#opening.storage.location}.`);
    if (fitting.length > 1) throw ambiguous(reference, fitting.map(({ name }) => idOf(name)).sort());
    return first;
  }

  /** Name of the file that a reference means. */
  async nameOf(reference: string): Promise<string> {
    return isWord(reference) ? `${(await this.resolve(reference)).id}.zip` : (await this.#locate(reference)).name;
  }
}
