import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { fromFileSystem, makeFolders } from '../../../lib/index.js';

/** Writes a note on this machine, for its owner only, before anything that it is about is done. Killed, it may be cut off. */
export async function writeNote(path: string, text: string): Promise<void> {
  try {
    makeFolders(dirname(path), 0o700);
    await writeFile(path, text, { mode: 0o600, flush: true });
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}
