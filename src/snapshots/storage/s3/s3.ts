import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type CallOptions, defined, detailsOf, fromFileSystem, inOrder, isRunbackError, RunbackError } from '../../../lib/index.js';
import { folderStorage } from '../folder.js';
import type { SnapshotStorage, StoredName } from '../storage.js';
import type { S3Client } from './client.js';
import { deleteMarker, listMarkers, readMarker, writeMarker } from './markers.js';
import { objectFile } from './object.js';
import { probe } from './probe.js';
import { giveUp, readState, upload, type UploadState, writeState } from './upload.js';

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
  constructor(deps: S3StorageDeps) {
    const { bucket, prefix } = deps.client.place;
    this.location = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#client = deps.client;
    this.#deps = deps;
    this.#spool = folderStorage(deps.dir);
  }

  pathOf(name: string): string {
    return `${this.location}/${name}`;
  }

  async put(...[name, write, check, call = {}]: Parameters<SnapshotStorage['put']>): Promise<void> {
    // Before hours of reading, not after them.
    await this.#tryOnce(call);
    const before = await readMarker(this.#client, name, call);
    const replaces = before && { tag: before.tag, key: before.marker.key };
    await writeState(this.#statePath(name), { version: 1, key: newKey(name), ...defined({ replaces }) });
    try {
      await this.#spool.put(name, write, check);
    } catch (error) {
      await this.#forget(name);
      throw error;
    }
    try {
      await this.#store(name, call);
    } catch (error) {
      if (!isRunbackError(error)) throw error;
      throw new RunbackError(error.code, error.message, {
        ...detailsOf(error),
        state: `The snapshot is whole and checked in ${this.#deps.dir} on this machine. It is sent before the next one is taken.`,
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
    const found: StoredName[] = [];
    const read = async (name: string): Promise<{ name: string; bytes: number } | undefined> => {
      // One whose marker is damaged is there, and says so when it is opened.
      const marker = await readMarker(this.#client, name, call).catch((error: unknown) => {
        if (!isRunbackError(error, 'file-unreadable')) throw error;
        return 'damaged' as const;
      });
      if (marker === undefined) await rm(this.#knownPath(name), { force: true });
      return marker === undefined ? undefined : { name, bytes: marker === 'damaged' ? 0 : marker.marker.bytes };
    };
    for await (const one of inOrder(names, READ_AT_ONCE, read)) if (one !== undefined) found.push(one);
    return found;
  }

  /** First out of sight, then away: what is left between the two is noted, and removed with the next one. */
  async delete(name: string): Promise<void> {
    const found = await readMarker(this.#client, name).catch((error: unknown) => {
      if (!isRunbackError(error, 'file-unreadable')) throw error;
      return undefined;
    });
    if (found !== undefined) await this.#noteGarbage({ version: 1, key: found.marker.key });
    await deleteMarker(this.#client, name);
    await rm(this.#knownPath(name), { force: true });
    await this.#sweep();
  }

  async unfinished(): Promise<readonly string[]> {
    const begun = (await readdir(this.#deps.dir).catch(() => [])).flatMap((file) => UPLOAD.exec(file)?.[1] ?? []);
    return [...new Set([...(await this.#spool.unfinished()), ...(await this.#waiting()), ...begun])];
  }

  async tryOut(call: CallOptions = {}): Promise<void> {
    const key = newKey('probe.zip');
    await this.#noteGarbage({ version: 1, key });
    await probe(this.#client, key, call);
    await this.#sweep(call);
  }

  async canFinish(name: string): Promise<boolean> {
    return (await this.#waiting()).includes(name);
  }

  async finish(name: string, call: CallOptions = {}): Promise<boolean> {
    if (!(await this.canFinish(name))) return false;
    await this.#store(name, call);
    return true;
  }

  async discard(name: string): Promise<void> {
    const state = await readState(this.#statePath(name));
    if (state !== undefined) await this.#noteGarbage(state);
    await this.#spool.delete(name);
    await this.#spool.discard(name);
    await this.#forget(name);
    if (state !== undefined) await this.#sweep().catch(() => undefined);
  }

  scratch(name: string): Promise<string> {
    return this.#spool.scratch(name);
  }

  exposures(): Promise<readonly string[]> {
    return this.#spool.exposures();
  }

  /** Sends a file that lies here whole and checked, and makes it appear. What was sent before is not sent again. */
  async #store(name: string, call: CallOptions): Promise<void> {
    const statePath = this.#statePath(name);
    const state = (await readState(statePath)) ?? { version: 1, key: newKey(name) };
    const { key, replaces } = state;
    const file = await this.#spool.open(name);
    try {
      if ((await readMarker(this.#client, name, call))?.marker.key !== key) {
        const { client, partBytes } = this.#deps;
        const sha256 = await upload(file, state, { client, statePath, headers: this.#lockHeaders(), ...defined({ partBytes }) }, call);
        await this.#note(this.#knownPath(name), '');
        await writeMarker(client, { version: 1, name, key, bytes: file.bytes, sha256 }, replaces?.tag, call);
      }
    } finally {
      await file.close();
    }
    if (replaces !== undefined) await this.#noteGarbage({ version: 1, key: replaces.key });
    await this.#spool.delete(name);
    await this.#forget(name);
    await this.#sweep(call).catch(() => undefined);
  }

  #lockHeaders(): Readonly<Record<string, string>> {
    const { lockForMs, now } = this.#deps;
    if (lockForMs === undefined) return {};
    const until = new Date(now().getTime() + lockForMs).toISOString();
    return { 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': until };
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
    await this.#note(path, place);
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

  async #noteGarbage(state: UploadState): Promise<void> {
    await this.#note(join(this.#deps.dir, 'garbage', state.key), JSON.stringify(state));
  }

  /** Removes objects that are no longer wanted. One that a marker names is: whoever meant to remove it did not come to that. */
  async #sweep(call: CallOptions = {}): Promise<void> {
    const folder = join(this.#deps.dir, 'garbage');
    for (const file of await readdir(folder).catch(() => [])) {
      const state = await readState(join(folder, file));
      const named = state && (await readMarker(this.#client, nameOf(state.key), call))?.marker.key === state.key;
      if (state !== undefined && named !== true) await giveUp(this.#client, state, call);
      await rm(join(folder, file), { force: true });
    }
  }

  async #note(path: string, text: string): Promise<void> {
    try {
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await writeFile(path, text, { mode: 0o600, flush: true });
    } catch (error) {
      throw fromFileSystem(error, path);
    }
  }
}

/** A key that nothing else has: the name, with sixteen random digits before its end. */
function newKey(name: string): string {
  return `${name.replace(/\.zip$/u, '')}.${randomBytes(8).toString('hex')}.zip`;
}

/** The name of the file that lies under a key. */
function nameOf(key: string): string {
  return key.replace(/\.[0-9a-f]{16}\.zip$/u, '.zip');
}
