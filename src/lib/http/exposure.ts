import { stat } from 'node:fs/promises';

const GROUP_WRITES = 0o020;
const ALL_WRITE = 0o002;

/**
 * Says in whole sentences, one a path, which of these files and folders belong to somebody else or can be written by
 * others: whoever can do that can put another file in their place. Paths that are not there say nothing, nor do systems
 * without owners (Windows).
 */
export async function exposuresOf(paths: readonly string[]): Promise<readonly string[]> {
  const uid = process.getuid?.();
  if (uid === undefined) return [];
  const found: string[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) continue;
    const [what, then] = info.isDirectory() ? ['The folder ', 'put other files there'] : ['', 'change it'];
    // What root owns, root could change anyway.
    if (info.uid !== uid && info.uid !== 0) found.push(`${what}${path} belongs to another user (${info.uid}), who can ${then}.`);
    else if (othersWrite(info, uid))
      found.push(`${what}${path} can be written by others (mode ${(info.mode & 0o777).toString(8)}), who can ${then}.`);
  }
  return found;
}

/**
 * A group of the user's own, with the user's number, has nobody else in it: many systems give new files to it,
 * writable.
 */
function othersWrite({ mode, gid }: { readonly mode: number; readonly gid: number }, uid: number): boolean {
  return (mode & ALL_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== uid);
}
