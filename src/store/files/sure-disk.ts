import { statfsSync, statSync } from 'node:fs';

/**
 * File systems of this machine whose answers are those of this very moment, and on which every change of a file moves
 * its ctime: ext, XFS, Btrfs, F2FS, ZFS, tmpfs, overlay. A shared one may answer from memory, and of others nothing is
 * known here.
 */
const SURE: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630]);

/**
 * The number of the disk that a folder is on, where what it says of its files is so; undefined where that is not known.
 */
export function sureDisk(folder: string): number | undefined {
  try {
    return SURE.has(statfsSync(folder).type) ? statSync(folder).dev : undefined;
  } catch {
    return undefined;
  }
}
