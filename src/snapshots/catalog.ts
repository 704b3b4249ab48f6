import { messageOf, RunbackError, type CallOptions, type Clock } from '../lib/index.js';
import type { Store } from '../store/index.js';
import { openSnapshot, type OpenSnapshotOptions } from './open.js';
import { folderStorage } from './storage/folder.js';
import type { SnapshotStorage, StoredName } from './storage/storage.js';
import { NOTES_KIND, summaryOf, type SnapshotNotes } from './summary.js';
import type { SnapshotReader, SnapshotSummary, VerifyReport } from './types.js';

/** Which snapshots `latest` and `latest-verified` may mean. */
export interface ResolveFilter {
  /** Holds this platform. */
  readonly platform?: string;
  /** Holds records of all these object types. */
  readonly objects?: readonly string[];
  /** Was complete before this moment. */
  readonly before?: Date;
}

/** A file among the snapshots that is none. */
export interface IgnoredFile {
  readonly path: string;
  readonly why: string;
}

/** The snapshots of a workspace. A snapshot's id is the name of its file. */
export interface Catalog {
  /** Newest first; only complete ones. */
  list(): Promise<readonly SnapshotSummary[]>;
  /** The newest snapshot of each of these platforms, without looking at all of them. A platform without one is left out. */
  newest(platforms: readonly string[]): Promise<readonly SnapshotSummary[]>;
  /** The same, with the files that are no snapshots, and why. */
  survey(): Promise<{ readonly snapshots: readonly SnapshotSummary[]; readonly ignored: readonly IgnoredFile[] }>;
  /** An id, the beginning of one, `latest` or `latest-verified`. Throws `not-found`, `ambiguous` (with `data: {ids}`), `snapshot-damaged`. */
  resolve(reference: string, filter?: ResolveFilter): Promise<SnapshotSummary>;
  /** Opens by anything that `resolve` takes. Close the reader. `salvage`: also what has no manifest any more, see `openSnapshot`. */
  open(reference: string, options?: { readonly salvage?: boolean }): Promise<SnapshotReader>;
  /**
   * Reads every byte and remembers the outcome: only an undamaged snapshot counts as verified. Of one that was cut off
   * or lost its manifest, reports what is left.
   */
  verify(reference: string, options?: CallOptions): Promise<VerifyReport>;
  /** Keeps a snapshot from being deleted, or no longer. */
  pin(reference: string, on: boolean): Promise<SnapshotSummary>;
  /** Removes a snapshot for good. Throws `snapshot-pinned`. */
  delete(reference: string): Promise<SnapshotSummary>;
}

export interface CatalogDeps {
  readonly dir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly storage?: SnapshotStorage;
}

/** The catalog of a folder. Opening touches nothing. */
export function openCatalog({ dir, store, clock, storage = folderStorage(dir) }: CatalogDeps): Catalog {
  const notesOf = (id: string): ReturnType<typeof store.document<SnapshotNotes>> => store.document<SnapshotNotes>(NOTES_KIND, id);

  /** Opens a file under its name; one that was renamed is refused, since ids are what everything else refers to. */
  const openNamed = async (name: string, options: OpenSnapshotOptions = {}): Promise<SnapshotReader> => {
    const path = storage.pathOf(name);
    const reader = await openSnapshot(path, options);
    const { id } = reader.manifest;
    if (`${id}.zip` === name) return reader;
    await reader.close();
    throw new RunbackError('snapshot-foreign', `${path} was renamed`, {
      why: `Inside it is called ${id}.`,
      state: 'Nothing was done.',
      next: `Give it back its name ${id}.zip.`,
    });
  };

  const summarise = async ({ name, bytes }: StoredName, quick = false): Promise<SnapshotSummary> => {
    const reader = await openNamed(name, { quick });
    try {
      return summaryOf(reader, storage.pathOf(name), bytes, await notesOf(reader.manifest.id).read());
    } finally {
      await reader.close();
    }
  };

  const survey: Catalog['survey'] = async () => {
    const snapshots: SnapshotSummary[] = [];
    const ignored: IgnoredFile[] = (await storage.unfinished()).map((name) => ({
      path: storage.pathOf(name),
      why: 'it is being written, or its writer was killed',
    }));
    for (const stored of await storage.list()) {
      try {
        snapshots.push(await summarise(stored, true));
      } catch (error) {
        ignored.push({ path: storage.pathOf(stored.name), why: messageOf(error) });
      }
    }
    snapshots.sort((a, b) => (a.startedAt === b.startedAt ? (a.id < b.id ? 1 : -1) : a.startedAt < b.startedAt ? 1 : -1));
    return { snapshots, ignored };
  };

  /** The file of an id or of the beginning of one. */
  const locate = async (reference: string): Promise<StoredName> => {
    const stored = await storage.list();
    const exact = stored.find(({ name }) => name === `${reference}.zip`);
    if (exact) return exact;
    const fitting = reference === '' ? [] : stored.filter(({ name }) => name.startsWith(reference) || name.startsWith(`snap-${reference}`));
    const [first] = fitting;
    if (!first) throw missing(`There is no snapshot ${JSON.stringify(reference)}`, `Looked in ${storage.location}.`);
    if (fitting.length > 1) throw ambiguous(reference, fitting.map(({ name }) => name.slice(0, -'.zip'.length)).sort());
    return first;
  };

  const resolve: Catalog['resolve'] = async (reference, filter = {}) =>
    isWord(reference) ? latest(reference, filter, (await survey()).snapshots, clock) : summarise(await locate(reference));

  const nameOf = async (reference: string): Promise<string> =>
    isWord(reference) ? `${(await resolve(reference)).id}.zip` : (await locate(reference)).name;

  return {
    list: async () => (await survey()).snapshots,

    async newest(platforms) {
      const open = new Set(platforms);
      const found: SnapshotSummary[] = [];
      // Ids begin with the time at which they were given.
      for (const stored of [...(await storage.list())].sort((a, b) => (a.name < b.name ? 1 : -1))) {
        if (open.size === 0) break;
        const summary = await summarise(stored, true).catch(() => undefined);
        const fits = summary?.platforms.filter(({ name }) => open.delete(name)) ?? [];
        if (summary !== undefined && fits.length > 0) found.push(summary);
      }
      return found;
    },

    survey,
    resolve,
    open: async (reference, options = {}) => openNamed(await nameOf(reference), options),

    async verify(reference, options = {}) {
      const reader = await openNamed(await nameOf(reference), { salvage: true });
      try {
        const { id } = reader.manifest;
        const report = await reader.verify(options);
        const checked = { version: 1, digest: reader.digest } as const;
        await notesOf(id).update((current) => ({
          ...checked,
          pinned: current?.pinned ?? false,
          ...(report.damage.length === 0 ? { verifiedAt: clock.now().toISOString() } : { damaged: report.damage.length }),
        }));
        return report;
      } finally {
        await reader.close();
      }
    },

    async pin(reference, on) {
      const { id } = await resolve(reference);
      await notesOf(id).update((current) => ({ ...(current ?? { version: 1 }), pinned: on }));
      return resolve(id);
    },

    async delete(reference) {
      const summary = await resolve(reference);
      if (summary.pinned)
        throw new RunbackError('snapshot-pinned', `${summary.id} is pinned`, {
          why: 'Somebody asked to keep it.',
          state: 'Nothing was deleted.',
          next: `Unpin it first: runback snapshot pin ${summary.id} --off`,
        });
      await storage.delete(`${summary.id}.zip`);
      await notesOf(summary.id).delete();
      return summary;
    },
  };
}

const isWord = (reference: string): reference is 'latest' | 'latest-verified' => reference === 'latest' || reference === 'latest-verified';

function ambiguous(reference: string, ids: readonly string[]): RunbackError {
  return new RunbackError('ambiguous', `${JSON.stringify(reference)} fits ${ids.length} snapshots`, {
    why: `It may mean ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' and more' : ''}.`,
    state: 'Nothing was done.',
    next: 'Type more of the id.',
    data: { ids },
  });
}

function latest(
  reference: 'latest' | 'latest-verified',
  filter: ResolveFilter,
  snapshots: readonly SnapshotSummary[],
  clock: Clock,
): SnapshotSummary {
  const before = (filter.before ?? clock.now()).toISOString();
  const usable = snapshots.filter(
    (snapshot) =>
      (filter.platform === undefined || snapshot.platforms.some(({ name }) => name === filter.platform)) &&
      (filter.before === undefined || snapshot.finishedAt < before) &&
      (filter.objects ?? []).every((object) => holds(snapshot, filter.platform, object)),
  );
  const found = usable.find(({ verifiedAt }) => reference === 'latest' || verifiedAt !== undefined);
  if (found) return found;
  const which = [
    filter.platform === undefined ? '' : ` of ${filter.platform}`,
    filter.objects === undefined ? '' : ` that holds ${filter.objects.join(', ')}`,
    filter.before === undefined ? '' : ` from before ${before}`,
  ].join('');
  const gap = snapshots
    .flatMap(({ id, gaps }) => gaps.map((one) => ({ id, ...one })))
    .find(({ object, platform }) => filter.objects?.includes(object) && (filter.platform ?? platform) === platform);
  if (usable.length === 0 && gap !== undefined) throw missing(`There is no snapshot${which}`, `${gap.id} does not: ${gap.why}`);
  if (usable.length > 0)
    throw missing(
      `No snapshot${which} has been verified`,
      `There are ${usable.length} that were not.`,
      `Verify the newest: runback snapshot verify ${usable[0]?.id}`,
    );
  throw missing(`There is no snapshot${which}`, snapshots.length > 0 ? `There are ${snapshots.length} others.` : 'None has been made yet.');
}

function holds(snapshot: SnapshotSummary, platform: string | undefined, object: string): boolean {
  return snapshot.objects.some((held) => held.object === object && (platform === undefined || held.platform === platform));
}

function missing(message: string, why: string, next = 'See which there are: runback snapshot list'): RunbackError {
  return new RunbackError('not-found', message, { why, state: 'Nothing was done.', next });
}
