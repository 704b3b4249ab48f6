import { constants } from 'node:fs';
import { copyFile, link, rename, rm, writeFile } from 'node:fs/promises';

import { fromFileSystem } from '../../lib/index.js';

/** What file systems without links answer: those of memory cards and of some network drives. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/**
 * Makes a file appear with its whole content; false where one is there already, which stays. Throws `disk-full` and `disk-denied`, which
 * name the file.
 */
export async function writeNew(file: string, content: string | Buffer): Promise<boolean> {
  return await whole(file, content, async (draft) => {
    try {
      await link(draft, file).catch(async (error: unknown) => {
        if (!NO_LINKS.has(codeOf(error))) throw error;
        await copyFile(draft, file, constants.COPYFILE_EXCL);
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
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
    // Where there was no place for it, that is what is told.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
