import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';

import { fromFileSystem, RunbackError } from '../lib/index.js';

/** A new file, readable by its owner only. Throws `usage` where one is there already. */
export async function newFile(path: string): Promise<Writable> {
  try {
    return (await open(path, 'wx', 0o600)).createWriteStream();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw fromFileSystem(error, path);
    throw new RunbackError('usage', `${path} is already there`, { state: 'It was not changed.', next: 'Give another --to.', cause: error });
  }
}
