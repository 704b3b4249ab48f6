import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { crc32 } from 'node:zlib';

/** What V8 made of each script, by the script's name. */
export type Compiled = ReadonlyMap<string, Buffer>;

/** The words that a command begins with name it, so many of them. */
const WORDS = 2;
/** Options of every command that a value follows. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--workspace', '--as']);
/** What builds are called (scripts/bundle.mjs). */
const BUILD = /^[\da-f]{16}$/u;
const WORD = /^[a-z][a-z-]{0,30}$/u;
/** About a megabyte each. */
const MOST_FILES = 40;
/** CRC-32 of all that follows, then the length of the list. */
const HEAD = 8;
/** V8 copies what does not begin at such an address. */
const ALIGNED = 8;

/**
 * The file for what one command needs, of this build, for V8 as it is here: it takes what no other version made, and no
 * other options. Undefined where nothing is to be kept: where `NODE_DISABLE_COMPILE_CACHE` says so, where there is no
 * home, and where the system does not tell whose a file is.
 */
export function compiledFile(build: string, words: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  if (process.geteuid === undefined || (env['NODE_DISABLE_COMPILE_CACHE'] ?? '') !== '') return undefined;
  const named = env['XDG_CACHE_HOME'] ?? '';
  const caches = isAbsolute(named) ? named : cachesAtHome();
  if (caches === undefined) return undefined;
  const command = beginningOf(words);
  return join(caches, 'runback', 'compiled', build, [...command, cachedDataVersionTag().toString(16)].join('.'));
}

/** Undefined where there is no home: a container may run as a user that its system does not know, or with an empty HOME. */
function cachesAtHome(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, '.cache') : undefined;
  } catch {
    return undefined;
  }
}

/** The words that a command begins with, up to its own options; what it needs does not depend on those before it. */
function beginningOf(words: readonly string[]): readonly string[] {
  let first = 0;
  while (words[first]?.startsWith('-') === true) first += WITH_VALUE.has(words[first] ?? '') ? 2 : 1;
  const command = words.slice(first, first + WORDS);
  const other = command.findIndex((word) => !WORD.test(word));
  return other === -1 ? command : command.slice(0, other);
}

/**
 * What was kept there. Nothing where nothing is, where it is damaged, and where somebody else could have written it:
 * what lies there is run.
 */
export function readCompiled(file: string): Compiled {
  try {
    if (![dirname(dirname(file)), dirname(file)].every((path) => isOurs(statSync(path)))) return new Map();
    const opened = openSync(file, 'r');
    try {
      return isOurs(fstatSync(opened)) ? unpacked(readFileSync(opened)) : new Map();
    } finally {
      closeSync(opened);
    }
  } catch {
    return new Map();
  }
}

/** Keeps it for the next time, whole or not at all; what earlier builds kept goes. Nothing depends on it: where it cannot be made or kept, it is not. */
export function keepCompiled(file: string, make: () => Compiled): void {
  const folder = dirname(file);
  const written = `${file}.${process.pid}`;
  try {
    const builds = dirname(folder);
    for (const path of [dirname(dirname(builds)), dirname(builds), builds, folder]) if (!isOurs(folderAt(path))) return;
    writeFileSync(written, packed(make()), { mode: 0o600 });
    renameSync(written, file);
    // Never anything that was not put there as code of a build: somebody's own folder may have this name.
    for (const name of readdirSync(builds))
      if (BUILD.test(name) && name !== basename(folder)) rmSync(join(builds, name), { recursive: true, force: true });
    for (const path of oldest(folder)) rmSync(path, { force: true });
  } catch {
    remove(written);
  }
}

/** The files beyond as many as are kept, what a killed process left among them: what a command begins with may be any word. */
function oldest(folder: string): readonly string[] {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  if (paths.length <= MOST_FILES) return [];
  const times = new Map(paths.map((path) => [path, statSync(path).mtimeMs]));
  return paths.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0)).slice(MOST_FILES);
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is not there, or cannot be: it is in nobody's way.
  }
}

/** Makes the folder where it is not there; never the ones around it. */
function folderAt(path: string): Stats {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return statSync(path);
}

/** It is of who runs this, and nobody else can write to it. */
function isOurs({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}

function packed(compiled: Compiled): Buffer {
  const list = Buffer.from(JSON.stringify([...compiled].map(([name, { length }]) => [name, length])));
  const start = aligned(HEAD + list.length);
  const parts: Buffer[] = [Buffer.alloc(HEAD), list, Buffer.alloc(start - HEAD - list.length)];
  for (const data of compiled.values()) parts.push(data, Buffer.alloc(aligned(data.length) - data.length));
  const all = Buffer.concat(parts);
  all.writeUInt32LE(list.length, 4);
  all.writeUInt32LE(crc32(all.subarray(4)), 0);
  return all;
}

function unpacked(all: Buffer): Compiled {
  if (crc32(all.subarray(4)) !== all.readUInt32LE(0)) return new Map();
  const length = all.readUInt32LE(4);
  const list = JSON.parse(all.toString('utf8', HEAD, HEAD + length)) as readonly (readonly [string, number])[];
  let at = aligned(HEAD + length);
  return new Map(
    list.map(([name, size]) => {
      const data = all.subarray(at, at + size);
      at += aligned(size);
      return [name, data];
    }),
  );
}

const aligned = (length: number): number => Math.ceil(length / ALIGNED) * ALIGNED;
