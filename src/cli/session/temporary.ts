import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { messageOf, RunbackError } from '../../lib/index.js';

/**
 * Makes a new folder for temporary files, for the owner only; whoever asks for it removes it. Throws `disk-denied`
 * where `TMPDIR` names no usable folder.
 */
export async function temporaryFolder(prefix: string): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, prefix));
  } catch (error) {
    throw new RunbackError('disk-denied', `The folder for temporary files, ${parent}, cannot be used`, {
      why: messageOf(error),
      state: 'Nothing was changed.',
      next: 'Create it, or set TMPDIR to a folder that is there and can be written to.',
      cause: error,
    });
  }
}
