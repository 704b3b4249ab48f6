import { access, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { isRunbackError, messageOf, RunbackError } from '../../../lib/index.js';
import type { Runbook } from '../../../runbooks/index.js';
import { shippedDir } from '../../../workspace/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';

/** A runbook file of the workspace: read, or why it cannot be. */
export interface RunbookFile {
  readonly path: string;
  /** File name without its ending. */
  readonly id: string;
  readonly runbook?: Runbook;
  readonly problem?: string;
}

/** Every runbook file of the workspace, by name. None where there is no such folder. */
export async function runbookFiles(session: Session): Promise<readonly RunbookFile[]> {
  const { loadRunbook } = await import('../../../runbooks/index.js');
  const paths = await runbookPaths(session);
  return Promise.all(
    paths.map(async (path): Promise<RunbookFile> => {
      const file = { path, id: idOf(path) };
      try {
        return { ...file, runbook: await loadRunbook(path) };
      } catch (error) {
        if (!isRunbackError(error)) throw error;
        return { ...file, problem: messageOf(error) };
      }
    }),
  );
}

const idOf = (path: string): string => basename(path).replace(/\.ya?ml$/u, '');

const isThere = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );

async function runbookPaths({ workspace }: Session): Promise<readonly string[]> {
  const names = await readdir(workspace.runbooksDir).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => /\.ya?ml$/u.test(name))
    .sort()
    .map((name) => join(workspace.runbooksDir, name));
}

/**
 * The runbook an id, the beginning of one, or a path means; one that comes with runback where the workspace has none of that id. Throws `not-found` with the nearest id, `ambiguous`,
 * `file-invalid`.
 */
export async function findRunbook(session: Session, wanted: string, cwd: string): Promise<Runbook> {
  const { loadRunbook } = await import('../../../runbooks/index.js');
  if (/[/\\]|\.ya?ml$/u.test(wanted)) return loadRunbook(resolve(cwd, wanted));
  const paths = await runbookPaths(session);
  const shipped = join(shippedDir, 'runbooks', `${wanted}.yml`);
  if (!paths.some((path) => idOf(path) === wanted) && (await isThere(shipped))) return await loadRunbook(shipped);
  if (paths.length === 0)
    throw new RunbackError('not-found', `There is no runbook in ${session.workspace.runbooksDir}`, {
      state: 'Nothing was started.',
      next: 'runback init',
    });
  return loadRunbook(byPrefix(wanted, paths, idOf, { what: 'runbook', list: 'runback runbook list' }));
}
