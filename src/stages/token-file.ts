import { lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeFolders } from '../lib/index.js';

/**
 * Where a sandbox leaves the token that it made, for other programs of the same person: a folder that only they can
 * read.
 */
const folder = (): string => join(tmpdir(), `runback-sandbox-${process.getuid?.() ?? 'user'}`);
const fileOf = (port: string): string => join(folder(), `${port}.token`);

/**
 * Leaves the token of the sandbox at this port. Gives what takes it away again. Where the folder is somebody else's,
 * nothing is left: the token was printed.
 */
export async function leaveToken(port: string, token: string): Promise<() => Promise<void>> {
  try {
    makeFolders(folder(), 0o700);
    if (!(await isOwn())) return () => Promise.resolve();
    await rm(fileOf(port), { force: true });
    await writeFile(fileOf(port), token, { flag: 'wx', mode: 0o600 });
  } catch {
    return () => Promise.resolve();
  }
  return async () => {
    if ((await leftToken(port)) === token) await rm(fileOf(port), { force: true });
  };
}

/** The token that a sandbox of this person at this port has left, if any. */
export async function leftToken(port: string): Promise<string | undefined> {
  try {
    return (await isOwn()) ? await readFile(fileOf(port), 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever made the folder first could have made it readable, or a link. */
async function isOwn(): Promise<boolean> {
  const info = await lstat(folder());
  const uid = process.getuid?.();
  return info.isDirectory() && (uid === undefined || (info.uid === uid && (info.mode & 0o077) === 0));
}
