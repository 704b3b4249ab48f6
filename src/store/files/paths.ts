import { closeSync, fsync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { fromFileSystem, makeFolders } from '../../lib/index.js';
import { safeName } from '../format/names.js';

/*
 * Small files are read and written, and names changed, without a detour over threads, which costs ten times as much as
 * the work. What waits for the disk, the sync, goes to a thread.
 */

/** Makes what was written to an open file durable. */
export const toDisk: (file: number) => Promise<void> = promisify(fsync);

/** Creates a folder and its parents for the owner only, durably: each new folder is synced in its parent. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const first = makeFolders(path, 0o700);
    if (first === undefined) return;
    for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

/**
 * Creates a file that is not there yet, mode 0600, and its folder where that is missing too. Gives its descriptor, to
 * be closed by whoever asks. Throws as the file system does.
 */
export async function openNew(path: string): Promise<number> {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    return openSync(path, 'wx', 0o600);
  }
}

/** Makes created, renamed and deleted names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r');
  try {
    await toDisk(folder);
  } finally {
    closeSync(folder);
  }
}

/** The code of a file system error, if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Path of `name` plus `suffix` in a folder, the name checked. */
export function pathIn(folder: string, name: string, what: string, suffix = ''): string {
  return join(folder, safeName(name, what) + suffix);
}
