import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { RunbackError, fromFileSystem } from '../../lib/index.js';

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._@+~-]{0,150}$/;

/** The name, if it can be part of a path without leaving its folder; else throws `usage`. */
export function safeName(name: string, what: string): string {
  if (SAFE_NAME.test(name) && !name.includes('..')) return name;
  throw new RunbackError('usage', `${JSON.stringify(name.slice(0, 80))} cannot be ${what}`, {
    why: 'Names consist of letters, digits, ".", "_", "-", "~", "@" and "+", begin with a letter or digit and hold no "..".',
    state: 'Nothing was read or written.',
  });
}

/** Creates a folder and its parents for the owner only, durably: each new folder is synced in its parent. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

/**
 * Creates a file that is not there yet, mode 0600, and its folder where that is missing too. Throws as the file system
 * does.
 */
export async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    return await open(path, 'wx', 0o600);
  }
}

/** Makes created, renamed and deleted names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
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
