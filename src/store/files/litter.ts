import { randomBytes } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { removeIfThere } from './whole-file.js';

/** What a process that died in the middle of a write can leave: partial files and drafts of lock files. */
const LITTER = /\.partial-[0-9a-f]{12}$|\.lock\.[0-9a-f]{24}$/;
/** A living process has one of these for milliseconds. */
const OLD_MS = 3_600_000;

/**
 * Removes the leavings of dead processes from folders, each folder once. Never throws, never touches what is in use.
 */
export class LitterSweeper {
  readonly #done = new Set<string>();

  sweep(folder: string): void {
    if (this.#done.has(folder)) return;
    this.#done.add(folder);
    const litter = namesIn(folder).flatMap((name) => (LITTER.test(name) ? join(folder, name) : []));
    const seemOld = litter.filter((path) => isOld(path, Date.now()));
    if (seemOld.length === 0) return;
    const now = clockOf(folder);
    for (const path of seemOld) if (now !== undefined && isOld(path, now)) removeIfThere(path);
  }
}

/**
 * What the clock says that stamps files in a folder: that of a server, where the folder is shared, and not that of this
 * machine, which may be hours ahead of it. Undefined where nothing can be written there.
 */
function clockOf(folder: string): number | undefined {
  const probe = join(folder, `clock.partial-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(probe, '', { flag: 'wx', mode: 0o600 });
    return statSync(probe).mtimeMs;
  } catch {
    return undefined;
  } finally {
    removeIfThere(probe);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOld(path: string, nowMs: number): boolean {
  try {
    return nowMs - statSync(path).mtimeMs > OLD_MS;
  } catch {
    return false;
  }
}
