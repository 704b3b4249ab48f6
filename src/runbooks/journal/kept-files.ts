import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { messageOf, RunbackError } from '../../lib/index.js';

/** A file that a person keeps as evidence, as it was when they said so. */
export interface KeptFile {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
}

/** What became of a file that was kept. */
export interface KeptFileCheck extends KeptFile {
  readonly state: 'same' | 'changed' | 'gone';
}

/**
 * Reads files that are to be kept as evidence, relative ones from `root`, and gives their digests. Throws
 * `file-unreadable` naming the first that cannot be read.
 */
export async function keepFiles(paths: readonly string[], root: string): Promise<readonly KeptFile[]> {
  const kept: KeptFile[] = [];
  for (const name of paths) {
    const path = resolve(root, name);
    try {
      kept.push({ path, sha256: await digestOf(path) });
    } catch (error) {
      throw new RunbackError('file-unreadable', `Cannot read ${path}, which was named as evidence`, {
        why: messageOf(error),
        state: 'The answer was not taken.',
        next: 'Correct the path, or leave the file out.',
        cause: error,
      });
    }
  }
  return kept;
}

/** Looks whether files are still what they were when they were kept. */
export async function checkFiles(kept: readonly KeptFile[]): Promise<readonly KeptFileCheck[]> {
  return await Promise.all(
    kept.map(async (file) => {
      const now = await digestOf(file.path).catch(() => undefined);
      return { ...file, state: now === undefined ? 'gone' : now === file.sha256 ? 'same' : 'changed' };
    }),
  );
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
