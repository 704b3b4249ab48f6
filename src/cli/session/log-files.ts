import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { LogFiles } from '../../backups/index.js';
import { fromFileSystem } from '../../lib/index.js';
import { writeWhole } from '../../store/index.js';

/** The files of the log in a folder. What cannot be read as a line of ours is given as text. */
export function logFiles(folder: string): LogFiles {
  return {
    list: async () => (await readdir(folder).catch(orGone([]))).filter((name) => name.endsWith('.ndjson')).sort(),
    delete: async (name) => await rm(join(folder, name), { force: true }),
    rewrite: async (name, change, dry) => {
      const path = join(folder, name);
      const text = await readFile(path, 'utf8').catch(orGone(''));
      const lines = text.split('\n');
      const now = lines.map((line) => changed(line, change));
      if (now.every((line, n) => line === lines[n])) return false;
      // What another process adds meanwhile is kept.
      if (!dry) await writeWhole(path, `${now.join('\n')}${(await readFile(path, 'utf8')).slice(text.length)}`);
      return true;
    },
  };
}

/** What is gone holds nothing. Throws a RunbackError for what cannot be read. */
function orGone<T>(empty: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return empty;
    throw fromFileSystem(error, 'the log');
  };
}

function changed(line: string, change: (line: unknown) => unknown): string {
  const value = valueOf(line);
  const now = change(value);
  return now === value ? line : typeof now === 'string' ? now : JSON.stringify(now);
}

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
