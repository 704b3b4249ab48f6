import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const bundler = fileURLToPath(new URL('../../scripts/bundle.mjs', import.meta.url));
const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

const DAY_MS = 24 * 3_600_000;

/** What else tests run in processes of their own (test/support/built.cjs), by name. */
const MODULES = {
  zod: 'zod',
  action: join(dist, 'runbooks/actions/action.js'),
  ...Object.fromEntries(
    ['lib', 'store', 'snapshots', 'syncs', 'connectors', 'restores', 'notify', 'incidents', 'runbooks', 'backups', 'monitors'].map((name) => [
      name,
      join(dist, name, 'index.js'),
    ]),
  ),
};

/** A command that goes through most of the program: what it compiles is kept. */
const WARM = ['demo', '--no-input', '--small'];

/**
 * Before any test: what V8 made of the shipped program, for tests that start it: they do a thousand times, and a start
 * takes two thirds of the time. Its path is in RUNBACK_TEST_PROGRAM. Below node_modules; made anew where the program or
 * Node is another.
 */
export async function setup(): Promise<void> {
  const dir = join(cache, `runback-${await stateOfBuild()}`);
  await mkdir(cache, { recursive: true });
  if ((await stat(dir).catch(() => undefined)) === undefined) {
    // Some tests start it as another user.
    await removeOld();
    const mask = process.umask(0o022);
    await make(dir).finally(() => process.umask(mask));
  }
  process.env['RUNBACK_TEST_PROGRAM'] = join(dir, 'runback.cjs');
}

/** Those of earlier builds that nobody can be using any more. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (/^(?:runback|making)-/u.test(name) && Date.now() - (await stat(path)).mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}

async function make(dir: string): Promise<void> {
  const making = await mkdtemp(join(cache, 'making-'));
  await chmod(making, 0o755);
  await run(process.execPath, [bundler, '--to', making, ...Object.entries(MODULES).map(([name, path]) => `${name}=${path}`)]);
  await writeFile(join(making, 'load.cjs'), LOADER);
  await writeFile(join(making, 'runback.cjs'), `require('./load.cjs');\nrequire(${JSON.stringify(join(dist, 'chunks/main.cjs'))});\n`);
  const warm = await mkdtemp(join(tmpdir(), 'runback-warm-'));
  const env = { ...process.env, TMPDIR: warm, RUNBACK_TEST_KEEP_CODE: '1' };
  await run(process.execPath, [join(making, 'runback.cjs'), ...WARM], { cwd: warm, env, maxBuffer: 64 * 2 ** 20 });
  await rm(warm, { recursive: true, force: true });
  // Another run of the tests may have been faster.
  await rename(making, dir).catch(() => rm(making, { recursive: true, force: true }));
}

/** One text for one build under one version of Node. */
async function stateOfBuild(): Promise<string> {
  const names = (await readdir(dist, { recursive: true })).filter((name) => /\.c?js$/u.test(name)).sort();
  const files = await Promise.all(
    names.map(async (name) => [
      name,
      createHash('sha256')
        .update(await readFile(join(dist, name)))
        .digest('hex'),
    ]),
  );
  const others = [fileURLToPath(import.meta.url), bundler, fileURLToPath(new URL('../../package-lock.json', import.meta.url))];
  const texts = await Promise.all(others.map((path) => readFile(path, 'utf8')));
  const text = JSON.stringify([process.version, process.arch, texts, files]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Has files run with what V8 made of them the first time; without, where V8 does not take it. */
const LOADER = `'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
// Most processes are over before optimising pays.
require('node:v8').setFlagsFromString('--no-opt');
require('node:v8').setFlagsFromString('--semi-space-growth-factor=16');
// Compiling the parser of HTTP answers a second time, for speed, takes a fifth of a process's time.
require('node:v8').setFlagsFromString('--liftoff-only');
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const scripts = [];
const codeOf = (filename) => path.join(__dirname, path.basename(filename) + '.code');
require.extensions['.cjs'] = (module, filename) => {
  const source = '(function (exports, require, module, __filename, __dirname) {' + fs.readFileSync(filename, 'latin1') + '\\n})';
  let cachedData;
  try {
    cachedData = fs.readFileSync(codeOf(filename));
  } catch {}
  const script = new vm.Script(source, { filename, cachedData, importModuleDynamically });
  scripts.push([filename, script]);
  script.runInThisContext()(module.exports, (id) => module.require(id), module, filename, path.dirname(filename));
};
if (process.env.RUNBACK_TEST_KEEP_CODE)
  process.once('exit', () => scripts.forEach(([filename, script]) => fs.writeFileSync(codeOf(filename), script.createCachedData())));
`;
