import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a process that died in the middle of a write can leave: partial files and drafts of lock files. */
const LITTER = /\.partial-[0-9a-f]{12}$|\.lock\.[0-9a-f]{24}$/;
/** A living process has one of these for milliseconds. */
const OLD_MS = 3_600_000;

/**
 * Removes the leavings of dead processes from folders, each folder once. Never throws, never touches what is in use.
 */
export class LitterSweeper {
  readonly #done = new Set<string>();

  async sweep(folder: string): Promise<void> {
    if (this.#done.has(folder)) return;
    this.#done.add(folder);
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names.filter((candidate) => LITTER.test(candidate))) {
      const path = join(folder, name);
      // The age is told by the file system's own clock, which also stamped the file.
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > OLD_MS) await unlink(path).catch(() => undefined);
    }
  }
}
