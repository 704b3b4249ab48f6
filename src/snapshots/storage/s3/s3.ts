import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { type CallOptions, defined, detailsOf, inOrder, isRunbackError, RunbackError } from '../../../lib/index.js';
import { folderStorage } from '../folder.js';
import type { Remains, SnapshotStorage, StoredName } from '../storage.js';
import type { S3Client } from './client.js';
import { Garbage } from './garbage.js';
import { newKey } from './keys.js';
import { deleteMarker, type FoundMarker, listMarkers, outdate, readMarker, writeMarker } from './markers.js';
import { writeNote } from './notes.js';
import { objectFile } from './object.js';
import { probe, unsafe } from './probe.js';
import { isGone, readState, upload, type UploadState, writeState } from './upload.js';

/** What is noted of an upload, and the same where its process was killed while it noted it. */
const UPLOAD = /^(.+)\.upload(?:\.new)?$/u;
const READ_AT_ONCE = 8;
/** How long a storage that was tried is trusted. */
const TRIED_MS = 24 * 3600 * 1000;

export interface S3StorageDeps {
  readonly client: S3Client;
  /** Folder of this machine for what is on its way. Nothing else lies there. */
  readonly dir: string;
  /** Milliseconds for which no object can be deleted or changed, where the bucket has object lock. */
  readonly lockForMs?: number;
  /** For tests: bytes of a part. */
  readonly partBytes?: number;
  readonly now: () => Date;
}

/**
 * Snapshots in a bucket of S3-compatible storage. A file is written and checked on this machine, sent under a key that
 * nothing else has, read back, and appears by a marker (`index/<name>.json`) that is written only where there is none.
 * What a marker does not name is not there.
 *
 * Beside the errors of every driver: `storage-unreachable`, `storage-refused`, `storage-unsafe`.
 */
export function s3Storage(deps: S3StorageDeps): SnapshotStorage {
  return new S3Storage(deps);
}

class S3Storage implements SnapshotStorage {
  readonly location: string;
  readonly #client: S3Client;
  readonly #deps: S3StorageDeps;
  readonly #spool: SnapshotStorage;
  readonly #garbage: Garbage;
  constructor(deps: S3StorageDeps) {
    const { bucket, prefix } = deps.client.place;
    this.location = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#client = deps.client;
    this.#deps = deps;
    this.#spool = folderStorage(deps.dir);
    this.#garbage = new Garbage({ client: deps.client, dir: join(deps.dir, 'garbage'), now: deps.now });
  }

  pathOf(name: string): string {
    return `${this.location}/${name}`;
  }

  async put(...[name, write, check, call = {}]: Parameters<SnapshotStorage['put']>): Promise<void> {
    // Before hours of reading, not after them.
    await this.#tryOnce(call);
    const before = await readMarker(this.#client, name, call);
    const state: UploadState = { version: 1, key: newKey(name), ...defined({ replaces: before && replacing(before) }) };
    await writeState(this.#statePath(name), state);
    try {
      await this.#spool.put(name, write, check);
    } catch (error) {
      await this.#forget(name);
      throw error;
    }
    try {
      await this.#store(name, state, call);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      throw new RunbackError(error.code, error.message, {
        ...detailsOf(error),
        state:
          before === undefined
            ? `The snapshot is whole and checked in ${this.#deps.dir} on this machine. It is sent before the next one is taken.`
            : 'The snapshot is there: as it was, or as it was to become.',
      });
    }
  }

  async open(name: string): ReturnType<SnapshotStorage['open']> {
    const found = await readMarker(this.#client, name);
    if (found !== undefined) return objectFile(this.#client, found.marker, this.pathOf(name));
    throw new RunbackError('not-found', `There is no ${this.pathOf(name)}`, { next: 'List the snapshots: runback snapshot list' });
  }

  /** What is listed and what this machine stored, each only where its marker is there now: listings may be old. */
  async list(call: CallOptions = {}): Promise<readonly StoredName[]> {
    const names = new Set([...(await listMarkers(this.#client, call)), ...(await this.#known())].filter((name) => name.endsWith('.zip')));
    // Another process may store it now: known already, and its marker not written yet.
    const begun = new Set(await this.#begun());
    const found: StoredName[] = [];
    const read = async (name: string): Promise<{ name: string; bytes: number } | undefined> => {
      // One whose marker is damaged is there, and says so when it is opened.
      const marker = await readMarker(this.#client, name, call).catch((error: unknown) => {
        if (!isRunbackError(error, 'file-unreadable')) throw error;
        return 'damaged' as const;
      });
      if (marker === undefined && !begun.has(name)) await rm(this.#knownPath(name), { force: true });
      return marker === undefined ? undefined : { name, bytes: marker === 'damaged' ? 0 : marker.marker.bytes };
    };
    for await (const one of inOrder(names, READ_AT_ONCE, read)) if (one !== undefined) found.push(one);
    return found;
  }

  /**
   * First what waits here to take its place, which would bring it back; then the file itself: out of sight, then away. What is
   * left between the two is noted, and removed with the next one.
   */
  async delete(name: string): Promise<void> {
    if ((await this.unfinished()).includes(name)) await this.discard(name);
    const found = await readMarker(this.#client, name).catch((error: unknown) => {
      if (!isRunbackError(error, 'file-unreadable')) throw error;
      return undefined;
    });
    const outOfSight = async (): Promise<void> => await deleteMarker(this.#client, name);
    if (found === undefined) await outOfSight();
    else await this.#garbage.noteDuring({ version: 1, key: found.marker.key }, outOfSight);
    await rm(this.#knownPath(name), { force: true });
    await this.#garbage.sweep();
  }

  async unfinished(): Promise<readonly string[]> {
    return [...new Set([...(await this.#spool.unfinished()), ...(await this.#waiting()), ...(await this.#begun())])];
  }

  /** Once more under another key where it may be that somebody removed what was tried: earlier versions clean up so. */
  async tryOut(call: CallOptions = {}): Promise<void> {
    let found = await this.#trial(call);
    if (found?.orRemoved === true) found = await this.#trial(call);
    if (found !== undefined) throw unsafe(this.#client, found);
    await this.#garbage.sweep(call);
  }

  async #trial(call: CallOptions): ReturnType<typeof probe> {
    const key = newKey('probe.zip');
    let found: Awaited<ReturnType<typeof probe>>;
    await this.#garbage.noteDuring({ version: 1, key }, async () => {
      found = await probe(this.#client, key, call);
    });
    return found;
  }

  async canFinish(name: string): Promise<boolean> {
    return (await this.#waiting()).includes(name);
  }

  async finish(name: string, call: CallOptions = {}): Promise<boolean> {
    if (!(await this.canFinish(name))) return false;
    const state = (await readState(this.#statePath(name))) ?? { version: 1, key: newKey(name) };
    const there = await readMarker(this.#client, name, call);
    if (there?.marker.key === state.key) await this.#settle(name, state, call);
    else if (state.replaces === undefined) await this.#store(name, state, call);
    else await this.#finishCopy(name, state, there, call);
    return true;
  }

  /** Puts a copy in the place of what is there now, unless that is another one already. Throws `not-found` where nothing is. */
  async #finishCopy(name: string, state: UploadState, there: FoundMarker | undefined, call: CallOptions): Promise<void> {
    if (there === undefined) throw this.#withoutOriginal(name);
    const isOriginal = there.marker.key === state.replaces?.key;
    // Another machine was quicker: what it stored stays, as long as its bytes are there.
    if (!isOriginal && !(await isGone(this.#client, there.marker.key, call))) await this.discard(name);
    else await this.#store(name, { ...state, replaces: replacing(there) }, call);
  }

  async remains(name: string): Promise<Remains | undefined> {
    const found = await readMarker(this.#client, name);
    if (found === undefined) {
      const copy = (await readState(this.#statePath(name)))?.replaces !== undefined && (await this.canFinish(name));
      return copy ? 'copy' : undefined;
    }
    if (!(await isGone(this.#client, found.marker.key, {}))) return undefined;
    // Not one that was deleted or replaced in this very moment: its marker goes first.
    return (await readMarker(this.#client, name))?.marker.key === found.marker.key ? 'entry' : undefined;
  }

  async discard(name: string): Promise<void> {
    const state = await readState(this.#statePath(name));
    await this.#spool.delete(name);
    await this.#spool.discard(name);
    if (state !== undefined) {
      const garbage = await this.#leftOver(name, state);
      // Not known now: as long as the state of the upload lies here, it is asked again.
      if (garbage === undefined) return;
      await this.#garbage.note(garbage);
    }
    await this.#forget(name);
    if (state !== undefined) await this.#garbage.sweep().catch(() => undefined);
  }

  /**
   * What is no longer wanted once a put is given up: what it sent; or what it was to take the place of, where it did so with the
   * answer lost. What is still on its way to do so is kept from it first. Undefined where the storage does not say.
   */
  async #leftOver(name: string, state: UploadState): Promise<UploadState | undefined> {
    if (state.replaces === undefined) return state;
    try {
      const there = await readMarker(this.#client, name);
      if (there?.marker.key === state.key) return { version: 1, key: state.replaces.key };
      if (there?.marker.key === state.replaces.key) await outdate(this.#client, there, {});
      return state;
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      return undefined;
    }
  }

  scratch(name: string): Promise<string> {
    return this.#spool.scratch(name);
  }

  exposures(): Promise<readonly string[]> {
    return this.#spool.exposures();
  }

  /** Sends a file that lies here whole and checked, and makes it appear. What was sent before is not sent again. */
  async #store(name: string, state: UploadState, call: CallOptions): Promise<void> {
    const { client, partBytes } = this.#deps;
    const { key, replaces } = state;
    const file = await this.#spool.open(name);
    try {
      const statePath = this.#statePath(name);
      const sha256 = await upload(file, state, { client, statePath, headers: this.#lockHeaders(), ...defined({ partBytes }) }, call);
      await writeNote(this.#knownPath(name), '');
      await writeMarker(client, { version: 1, name, key, bytes: file.bytes, sha256 }, replaces?.tag, call);
    } finally {
      await file.close();
    }
    await this.#settle(name, state, call);
  }

  /** Removes what is left over once a file is stored: on this machine, and what it took the place of. */
  async #settle(name: string, { replaces }: UploadState, call: CallOptions): Promise<void> {
    if (replaces !== undefined) await this.#garbage.note({ version: 1, key: replaces.key });
    await this.#spool.delete(name);
    await this.#forget(name);
    await this.#garbage.sweep(call).catch(() => undefined);
  }

  /** The error for a copy of a snapshot that is gone. Sent, it would bring back what somebody may have deleted; and it may be all that is left. */
  #withoutOriginal(name: string): RunbackError {
    const id = name.replace(/\.zip$/u, '');
    return new RunbackError('not-found', `${this.pathOf(name)} is no longer there`, {
      why: `A copy of it that was to take its place is whole in ${this.#deps.dir} on this machine, and is not sent: that would bring back what was deleted elsewhere.`,
      state: 'Nothing was sent or removed.',
      next: `If it was deleted on purpose, delete the copy too: runback snapshot delete ${id}`,
    });
  }

  #lockHeaders(): Readonly<Record<string, string>> {
    const { lockForMs, now } = this.#deps;
    if (lockForMs === undefined) return {};
    const until = new Date(now().getTime() + lockForMs).toISOString();
    return { 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': until };
  }

  /** Names of which something was sent, or was to be. */
  async #begun(): Promise<readonly string[]> {
    return (await readdir(this.#deps.dir).catch(() => [])).flatMap((file) => UPLOAD.exec(file)?.[1] ?? []);
  }

  /** Files that lie here whole and are not stored yet. */
  async #waiting(): Promise<readonly string[]> {
    return (await this.#spool.list()).map(({ name }) => name);
  }

  /** Unless that was done not long ago. */
  async #tryOnce(call: CallOptions): Promise<void> {
    const { endpoint, bucket } = this.#client.place;
    const place = `${endpoint} ${bucket}`;
    const path = join(this.#deps.dir, 'tried');
    const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
    const recently = Math.abs(this.#deps.now().getTime() - mtimeMs) < TRIED_MS;
    if (recently && (await readFile(path, 'utf8').catch(() => '')) === place) return;
    await this.tryOut(call);
    await writeNote(path, place);
  }

  #statePath(name: string): string {
    return join(this.#deps.dir, `${name}.upload`);
  }

  async #forget(name: string): Promise<void> {
    for (const path of [this.#statePath(name), `${this.#statePath(name)}.new`]) await rm(path, { force: true });
  }

  #knownPath(name: string): string {
    return join(this.#deps.dir, 'known', name);
  }

  async #known(): Promise<readonly string[]> {
    return await readdir(join(this.#deps.dir, 'known')).catch(() => []);
  }
}

/** What takes the place of this one only as long as it is that. */
function replacing({ tag, marker }: FoundMarker): NonNullable<UploadState['replaces']> {
  return { tag, key: marker.key };
}
