import { randomBytes } from 'node:crypto';
import { closeSync, linkSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { fromFileSystem } from '../../lib/index.js';
import { openNew, syncFolder, systemCode, toDisk } from './paths.js';

/** How a file is written whole. */
export interface WholeWriting {
  readonly once?: boolean;
  readonly stillWanted?: () => void;
}

/**
 * Writes a file so that it appears whole or not at all, also through kill -9 and power cut: partial file, sync, rename,
 * sync of the folder. Every byte is accounted for (a full disk shortens a write without an error). Mode 0600. Throws
 * `disk-full`, `disk-denied`; the earlier file, if any, is then untouched. `once`: never replaces an earlier file,
 * whoever wrote it meanwhile, and answers false where there is one. `stillWanted` is asked when everything is written:
 * where it throws, the earlier file stays.
 */
export async function writeWhole(path: string, content: string | AsyncIterable<string>, how: WholeWriting = {}): Promise<boolean> {
  const { once = false, stillWanted } = how;
  const partial = `${path}.partial-${randomBytes(6).toString('hex')}`;
  try {
    const file = await openNew(partial);
    try {
      let position = 0;
      for await (const chunk of typeof content === 'string' ? [content] : content) {
        const bytes = Buffer.from(chunk, 'utf8');
        writeAtNow(file, bytes, position);
        position += bytes.length;
      }
      await toDisk(file);
    } finally {
      closeSync(file);
    }
    stillWanted?.();
    if (!once) renameSync(partial, path);
    else {
      linkSync(partial, path);
      // One that stays is cleared away with what dead processes leave.
      removeIfThere(partial);
    }
  } catch (error) {
    removeIfThere(partial);
    if (once && systemCode(error) === 'EEXIST') return false;
    throw fromFileSystem(error, path);
  }
  await syncFolder(dirname(path)).catch((error: unknown) => {
    throw fromFileSystem(error, path);
  });
  return true;
}

/** Never throws: what cannot be removed is cleared away with what dead processes leave. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or stays.
  }
}

/** Writes all bytes at a position before it returns: for a few of them. */
export function writeAtNow(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
