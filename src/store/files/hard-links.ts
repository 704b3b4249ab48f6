import { closeSync, linkSync } from 'node:fs';
import { join } from 'node:path';

import { openNew } from './paths.js';
import { removeIfThere } from './whole-file.js';

/**
 * Why the file system of a folder cannot hold locks, as the system says it; undefined where it can. Locks are hard
 * links, which FAT, exFAT and some network folders do not have. Leaves nothing behind. Throws what creating a file
 * there throws.
 */
export async function hardLinkProblem(folder: string, word: string): Promise<string | undefined> {
  const [first, second] = [join(folder, `.${word}`), join(folder, `.${word}.link`)];
  closeSync(await openNew(first));
  try {
    linkSync(first, second);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    removeIfThere(second);
    removeIfThere(first);
  }
}
