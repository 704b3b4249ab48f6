import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and its parents, and gives the first of them that was missing; undefined where all are there. Throws
 * what the file system answered. `mkdir` with `recursive` answers ENOENT on a read-only disk, and never ends where a
 * folder is there in which none can be made, as in /proc.
 * @param mode of each new folder, less the umask; by default 0777.
 */
export function makeFolders(path: string, mode = 0o777): string | undefined {
  const folder = resolve(path);
  if (isFolder(folder)) return undefined;
  const parent = dirname(folder);
  const first = parent === folder ? undefined : makeFolders(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process was faster.
    if (!isFolder(folder)) throw error;
  }
  return first ?? folder;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
