import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';

/** An id stands at the beginning of a file. */
const HEAD_BYTES = 4096;

/**
 * Ids of the YAML files in a folder of a workspace, `tests`, `mappings` or `runbooks`: what stands under `id`, and the name of
 * a file without one. None where there is no such folder; a file that cannot be read counts by its name.
 */
export function idsIn(root: string, folder: string): ReadonlySet<string> {
  const names = namesIn(join(root, folder));
  return new Set(names.map((name) => idIn(headOf(join(root, folder, name))) ?? basename(name).replace(/\.ya?ml$/u, '')));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/u.test(name));
  } catch {
    return [];
  }
}

const idIn = (text: string): string | undefined => /^id:[ \t]*["']?([^\s"'#]+)/mu.exec(text)?.[1];

function headOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
