import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type FileHandle, link, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { fromFileSystem } from '../../lib/index.js';
import { openNew, syncFolder, systemCode } from './paths.js';

/**
 * Writes a file so that it appears whole or not at all, also through kill -9 and power cut: partial file, sync, rename,
 * sync of the folder. Every byte is accounted for (a full disk shortens a write without an error). Mode 0600. Throws
 * `disk-full`, `disk-denied`; the earlier file, if any, is then untouched. `once`: never replaces an earlier file,
 * whoever wrote it meanwhile, and answers false where there is one.
 */
export async function writeWhole(path: string, content: string | AsyncIterable<string>, { once = false } = {}): Promise<boolean> {
  const partial = `${path}.partial-${randomBytes(6).toString('hex')}`;
  try {
    const handle = await openNew(partial);
    try {
      let position = 0;
      for await (const chunk of typeof content === 'string' ? [content] : content)
        position = await writeAt(handle, Buffer.from(chunk, 'utf8'), position);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (!once) await rename(partial, path);
    else {
      await link(partial, path);
      // One that stays is cleared away with what dead processes leave.
      await unlink(partial).catch(() => undefined);
    }
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    if (once && systemCode(error) === 'EEXIST') return false;
    throw fromFileSystem(error, path);
  }
  await syncFolder(dirname(path)).catch((error: unknown) => {
    throw fromFileSystem(error, path);
  });
  return true;
}

/** Writes all bytes at a position before it returns: for a few of them. */
export function writeAtNow(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}

/** Writes all bytes at a position, in one call where the system allows. Returns the position after them. */
export async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  return position + bytes.length;
}
