import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fromFileSystem, RunbackError } from '../../lib/index.js';
import { movedError, type MoveMark, type Standing } from '../moved.js';
import { systemCode } from './paths.js';
import { removeIfThere, writeWhole } from './whole-file.js';

/** Its name in the state folder. */
const MARK = 'moved.json';
/** What of a state folder is no state: what every machine has for itself, and what can be made again. */
const NO_STATE: ReadonlySet<string> = new Set(['logs', 'storage', 'copies', 'settled', 'locks', MARK]);

/** What a state folder says of a move of it; undefined where it is the place of the state. */
export function readMark(dir: string): MoveMark | undefined {
  const path = join(dir, MARK);
  // Asked before every change, and there is none nearly always.
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw fromFileSystem(error, path);
  }
  try {
    return JSON.parse(text) as MoveMark;
  } catch (error) {
    throw new RunbackError('document-damaged', `${path} is not what runback wrote`, {
      why: 'It says where the state of this workspace is.',
      state: 'Nothing was changed.',
      next: 'Bring the file back from a backup.',
      cause: error,
    });
  }
}

/** Says it; undefined: this is the place of the state again. On disk when it resolves. */
export async function writeMark(dir: string, mark: MoveMark | undefined): Promise<void> {
  if (mark === undefined) removeIfThere(join(dir, MARK));
  else await writeWhole(join(dir, MARK), `${JSON.stringify(mark)}\n`);
}

/** Throws `store-moved` where a state folder is not what it is opened as. */
export function requireStanding(dir: string, standing: Standing): void {
  const mark = readMark(dir);
  if ((mark?.state ?? 'here') !== standing) throw movedError(dir, mark?.state ?? 'here', mark?.to);
}

/** Whether a folder holds state, or what one name in it is: state, and not what every machine has for itself. */
export function isState(dir: string, name?: string): boolean {
  return name === undefined ? namesIn(dir).some(isOurs) : isOurs(name);
}

/** Names that begin with a dot are made by systems and editors. */
function isOurs(name: string): boolean {
  return !NO_STATE.has(name) && !name.startsWith('.');
}

/** Throws `store-moved` where a folder holds state that was never moved, although the state is said to be elsewhere. */
export function requireNoFolderState(dir: string): void {
  const mark = readMark(dir);
  if (mark !== undefined || !isState(dir)) return;
  throw new RunbackError('store-moved', `The state of this workspace is still in ${dir}`, {
    why: 'runback.yml names another place for it as store, but incidents, runs or notes in the folder were never moved there.',
    state: 'Nothing was changed.',
    next: 'Take store out of runback.yml, then move the state: runback state move --to env:RUNBACK_STORE_URL',
  });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fromFileSystem(error, dir);
  }
}
