import { readdirSync, readFile, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, Script } from 'node:vm';

import { type Compiled, compiledFile, keepCompiled, readCompiled } from './compiled.js';
import { suitEngine } from './engine.js';
import { unfitNode } from './node-version.js';

type Body = (exports: object, require: (name: string) => unknown, module: { exports: object }, path: string, folder: string) => void;

/** Whoever works for longer goes on with the scripts as they are by then: an update may put others in their place. */
const KEEP_AFTER_MS = 10_000;

const BEFORE = '(function (exports, require, module, __filename, __dirname) { ';

/**
 * Runs what is shipped: scripts in one folder that name each other as `./name`, from the `first` one on (its path). Each is taken as
 * an earlier run of the same command left it to V8 (Node's own cache leaves out functions that are compiled when they
 * are called, which are most); `build`: which build they are of. Each is read when it is used first, or after `keepAfterMs`.
 */
export function start(first: string, build: string, keepAfterMs = KEEP_AFTER_MS): void {
  const folder = dirname(first);
  const others = createRequire(first);
  // It says so itself.
  if (unfitNode(process.versions.node) !== undefined) return void others(first);
  suitEngine(process.argv.slice(2));
  const file = compiledFile(build, process.argv.slice(2), process.env);
  const compiled: Compiled = file === undefined ? new Map() : readCompiled(file);
  const scripts = new Map<string, Script>();
  const modules = new Map<string, { exports: object }>();
  const texts = new Map<string, Buffer>();
  let isNew = false;

  const run = (name: string): object => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const path = join(folder, name);
    const cachedData = compiled.get(name);
    const script = new Script(`${BEFORE}${texts.get(name)?.toString('latin1') ?? readFileSync(path, 'latin1')}\n})`, {
      filename: path,
      columnOffset: -BEFORE.length,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      ...(cachedData && { cachedData }),
    });
    isNew ||= cachedData === undefined || script.cachedDataRejected === true;
    texts.delete(name);
    scripts.set(name, script);
    (script.runInThisContext() as Body)(module.exports, required, module, path, dirname(path));
    return module.exports;
  };
  const required = (name: string): unknown => (name.startsWith('./') ? run(name.slice(2)) : others(name));

  if (file !== undefined)
    process.once('exit', () => {
      if (isNew)
        keepCompiled(file, () => new Map([...compiled, ...[...scripts].map(([name, script]) => [name, script.createCachedData()] as const)]));
    });
  setTimeout(() => void keep(folder, (name) => modules.has(name), texts), keepAfterMs).unref();
  run(basename(first));
}

/** Reads the scripts of a folder that may still be needed. What cannot be read is told by whoever needs it. */
async function keep(folder: string, isLoaded: (name: string) => boolean, texts: Map<string, Buffer>): Promise<void> {
  for (const name of namesIn(folder)) {
    if (isLoaded(name)) continue;
    const text = await promisify(readFile)(join(folder, name)).catch(() => undefined);
    if (text !== undefined && !isLoaded(name)) texts.set(name, text);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // An update is under way.
    return [];
  }
}
