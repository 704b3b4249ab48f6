import { dirname } from 'node:path';

import { type CallOptions, type Clock, defined, exposuresOf, isRunbackError, messageOf, RunbackError } from '../lib/index.js';
import type { Store } from '../store/index.js';
import { byAge } from './age.js';
import { openSnapshot, type OpenSnapshotOptions } from './container/open.js';
import { damaged } from './container/opened.js';
import { notesOf as notesIn, requireRecorded } from './records.js';
import { folderStorage } from './storage/folder.js';
import type { SnapshotStorage, StoredName } from './storage/storage.js';
import { summaryOf, type SnapshotNotes } from './summary.js';
import type { CheckedReport, SnapshotReader, SnapshotSummary } from './types.js';

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
  /** Those of the newest snapshots of these platforms that do not hold everything that was wanted, without looking at all. */
  incomplete(platforms: readonly string[]): Promise<readonly SnapshotSummary[]>;
  /**
   * The same, with the files that are no snapshots, and why. `most`: only so many of the newest files are looked at, and `more` says how many are
   * left.
   */
  survey(most?: number): Promise<{ readonly snapshots: readonly SnapshotSummary[]; readonly ignored: readonly IgnoredFile[]; readonly more: number }>;
  /** An id, the beginning of one, `latest` or `latest-verified`. Throws `not-found`, `ambiguous` (with `data: {ids}`), `snapshot-damaged`. */
  resolve(reference: string, filter?: ResolveFilter): Promise<SnapshotSummary>;
  /**
   * Opens by anything that `resolve` takes. Throws `snapshot-replaced` for a file that is not the one that was recorded, as everything here
   * does. Close the reader. `salvage`: also what has no manifest any more, see `openSnapshot`. */
  open(reference: string, options?: { readonly salvage?: boolean }): Promise<SnapshotReader>;
  /**
   * Reads every byte and remembers the outcome: only an undamaged snapshot that is the recorded one counts as verified. Of one that was cut
   * off or lost its manifest, reports what is left. Where the outcome cannot be written down, the report says so.
   */
  verify(reference: string, options?: CallOptions): Promise<CheckedReport>;
  /**
   * A person says that a snapshot of which nothing was recorded (made by an earlier version, or brought from elsewhere) is the right one:
   * every byte is read, and its digest recorded. Never for a file that replaced a recorded one. Throws `snapshot-damaged`, `snapshot-replaced`.
   */
  adopt(reference: string, by: string, options?: CallOptions): Promise<SnapshotSummary>;
  /** In whole sentences: owners and modes by which somebody else could put other files among the snapshots. */
  exposures(): Promise<readonly string[]>;
  /** In whole sentences, what a person should know before these snapshots are relied on: the exposures, and that nothing was recorded of one. */
  doubts(references: readonly string[]): Promise<readonly string[]>;
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
  const notesOf = (id: string): ReturnType<typeof notesIn> => notesIn(store, id);

  /** Opens a file under its name; one that was renamed is refused, since ids are what everything else refers to. */
  const openNamed = async (name: string, options: OpenSnapshotOptions = {}): Promise<SnapshotReader> => {
    const path = storage.pathOf(name);
    const reader = await openSnapshot(path, options);
    const { id } = reader.manifest;
    try {
      if (`${id}.zip` !== name) throw renamed(path, id);
      const notes = await notesOf(id).read();
      requireRecorded(reader, notes);
      reader.vouch(notes?.record?.digest);
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  };

  const summarise = async ({ name, bytes }: StoredName, quick = false): Promise<SnapshotSummary> => {
    const reader = await openNamed(name, { quick });
    try {
      return summaryOf(reader, storage.pathOf(name), bytes, await notesOf(reader.manifest.id).read());
    } finally {
      await reader.close();
    }
  };

  /** Newest first: ids begin with the time at which they were given. */
  const newestFirst = async (): Promise<readonly StoredName[]> => [...(await storage.list())].sort((a, b) => (a.name < b.name ? 1 : -1));

  const survey: Catalog['survey'] = async (most = Number.POSITIVE_INFINITY) => {
    const snapshots: SnapshotSummary[] = [];
    const ignored: IgnoredFile[] = (await storage.unfinished()).map((name) => ({
      path: storage.pathOf(name),
      why: 'it is being written, or its writer was killed',
    }));
    const files = await newestFirst();
    for (const stored of files.slice(0, most)) {
      try {
        snapshots.push(await summarise(stored, true));
      } catch (error) {
        ignored.push({ path: storage.pathOf(stored.name), why: messageOf(error) });
      }
    }
    snapshots.sort((a, b) => byAge(b, a));
    return { snapshots, ignored, more: Math.max(0, files.length - most) };
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

  const exposures: Catalog['exposures'] = async () => [...(await exposuresOf([dirname(dir), store.location])), ...(await storage.exposures())];

  /** Writes down what a verification found. Gives why that was not possible, where the state folder cannot be written. */
  const note = async (id: string, found: Pick<SnapshotNotes, 'digest' | 'verifiedAt' | 'damaged'>): Promise<string | undefined> => {
    if (found.digest === undefined) return undefined;
    try {
      await notesOf(id).update((current) => {
        const { pinned = false, record, complete } = current ?? {};
        return { version: 1, pinned, ...defined({ record, complete }), ...found };
      });
      return undefined;
    } catch (error) {
      if (isRunbackError(error, 'disk-denied') || isRunbackError(error, 'disk-full')) return error.why ?? error.message;
      throw error;
    }
  };

  return {
    list: async () => (await survey()).snapshots,

    async incomplete(platforms) {
      const open = new Set(platforms);
      const found: SnapshotSummary[] = [];
      for (const stored of await newestFirst()) {
        if (open.size === 0) break;
        const known = (
          await notesOf(stored.name.slice(0, -'.zip'.length))
            .read()
            .catch(() => undefined)
        )?.complete;
        const summary = known === undefined ? await summarise(stored, true).catch(() => undefined) : undefined;
        const newest = (known ?? summary?.platforms.map(({ name }) => name) ?? []).filter((name) => open.delete(name));
        if (summary !== undefined && newest.length > 0 && summary.gaps.length > 0) found.push(summary);
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
        const found = {
          digest: reader.digest,
          ...(report.damage.length === 0 ? { verifiedAt: clock.now().toISOString() } : { damaged: report.damage.length }),
        };
        const recorded = (await notesOf(id).read())?.record !== undefined;
        const notNoted = await note(id, recorded ? found : {});
        return { ...report, recorded, ...defined({ notNoted }) };
      } finally {
        await reader.close();
      }
    },

    async adopt(reference, by, options = {}) {
      const reader = await openNamed(await nameOf(reference));
      try {
        const { id } = reader.manifest;
        const [found] = (await reader.verify(options)).damage;
        if (found !== undefined) throw damaged(reader.path, found);
        const { digest } = reader;
        const at = clock.now().toISOString();
        await notesOf(id).update((current) => ({
          version: 1,
          pinned: current?.pinned ?? false,
          ...defined({ complete: current?.complete }),
          record: current?.record ?? { digest, how: 'adopted', at, by },
          digest,
          verifiedAt: at,
        }));
        return await resolve(id);
      } finally {
        await reader.close();
      }
    },

    exposures,

    async doubts(references) {
      const found: string[] = [];
      for (const reference of new Set(references)) {
        const { id, record } = await resolve(reference);
        if (record === undefined)
          found.push(`Nothing was recorded of ${id} when it was made. If you know that it is the right file: runback snapshot adopt ${id}`);
      }
      return [...found, ...(await exposures())];
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
          why: 'Someone asked to keep it.',
          state: 'Nothing was deleted.',
          next: `Unpin it first: runback snapshot pin ${summary.id} --off`,
        });
      await storage.delete(`${summary.id}.zip`);
      await notesOf(summary.id).delete();
      return summary;
    },
  };
}

function renamed(path: string, id: string): RunbackError {
  return new RunbackError('snapshot-foreign', `${path} was renamed`, {
    why: `Inside it is called ${id}.`,
    state: 'Nothing was done.',
    next: `Give it back its name ${id}.zip.`,
  });
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
      usable[0]?.record === undefined
        ? `Nothing was recorded of the newest when it was made. If you know that it is the right file: runback snapshot adopt ${usable[0]?.id}`
        : `Verify the newest: runback snapshot verify ${usable[0].id}`,
    );
  throw missing(`There is no snapshot${which}`, snapshots.length > 0 ? `There are ${snapshots.length} others.` : 'None has been made yet.');
}

function holds(snapshot: SnapshotSummary, platform: string | undefined, object: string): boolean {
  return snapshot.objects.some((held) => held.object === object && (platform === undefined || held.platform === platform));
}

function missing(message: string, why: string, next = 'See which there are: runback snapshot list'): RunbackError {
  return new RunbackError('not-found', message, { why, state: 'Nothing was done.', next });
}
