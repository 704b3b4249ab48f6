import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { fromFileSystem, sha256 } from '../../lib/index.js';
import type { Kept } from '../store.js';
import type { LitterSweeper } from './litter.js';
import { systemCode } from './paths.js';
import { sureDisk } from './sure-disk.js';
import { writeWhole } from './whole-file.js';

/**
 * Times of files move in steps, of 10 ms at most on these. A file younger than this is not settled yet: it may be
 * changed in the same step and look as before.
 */
const YOUNG_MS = 2000;

/** What is asked of each that is not known to be settled: whether it is. */
export type Look = (id: string) => Promise<boolean>;

/** The files of one kind: one for each id, in one folder or each in a folder of its own there. */
export interface KeptFiles {
  /** That all of them are in, at some depth. */
  readonly folder: string;
  /** What a name in that folder is the id of; undefined for what is none of ours. */
  idOf(name: string): string | undefined;
  /** What comes behind a name there to make the path of its file. */
  readonly behind: string;
}

/**
 * Which of many files need not be read again, since a whole reading found that what they tell of has come to its end,
 * and they are still those files to the last bit of what the file system says of them: number, size, and the time of
 * the last change of any kind, which nobody can set. Nothing is taken for settled on a disk that is not {@link
 * sureDisk}. Nobody who writes such a file has to know of this: it is a memory of readers, holds nothing that is not in
 * the files, and can be deleted at any time. Whatever is in doubt (another version wrote, a copy was put back, the
 * index itself is not whole) is read.
 *
 * Written for thousands of files, of which each command asks: the index is text in the order of the names, and compared
 * as it stands.
 */
export class SettledIndex {
  /** `path`: where it is kept; `meaning`: what settled means, with a number that goes up when that changes. */
  constructor(
    private readonly path: string,
    private readonly files: KeptFiles,
    private readonly meaning: string,
    private readonly litter: LitterSweeper,
    private readonly youngMs = YOUNG_MS,
  ) {}

  /**
   * Looks at every file that is not known to be settled, `atOnce` at a time, and remembers what was found. `named`: ids
   * that somebody else vouches for, see {@link Kept.named}.
   */
  async each(look: Look, atOnce: number, { named, everyFile = false }: Pick<Kept, 'named' | 'everyFile'> = {}): Promise<void> {
    const disk = sureDisk(this.files.folder);
    const whole = disk === undefined || named === undefined ? undefined : this.#wholeOf(named);
    const before = named === undefined ? undefined : wholeIn(textOf(this.path));
    if (whole !== undefined && before === whole && !everyFile) return;
    const { settled, open } = this.#sorted(disk);
    const others = open.filter(({ id }) => named?.includes(id) !== true);
    let found = 0;
    for (let from = 0; from < others.length; from += atOnce)
      await Promise.all(
        others.slice(from, from + atOnce).map(async ({ name, id }) => {
          const mark = this.#markOf(name, disk, Date.now() - this.youngMs);
          // What changed while it was read is not what was read.
          if (!(await look(id)) || mark === undefined || mark !== this.#markOf(name, disk)) return;
          settled.push(mark);
          found += 1;
        }),
      );
    const nothingBeside = found === others.length ? whole : undefined;
    if (found > 0 || nothingBeside !== before) await this.#write(settled.sort(), nothingBeside);
  }

  /** Marks of the files that are as they were when they were found to be settled, and all others. */
  #sorted(disk: number | undefined): { readonly settled: string[]; readonly open: readonly { readonly name: string; readonly id: string }[] } {
    const known = disk === undefined ? '' : this.#read();
    const settled: string[] = [];
    const open: { name: string; id: string }[] = [];
    const lines = known.split('\n');
    let at = 0;
    for (const name of namesIn(this.files.folder).sort()) {
      let line = lines[at] ?? '';
      // Lines of names that are gone.
      while (at < lines.length && line < name) line = lines[(at += 1)] ?? '';
      if (line.startsWith(name) && line === this.#markOf(name, disk)) {
        settled.push(line);
        at += 1;
        continue;
      }
      const id = this.files.idOf(name);
      if (id !== undefined && isThere(this.#pathOf(name))) open.push({ name, id });
    }
    return { settled, open };
  }

  /**
   * What the folder and these names are now, where that says that nothing else came or went since: undefined where the
   * folder is so young that it may have changed again in the same step.
   */
  #wholeOf(named: readonly string[]): string | undefined {
    try {
      const { ino, size, nlink, mtimeMs, ctimeMs } = statSync(this.files.folder);
      return ctimeMs > Date.now() - this.youngMs ? undefined : sha256(JSON.stringify([this.meaning, ino, size, nlink, mtimeMs, ctimeMs, named]));
    } catch {
      return undefined;
    }
  }

  #pathOf(name: string): string {
    return `${this.files.folder}/${name}${this.files.behind}`;
  }

  /**
   * The line of a file: its name and what the file system says of it. Undefined where it is none, is on another disk
   * than `disk`, or was changed after `latest`, in milliseconds since 1970: that is too young to be remembered. Asked
   * without a detour over threads, which costs three times as much.
   */
  #markOf(name: string, disk: number | undefined, latest = Number.POSITIVE_INFINITY): string | undefined {
    try {
      const stats = statSync(this.#pathOf(name), { throwIfNoEntry: false });
      if (stats?.isFile() !== true || stats.dev !== disk || stats.ctimeMs > latest) return undefined;
      return `${name} ${stats.ino} ${stats.size} ${stats.ctimeMs}`;
    } catch {
      return undefined;
    }
  }

  /** The lines of the index, in the order of their names; empty where it is not whole or of another meaning. */
  #read(): string {
    const text = textOf(this.path);
    const end = text.indexOf('\n');
    const lines = text.slice(end + 1);
    return end !== -1 && text.startsWith(headOf(this.meaning, lines)) ? lines : '';
  }

  /**
   * Never throws: what is not remembered is read again. Two processes may write at once, and what one of them knew is
   * read again then.
   */
  async #write(marks: readonly string[], whole: string | undefined): Promise<void> {
    const lines = marks.map((mark) => `${mark}\n`).join('');
    this.litter.sweep(dirname(this.path));
    await writeWhole(this.path, `${headOf(this.meaning, lines)}${whole === undefined ? '' : `${WHOLE}${whole}`}\n${lines}`).catch(() => undefined);
  }
}

/** What stands in the first line before the state of the folder in which nothing open lies beside what is named. */
const WHOLE = ', whole ';

/** That state, of the text of an index. It vouches for itself: another one means nothing. */
function wholeIn(text: string): string | undefined {
  return text.slice(0, text.indexOf('\n')).split(WHOLE)[1];
}

function headOf(meaning: string, lines: string): string {
  return `runback settled 1, ${meaning}, ${sha256(lines)}`;
}

/** Names and numbers are ASCII. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fromFileSystem(error, folder);
  }
}

/** False where there is surely no such file: of what cannot be asked for, whoever reads it tells why. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return systemCode(error) !== 'ENOTDIR';
  }
}
