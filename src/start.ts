import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

import { type Compiled, compiledFile, keepCompiled, readCompiled } from './compiled.js';
import { suitEngine } from './engine.js';
import { unfitNode } from './node-version.js';

type Body = (exports: object, require: (name: string) => unknown, module: { exports: object }, path: string, folder: string) => void;

const BEFORE = '(function (exports, require, module, __filename, __dirname) { ';

/**
 * Runs what is shipped: scripts in one folder that name each other as `./name`, from the `first` one on (its path). Each is taken as
 * an earlier run of the same command left it to V8 (Node's own cache leaves out functions that are compiled when they
 * are called, which are most); `build`: which build they are of.
 */
export function start(first: string, build: string): void {
  const folder = dirname(first);
  const others = createRequire(first);
  // It says so itself.
  if (unfitNode(process.versions.node) !== undefined) return void others(first);
  suitEngine(process.argv.slice(2));
  const file = compiledFile(build, process.argv.slice(2), process.env);
  const compiled: Compiled = file === undefined ? new Map() : readCompiled(file);
  const scripts = new Map<string, Script>();
  const modules = new Map<string, { exports: object }>();
  let isNew = false;

  const run = (name: string): object => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const path = join(folder, name);
    const cachedData = compiled.get(name);
    const script = new Script(`${BEFORE}${readFileSync(path, 'latin1')}\n})`, {
      filename: path,
      columnOffset: -BEFORE.length,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      ...(cachedData && { cachedData }),
    });
    isNew ||= cachedData === undefined || script.cachedDataRejected === true;
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
  run(basename(first));
}
