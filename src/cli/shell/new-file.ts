import { link, rm, writeFile } from 'node:fs/promises';

/** Makes a file appear with its whole content; false where one is there already, which stays. */
export async function writeNew(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, text);
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
