import { type BigIntStats, constants, readSync, statSync } from 'node:fs';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { defined, exposuresOf, fromFileSystem, isRunbackError, makeFolders, RunbackError } from '../../lib/index.js';
import { type ByteSink, roomFor, type SnapshotStorage, type StoredFile, type StoredName } from './storage.js';

const PARTIAL = '.partial';
const SCRATCH = '.scratch';

/** So many bytes are read without a detour over threads, which takes longer than reading them. */
const READ_AT_ONCE = 256 << 10;

/** Snapshots in a folder of this machine. The folder is made on the first write, for its owner only. */
export function folderStorage(dir: string): SnapshotStorage {
  const pathOf = (name: string): string => join(dir, name);

  return {
    location: dir,
    pathOf,

    async put(name, write, check) {
      const partial = pathOf(`${name}${PARTIAL}`);
      try {
        makeFolders(dir, 0o700);
        const handle = await open(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600).catch(elsewhere(partial, 'EEXIST'));
        try {
          await write(sinkOf(handle));
          await handle.sync();
        } finally {
          await handle.close();
        }
        const written = await openStoredFile(partial);
        try {
          await check(written);
        } finally {
          await written.close();
        }
        await rename(partial, pathOf(name)).catch(elsewhere(partial, 'ENOENT'));
        await syncFolder(dir);
      } catch (error) {
        // In a folder that several machines write to: it is theirs.
        if (isRunbackError(error, 'locked', 'fenced')) throw error;
        await rm(partial, { force: true });
        throw fromFileSystem(error, partial);
      }
    },

    open: (name) => openStoredFile(pathOf(name)),

    async list() {
      const found: StoredName[] = [];
      for (const name of await namesIn(dir)) {
        if (!name.endsWith('.zip')) continue;
        const bytes = sizeOf(pathOf(name));
        if (bytes !== undefined) found.push({ name, bytes });
      }
      return found;
    },

    async delete(name) {
      try {
        await rm(pathOf(name), { force: true });
        // Also where another process took it away: that one may not have come to this.
        await syncFolder(dir);
      } catch (error) {
        // There is no folder, and so nothing in it.
        if (isMissing(error)) return;
        throw fromFileSystem(error, pathOf(name));
      }
    },

    async exposures() {
      const names = (await namesIn(dir)).filter((name) => name.endsWith('.zip'));
      return await exposuresOf([dir, ...names.map(pathOf)]);
    },

    async unfinished() {
      const names = (await namesIn(dir)).flatMap((name) =>
        [PARTIAL, SCRATCH].filter((suffix) => name.endsWith(`.zip${suffix}`)).map((suffix) => name.slice(0, -suffix.length)),
      );
      return [...new Set(names)];
    },

    async discard(name) {
      await rm(pathOf(`${name}${PARTIAL}`), { force: true });
      await rm(pathOf(`${name}${SCRATCH}`), { force: true, recursive: true });
    },

    async scratch(name) {
      const path = pathOf(`${name}${SCRATCH}`);
      try {
        makeFolders(path, 0o700);
      } catch (error) {
        throw fromFileSystem(error, path);
      }
      return path;
    },
  };
}

/** Opens any file of this machine as a {@link StoredFile}. Throws `not-found`, `file-unreadable`. */
export async function openStoredFile(path: string): Promise<StoredFile> {
  let handle: FileHandle;
  let info: BigIntStats;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    const missing = isMissing(error);
    throw new RunbackError(missing ? 'not-found' : 'file-unreadable', missing ? `There is no file ${path}` : `Cannot open ${path}`, {
      ...(missing ? {} : { why: error instanceof Error ? error.message : String(error) }),
      next: 'List the snapshots: runback snapshot list',
      cause: error,
    });
  }
  try {
    info = await handle.stat({ bigint: true });
    if (!info.isFile()) throw new RunbackError('file-unreadable', `${path} is not a file`, { next: 'List the snapshots: runback snapshot list' });
  } catch (error) {
    await handle.close();
    throw error;
  }
  const bytes = Number(info.size);
  return {
    path,
    bytes,
    ...defined({ content: contentOf(info) }),
    async read(offset, length, into) {
      const buffer = roomFor({ bytes }, offset, length, into);
      let filled = 0;
      while (filled < buffer.length) {
        const [left, at] = [buffer.length - filled, offset + filled];
        const bytesRead =
          left <= READ_AT_ONCE ? readSync(handle.fd, buffer, filled, left, at) : (await handle.read(buffer, filled, left, at)).bytesRead;
        if (bytesRead === 0) return buffer.subarray(0, filled);
        filled += bytesRead;
      }
      return buffer;
    },
    close: () => handle.close(),
  };
}

/** Whole seconds are as fine as such a file system tells times: a file could be changed twice within one. */
const ONE_SECOND_NS = 1_000_000_000n;

/** Whoever changes a file, or puts another one in its place, cannot leave all of this as it was. */
function contentOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string | undefined {
  return ctimeNs % ONE_SECOND_NS === 0n ? undefined : [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/**
 * Bytes of a file; undefined for what is none. Asked without a detour over threads: of hundreds of files that takes a
 * third of the time.
 */
function sizeOf(path: string): number | undefined {
  try {
    const info = statSync(path, { throwIfNoEntry: false });
    return info?.isFile() === true ? info.size : undefined;
  } catch {
    return undefined;
  }
}

function sinkOf(handle: FileHandle): ByteSink {
  return async (bytes) => {
    let written = 0;
    while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  };
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw new RunbackError('file-unreadable', `Cannot read the folder of snapshots ${dir}`, { why: String(error), cause: error });
  }
}

function isMissing(error: unknown): boolean {
  return isCode(error, 'ENOENT');
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** What an error of that code says of a file that only its writer touches: another process writes it as well. */
function elsewhere(partial: string, code: string): (error: unknown) => never {
  return (error) => {
    if (!isCode(error, code)) throw error;
    throw new RunbackError('locked', `Another process writes ${partial}, or has removed it`, {
      state: 'Nothing was stored by this one.',
      next: 'Wait until that one has ended, then run the same command again.',
      cause: error,
    });
  };
}

/** Makes a rename or removal survive a power cut. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
