import { randomBytes } from 'node:crypto';
import { access, constants, link, mkdtemp, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fromFileSystem, messageOf, RunbackError } from '../lib/index.js';
import type { Session } from './session.js';

/**
 * For `doctor`: whether the folder that the locks lie in can hold hard links, which is how a lock is taken by one process only. Some shared
 * folders, memory sticks and mounts cannot. Leaves nothing behind. Throws `disk-denied`.
 */
export async function checkFolders({ workspace: { root, stateDir } }: Session): Promise<string> {
  const there = await access(stateDir).then(
    () => stateDir,
    () => root,
  );
  const file = join(there, `.runback-doctor-${randomBytes(6).toString('hex')}`);
  const second = `${file}-link`;
  try {
    await writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw fromFileSystem(error, there);
    });
    await link(file, second).catch((error: unknown) => {
      throw new RunbackError('disk-denied', `${there} cannot hold hard links`, {
        why: `Locks are taken with them, so that nothing could be run or restored here. The system says: ${messageOf(error)}.`,
        next: 'Put the workspace on a disk of this machine, or on a shared folder that can hold hard links (NFS, ext4, APFS, NTFS).',
        cause: error,
      });
    });
  } finally {
    for (const path of [file, second]) await unlink(path).catch(() => undefined);
  }
  return 'the folder can hold them';
}

/** For `doctor`: whether the folder for temporary files is there and can be written. Throws `disk-denied`. */
export async function checkTemporary(): Promise<string> {
  const dir = tmpdir();
  await access(dir, constants.W_OK).catch((error: unknown) => {
    throw noTemporary(dir, error);
  });
  return dir;
}

/** Makes a folder for temporary files whose name begins with `prefix`, for its owner only. Throws `disk-denied`, `disk-full`. */
export async function temporaryFolder(prefix: string): Promise<string> {
  const dir = tmpdir();
  return await mkdtemp(join(dir, prefix)).catch((error: unknown) => {
    const known = fromFileSystem(error, dir);
    throw known instanceof RunbackError && known.code !== 'disk-denied' ? known : noTemporary(dir, error);
  });
}

/** The error for a folder for temporary files that is not there, or not ours to write to. */
function noTemporary(dir: string, cause: unknown): RunbackError {
  return new RunbackError('disk-denied', `The folder for temporary files, ${dir}, cannot be written`, {
    why: `It is what TMPDIR says, or else the system. The system says: ${messageOf(cause)}.`,
    state: 'Nothing was changed.',
    next: `Make the folder, or set TMPDIR to one that is there: TMPDIR=/tmp`,
    cause,
  });
}
