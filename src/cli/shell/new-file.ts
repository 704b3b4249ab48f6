import { link, rename, rm, writeFile } from 'node:fs/promises';

import { fromFileSystem } from '../../lib/index.js';

/**
 * Makes a file appear with its whole content; false where one is there already, which stays. Throws `disk-full` and `disk-denied`, which
 * name the file.
 */
export async function writeNew(file: string, content: string | Buffer): Promise<boolean> {
  return await whole(file, content, async (draft) => {
    try {
      await link(draft, file);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Makes a file appear with its whole content, in the place of one that is there. Throws as {@link writeNew}. */
export async function writeInPlace(file: string, content: string): Promise<void> {
  await whole(file, content, async (draft) => await rename(draft, file));
}

async function whole<T>(file: string, content: string | Buffer, take: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, content);
    return await take(draft);
  } catch (error) {
    throw fromFileSystem(error, file);
  } finally {
    await rm(draft, { force: true });
  }
}
