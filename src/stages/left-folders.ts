import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Clock, messageOf, Redactor, fromFileSystem } from '../lib/index.js';
import { lifeOf, type NamedLock, openFileStore, type ProcessIdentity, thisProcess } from '../store/index.js';

/** How the names of the folders begin that drills work in. */
export const STAGE_FOLDER = 'runback-drill-';

/** The file in such a folder that says whose it is. */
const OWNER = '.runback-drill.json';
/** A folder is without that file for milliseconds when it is made. */
const NEW_MS = 3_600_000;

/** Whose a folder is: the process that works in it, or nobody's any more, since a person wanted to keep it. */
type FolderOwner = ProcessIdentity & { readonly version: 1; readonly kept?: true };

/** A folder that was not removed, and why, in words. */
interface LeftFolder {
  readonly folder: string;
  readonly why: string;
}

/**
 * Notes in a folder that this process works in it. `kept`: it is to stay whatever becomes of this process.
 */
export async function ownFolder(folder: string, { kept = false }: { readonly kept?: boolean } = {}): Promise<void> {
  const owner: FolderOwner = { version: 1, ...thisProcess(), ...(kept ? { kept } : {}) };
  const file = join(folder, OWNER);
  try {
    await writeFile(file, JSON.stringify(owner), { mode: 0o600 });
  } catch (error) {
    throw fromFileSystem(error, file);
  }
}

/**
 * Removes the folders of drills whose process is known to have ended, as by kill -9: the system tells that its number is
 * nobody's, or another's. What nobody can tell of stays and is named, and so does a folder in which something that the
 * drill had started is still at work. Folders that a person keeps, and those of others on this machine, are not looked
 * at. Several processes may do this at once. Never throws.
 */
export async function removeLeftFolders(
  clock: Clock,
  parent: string = tmpdir(),
): Promise<{ readonly removed: readonly string[]; readonly left: readonly LeftFolder[] }> {
  const { stale, left } = await leftFolders(clock, parent);
  const removed: string[] = [];
  const failed: LeftFolder[] = [];
  for (const folder of stale)
    try {
      await removeFolder(folder);
      removed.push(folder);
    } catch (error) {
      // Where it is gone, another process has taken it away.
      if (await isThere(folder)) failed.push({ folder, why: messageOf(error) });
    }
  return { removed, left: [...left, ...failed] };
}

/** The folders that {@link removeLeftFolders} would remove, and those that it would name. Never throws. */
export async function leftFolders(
  clock: Clock,
  parent: string = tmpdir(),
): Promise<{ readonly stale: readonly string[]; readonly left: readonly LeftFolder[] }> {
  const stale: string[] = [];
  const left: LeftFolder[] = [];
  const names = await readdir(parent).catch(() => []);
  for (const folder of names.filter((name) => name.startsWith(STAGE_FOLDER)).map((name) => join(parent, name))) {
    const fate = await fateOf(folder, clock).catch((error: unknown) => ({ why: messageOf(error) }));
    if (fate === 'goes') stale.push(folder);
    else if (fate !== 'stays' && (await isThere(folder))) left.push({ folder, ...fate });
  }
  return { stale, left };
}

/** What becomes of a folder; why, where nobody can tell whether it may go. */
async function fateOf(folder: string, clock: Clock): Promise<'goes' | 'stays' | { readonly why: string }> {
  const about = await lstat(folder);
  if (!about.isDirectory() || about.uid !== (process.getuid?.() ?? about.uid)) return 'stays';
  const owner = await ownerOf(folder);
  // By the file system's own clock, which also stamped the folder.
  if (owner === undefined) return Date.now() - about.mtimeMs < NEW_MS ? 'stays' : { why: 'it does not say which process works in it' };
  if (owner.kept === true) return 'stays';
  const life = lifeOf(owner);
  if (life === 'unknown') return { why: `whether process ${owner.pid} on ${owner.host} has ended cannot be told from here` };
  if (life === 'alive') return 'stays';
  return (await locksIn(folder, clock)).some((lock) => lock.alive) ? 'stays' : 'goes';
}

/** What is held in the workspace of a stage: whatever works there holds a lock. */
export async function locksIn(folder: string, clock: Clock): Promise<readonly NamedLock[]> {
  return await openFileStore({ dir: join(folder, '.runback'), clock, redactor: new Redactor() }).locks();
}

async function ownerOf(folder: string): Promise<FolderOwner | undefined> {
  try {
    const owner = JSON.parse(await readFile(join(folder, OWNER), 'utf8')) as Partial<FolderOwner> | null;
    return typeof owner?.pid === 'number' && owner.pid > 0 && typeof owner.host === 'string' ? (owner as FolderOwner) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes a folder away, what says whose it is last: whoever is interrupted here leaves a folder that the next one can
 * judge.
 */
async function removeFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name !== OWNER) await rm(join(folder, name), REMOVING);
  await rm(folder, REMOVING);
}

/** Another process may take the same things away at the same time. */
const REMOVING = { recursive: true, force: true, maxRetries: 5 } as const;

const isThere = async (path: string): Promise<boolean> => (await lstat(path).catch(() => undefined)) !== undefined;
