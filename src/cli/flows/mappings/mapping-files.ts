import { basename, join, relative, resolve } from 'node:path';

import { isRunbackError, RunbackError } from '../../../lib/index.js';
import type { Mapping, MappingFile } from '../../../mappings/index.js';
import { type PlacedProblem, problemsIn } from '../../../workspace/index.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';

/** The mappings of a workspace, and what of the folder is none. */
export interface WorkspaceMappings {
  readonly folder: string;
  readonly mappings: readonly Mapping[];
  /** Every problem of files that cannot be read. */
  readonly broken: readonly PlacedProblem[];
}

/** Folder of the mappings of a workspace. */
export const mappingsFolder = ({ workspace }: Session): string => join(workspace.root, 'mappings');

/**
 * The mappings that words mean: ids, beginnings of ids, or paths; all without a word. Throws `not-found`, `ambiguous`,
 * `file-invalid`.
 */
export async function chosenMappings(
  session: Session,
  words: readonly string[],
  cwd: string,
): Promise<WorkspaceMappings & { readonly chosen: readonly Mapping[] }> {
  const { loadMapping, mappingFiles } = await import('../../../mappings/index.js');
  const folder = mappingsFolder(session);
  const files = await mappingFiles(folder);
  if (words.length === 0 || files.length === 0) requireSome(files, folder, words);
  const chosen: Mapping[] = [];
  for (const word of words) {
    if (/[/\\]|\.ya?ml$/u.test(word)) chosen.push(await ofPath(files, resolve(cwd, word), loadMapping));
    else {
      const file = byPrefix(word, files, ({ id, mapping }) => mapping?.id ?? id, { what: 'mapping', list: 'runback mapping lint' });
      if (file.mapping === undefined) throw file.error;
      chosen.push(file.mapping);
    }
  }
  const mappings = [...new Set([...files.flatMap(({ mapping }) => mapping ?? []), ...chosen])];
  return { folder, mappings, broken: words.length === 0 ? files.flatMap(problemsOf) : [], chosen: words.length === 0 ? mappings : chosen };
}

/** The file at a path is that of the folder, where it lies there. */
async function ofPath(files: readonly MappingFile[], path: string, load: (path: string) => Promise<Mapping>): Promise<Mapping> {
  return files.find((file) => file.path === path)?.mapping ?? (await load(path));
}

function requireSome(files: readonly MappingFile[], folder: string, words: readonly string[]): void {
  if (files.length > 0 || words.some((word) => /[/\\]|\.ya?ml$/u.test(word))) return;
  throw new RunbackError('not-found', `There is no mapping in ${folder}`, {
    why: 'Mappings are YAML files that say which fields of two platforms belong together.',
    state: 'Nothing was started.',
    next: 'Make one: runback mapping init PLATFORM/OBJECT PLATFORM/OBJECT',
  });
}

function problemsOf({ path, error }: MappingFile): readonly PlacedProblem[] {
  return isRunbackError(error) ? problemsIn(error, path) : [];
}

/** A path as people should see it: from the workspace. */
export function shownPath(session: Session, path: string): string {
  const short = relative(session.workspace.root, path);
  return short.startsWith('..') ? basename(path) : short;
}
