import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { removeIfThere } from './whole-file.js';

/** What a process that died in the middle of a write can leave: partial files and drafts of lock files. */
const LITTER = /\.partial-[0-9a-f]{12}$|\.lock\.[0-9a-f]{24}$/;
/** A living process has one of these for milliseconds. */
const OLD_MS = 3_600_000;

/**
 * Removes the leavings of dead processes from folders, each folder once. Never throws, never touches what is in use.
 */
export class LitterSweeper {
  readonly #done = new Set<string>();

  sweep(folder: string): void {
    if (this.#done.has(folder)) return;
    this.#done.add(folder);
    for (const name of namesIn(folder).filter((candidate) => LITTER.test(candidate))) {
      const path = join(folder, name);
      // The age is told by the file system's own clock, which also stamped the file.
      if (isOld(path)) removeIfThere(path);
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOld(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > OLD_MS;
  } catch {
    return false;
  }
}
