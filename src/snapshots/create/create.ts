import { type CallOptions, type Clock, defined, isRunbackError, newId, RunbackError } from '../../lib/index.js';
import type { Lock, Store } from '../../store/index.js';
import { TooMuchChanged } from '../changes/change-writer.js';
import { DELTA_VERSION, FORMAT_VERSION, IMPORTED_VERSION } from '../container/manifest.js';
import { ContainerWriter } from '../container/writer.js';
import { baseLockOf, notesOf, recordMade, snapshotLock } from '../records.js';
import { folderStorage } from '../storage/folder.js';
import type { SnapshotStorage } from '../storage/storage.js';
import { summaryOf } from '../summary.js';
import type { SnapshotHeader, SnapshotReader, SnapshotSummary } from '../types.js';
import { checkWritten } from './check-written.js';
import { type CreateSnapshotDeps, type CreateSnapshotRequest, WritingSession, type Written } from './session.js';

/**
 * Reads the platforms and writes one snapshot: complete, or not there at all. Nothing is changed on any platform.
 *
 * An object type that is wanted and cannot be read (a view, no key, gone, not for these credentials) does not cost the
 * others: it is one of the summary's `gaps`, as is one that was read without proof that this was all. A read that
 * breaks off fails the snapshot.
 *
 * Before it appears under its name, the file is read back: every byte against the digest of what was written, then
 * directory, header, schemas and manifest as any reader would. (Unpacking everything again would cost as much as the
 * snapshot; `verify` does that.) Left-overs of killed writers are removed first.
 *
 * With a base: where too much has changed since, the platforms are read once more for one that holds everything.
 *
 * Throws what the connectors throw, `object-unsupported` for an object type asked for that no platform has or that it
 * refuses, `disk-full`, `disk-denied`, and the signal's reason when aborted; no file is left then.
 */
export async function createSnapshot(request: CreateSnapshotRequest, deps: CreateSnapshotDeps, options: CallOptions = {}): Promise<SnapshotSummary> {
  try {
    return await take(request, deps, options);
  } catch (error) {
    if (!(error instanceof TooMuchChanged)) throw error;
    options.reporter?.note(`${error.message}: everything is read once more, and this snapshot builds on nothing`);
    const { base: _base, readAllAfterMs: _after, ...everything } = request;
    return await take(everything, deps, options);
  }
}

async function take(request: CreateSnapshotRequest, deps: CreateSnapshotDeps, options: CallOptions): Promise<SnapshotSummary> {
  const storage = deps.storage ?? folderStorage(deps.dir);
  await removeLeftovers(storage, deps.store, request.by, options);
  // What it builds on may have been made by a clock that is ahead of ours, and not be listed here yet.
  const known = [...(await storage.list()).map(({ name }) => name), ...(await storage.unfinished()), ...basesOf(request)];
  const id = newId('snap', deps.clock, known);
  const name = `${id}.zip`;
  const lock = await deps.store.lock(snapshotLock(id), { by: request.by, holder: id, purpose: 'writing a snapshot' });
  let baseLock: Lock | undefined;
  try {
    if (request.base !== undefined) baseLock = await holdBase(request.base, id, request.by, storage, deps.store);
    const header = headerOf(request, id, deps.clock);
    let written: Written | undefined;
    try {
      await storage.put(
        name,
        async (sink) => {
          const container = await ContainerWriter.begin(sink, new Date(header.startedAt), deps.encryption);
          try {
            written = await new WritingSession(request, deps, options, storage, header, container).write();
            await container.finish();
          } catch (error) {
            container.abort();
            throw error;
          }
        },
        async (file) => {
          options.signal?.throwIfAborted();
          // Whoever was suspended for long may have lost it: what this builds on could be gone by now.
          await baseLock?.check();
          if (written === undefined) throw new Error('nothing was written');
          const seal = await checkWritten(file, written, deps);
          // Before the file appears: one that is there was recorded, whenever the writer dies.
          // Whoever cannot read it cannot compare it with another either.
          const watched = request.watched === true && (deps.encryption === undefined || deps.keys !== undefined);
          if (deps.unrecorded !== true) await recordMade(deps, written, { by: request.by, watched, ...defined({ job: request.job, seal }) });
        },
        options,
      );
    } catch (error) {
      // What is whole and recorded waits for its storage.
      if ((await storage.canFinish?.(name)) === true) throw error;
      if (deps.unrecorded !== true)
        await notesOf(deps.store, id)
          .delete()
          .catch(() => undefined);
      await storage.discard(name);
      throw error;
    }
    await storage.discard(name);
    await requireBases(written?.manifest.bases ?? [], name, storage, deps);
    const file = await storage.open(name);
    await file.close();
    if (written === undefined) throw new Error('nothing was written');
    const notes = deps.unrecorded === true ? undefined : await notesOf(deps.store, id).read();
    return summaryOf(written, storage.pathOf(name), file.bytes, notes);
  } finally {
    await baseLock?.release();
    await lock.release();
  }
}

/**
 * While a snapshot is made that builds on another, that one is not deleted; what it builds on itself cannot be, as long
 * as it is there.
 */
async function holdBase({ manifest }: SnapshotReader, id: string, by: string, storage: SnapshotStorage, store: Store): Promise<Lock> {
  const lock = await store.lock(
    baseLockOf(manifest.id),
    { by, holder: id, purpose: 'making a snapshot that builds on it' },
    { breakDead: true, lapse: true },
  );
  if (!(await isGone(`${manifest.id}.zip`, storage))) return lock;
  await lock.release();
  throw baseDeleted(manifest.id);
}

/**
 * Removes a snapshot again that builds on one which was deleted while it was made: locks are seen on this machine only, and
 * another one may use the same bucket. Throws `not-found` then.
 */
async function requireBases(bases: readonly string[], name: string, storage: SnapshotStorage, { store }: CreateSnapshotDeps): Promise<void> {
  for (const base of bases) {
    if (!(await isGone(`${base}.zip`, storage))) continue;
    await storage.delete(name);
    await notesOf(store, idOf(name)).delete();
    throw baseDeleted(base);
  }
}

/** Whether a file is not there for certain: lists may be old, and where nothing can be told it is not gone. */
async function isGone(name: string, storage: SnapshotStorage): Promise<boolean> {
  try {
    await (await storage.open(name)).close();
    return false;
  } catch (error) {
    return isRunbackError(error, 'not-found');
  }
}

function baseDeleted(id: string): RunbackError {
  return new RunbackError('not-found', `There is no snapshot ${id} to build on`, {
    why: 'It was deleted a moment ago.',
    state: 'No snapshot was made; nothing was changed on the platform.',
    next: 'Run the same command again.',
  });
}

const basesOf = ({ base }: CreateSnapshotRequest): readonly string[] => (base === undefined ? [] : [base.manifest.id]);

const idOf = (name: string): string => name.replace(/\.zip$/, '');

/**
 * Removes partial files and scratch folders whose writer is dead, and its lock where it left nothing else; a living one
 * holds its lock. What was whole and only waits for its storage is stored.
 */
async function removeLeftovers(storage: SnapshotStorage, store: Store, by: string, call: CallOptions): Promise<void> {
  const dead = (await store.locks()).filter(({ name, alive }) => name.startsWith('snapshot-') && !alive);
  const left = new Set([...(await storage.unfinished()), ...dead.map(({ name }) => `${name.slice('snapshot-'.length)}.zip`)]);
  for (const name of left) {
    try {
      const lock = await store.lock(snapshotLock(idOf(name)), { by, holder: name, purpose: 'removing an unfinished snapshot' }, { breakDead: true });
      try {
        if (await isStoredOrWaits(storage, name, call)) continue;
        await storage.discard(name);
        if (!(await storage.list()).some((stored) => stored.name === name)) await notesOf(store, idOf(name)).delete();
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (!isRunbackError(error, 'locked', 'fenced')) throw error;
    }
  }
}

/** Stores what was whole when its process ended. Where that cannot be done now it waits, and nothing else does. */
async function isStoredOrWaits(storage: SnapshotStorage, name: string, call: CallOptions): Promise<boolean> {
  if ((await storage.canFinish?.(name)) !== true) return false;
  try {
    await storage.finish?.(name, call);
    call.reporter?.note(`${idOf(name)} was whole on this machine, and is stored now`);
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const told = [`${error.message}.`, error.why, error.next?.replace(/\.?$/u, '.')].filter((text) => text !== undefined).join(' ');
    call.reporter?.note(`${idOf(name)} waits on this machine to be stored: ${told}`);
  }
  return true;
}

function headerOf(request: CreateSnapshotRequest, id: string, clock: Clock): SnapshotHeader {
  const now = clock.now().toISOString();
  const { imported } = request;
  const base = request.base && request.whole !== true && { id: request.base.manifest.id, digest: request.base.digest };
  return {
    version: imported !== undefined ? IMPORTED_VERSION : base ? DELTA_VERSION : FORMAT_VERSION,
    id,
    kind: base ? 'delta' : 'full',
    ...(base && { base }),
    startedAt: imported?.takenAt ?? now,
    platforms: request.platforms.map(({ name, connector, identity, environment }) => ({
      name,
      connector: connector.kind,
      account: identity.account,
      environment,
      consistent: connector.capabilities.consistentRead,
    })),
    createdBy: request.by,
    ...defined({ note: request.note, imported: imported && { ...imported.from, at: now } }),
  };
}
