// Draws 100 mutants of src/restores and src/runbooks from all those that Stryker makes of them, the same ones each time
// (--seed), and says which the tests and the drills notice. All of them are in one build: the environment names the one
// that is at work. With --only ID,ID …: these alone. With --jobs N. What is found is kept in --to FILE (JSON).
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { copyProject, each, removeCopy, root, run } from './copy.mjs';

const STRYKER = '@stryker-mutator/instrumenter@10.1.1';
const FOLDERS = ['src/restores', 'src/runbooks'];
const HOW_MANY = 100;
/** Tests that can notice: those of the two folders, and those that go through them as people do. */
const TESTS = /^test\/(?:restores|runbooks|reports|cli|journeys|drills)\//u;
/** They kill or crash for half a minute or more each, or look at drills of the very program: too long for each mutant. */
const TOO_LONG =
  /\/(?:crash-sweep-|crash-storage-|kills|run-kills|locks|innocent-data|postgres|postgres-killed|each-runbook-postgres|resume-cost|crash\.test|large-records)/u;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '9' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    only: { type: 'string' },
    to: { type: 'string' },
    'no-drills': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    copy: { type: 'string' },
  },
});
const jobs = Number(values.jobs);

const folder = values.copy ?? (await copyProject());

async function main() {
  const { drawn, of } = await plant(await instrumenter());
  const wanted = values.only === undefined ? drawn : drawn.filter(({ id }) => values.only.split(',').includes(id));
  console.log(`${drawn.length} of ${of} mutants drawn with seed ${values.seed}`);
  if (values.copy === undefined) {
    await build();
    await cover();
  }
  const covering = await coverage();
  const found = await foundBefore();
  const waiting = wanted.filter(({ id }) => !found.some((one) => one.id === id));
  await each(waiting, jobs, async (mutant) => {
    const verdict = await judge(mutant, covering);
    found.push({ ...mutant, ...verdict });
    console.log(`${found.length}/${wanted.length} ${verdict.state} ${mutant.id} ${mutant.file}:${mutant.line} ${mutant.kind} ${verdict.by ?? ''}`);
    await keep(found);
  });
  const killed = found.filter(({ state }) => state !== 'survived').length;
  console.log(`${killed} of ${found.length} noticed (${((killed / found.length) * 100).toFixed(0)} %)`);
  for (const { id, file, line, kind, was, becomes } of found.filter(({ state }) => state === 'survived'))
    console.log(`survived ${id} ${file}:${line} ${kind}: ${was} -> ${becomes}`);
}

/** What an earlier call with the same copy found: it is not looked at again. */
async function foundBefore() {
  const text = values.copy === undefined || values.to === undefined ? undefined : await readFile(values.to, 'utf8').catch(() => undefined);
  return text === undefined ? [] : JSON.parse(text).mutants;
}

async function keep(found) {
  if (values.to !== undefined) await writeFile(values.to, `${JSON.stringify({ seed: values.seed, mutants: found }, undefined, 1)}\n`);
}

/** Stryker's own instrumenter, of one version, out of a folder of its own: the project does not carry it. */
async function instrumenter() {
  const home = join(tmpdir(), `runback-${STRYKER.replaceAll(/[@/]/gu, '-')}`);
  await mkdir(home, { recursive: true });
  const require = createRequire(join(home, 'package.json'));
  try {
    require.resolve('@stryker-mutator/api/package.json');
  } catch {
    await writeFile(join(home, 'package.json'), '{"private":true}\n');
    const { status, output } = await run('npm', ['install', '--no-audit', '--no-fund', '--no-save', STRYKER], { cwd: home });
    if (status !== 0) throw new Error(`npm install ${STRYKER} failed: ${output}`);
  }
  const at = (path) => import(pathToFileURL(join(home, 'node_modules/@stryker-mutator/instrumenter/dist/src', path)).href);
  const [{ Instrumenter }, { createParser }, { print }, { transform }] = await Promise.all([
    at('index.js'),
    at('parsers/index.js'),
    at('printers/index.js'),
    at('transformers/index.js'),
  ]);
  const silent = { debug() {}, info() {}, warn() {}, error: console.error, isDebugEnabled: () => false, isInfoEnabled: () => false };
  return (takes) =>
    new Instrumenter(silent, createParser, print, (ast, collector, context) => {
      const { collect } = Object.getPrototypeOf(collector);
      // One that is not taken keeps its number, and is planted nowhere.
      collector.collect = (file, original, mutable, offset) =>
        collect.call(collector, file, original, takes(collector.nextMutantId) ? mutable : { ...mutable, ignoreReason: 'not drawn' }, offset);
      transform(ast, collector, context);
    });
}

/** Draws the mutants, and writes the sources of the copy with them. */
async function plant(instrumenterOf) {
  const names = await Promise.all(
    FOLDERS.map(async (at) =>
      (await readdir(join(folder, at), { recursive: true })).filter((name) => name.endsWith('.ts')).map((name) => join(at, name)),
    ),
  );
  const files = await Promise.all(
    names
      .flat()
      .sort()
      .map(async (name) => ({ name, mutate: true, content: await readFile(join(root, name), 'utf8') })),
  );
  // Texts are words for people; those that are names are held by the types.
  const options = { plugins: null, excludedMutations: ['StringLiteral'], ignorers: [refusals] };
  const { mutants } = await instrumenterOf(() => true).instrument(files, options);
  const fit = mutants.filter(({ status }) => status !== 'Ignored');
  const drawn = drawFrom(fit, HOW_MANY, Number(values.seed));
  const ids = new Set(drawn.map(({ id }) => Number(id)));
  const planted = await instrumenterOf((id) => ids.has(id)).instrument(files, options);
  for (const { name, content } of planted.files)
    await writeFile(join(folder, name), content.startsWith('// @ts-nocheck') ? content : `// @ts-nocheck\n${content}`);
  const texts = new Map(files.map(({ name, content }) => [name, content.split('\n')]));
  return { of: fit.length, drawn: drawn.map((mutant) => described(mutant, texts.get(mutant.fileName))) };
}

/** What a refusal says to people: its words, its next step and what goes with it. */
const refusals = {
  shouldIgnore: (path) =>
    path.isNewExpression() && path.node.callee.type === 'Identifier' && path.node.callee.name === 'RunbackError' ? 'words for people' : undefined,
};

function described({ id, fileName, location: { start, end }, mutatorName, replacement }, lines) {
  const part = lines.slice(start.line, end.line + 1);
  part[part.length - 1] = part.at(-1).slice(0, end.column);
  part[0] = part[0].slice(start.column);
  const short = (text) => text.replaceAll(/\s+/gu, ' ').trim().slice(0, 120);
  return { id, file: fileName, line: start.line + 1, kind: mutatorName, was: short(part.join('\n')), becomes: short(replacement) };
}

/** The first of all in an order that the seed gives. */
function drawFrom(all, count, seed) {
  const next = generator(seed);
  const left = [...all];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(Math.floor(next() * left.length), 1)[0]);
}

/** mulberry32: numbers from 0 to 1. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let one = Math.imul(state ^ (state >>> 15), state | 1);
    one ^= one + Math.imul(one ^ (one >>> 7), one | 61);
    return ((one ^ (one >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function build() {
  const tsc = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck', '--incremental', 'false'], {
    cwd: folder,
  });
  if (tsc.status !== 0) throw new Error(tsc.output);
  const bundle = await run(process.execPath, ['scripts/bundle.mjs'], { cwd: folder });
  if (bundle.status !== 0) throw new Error(bundle.output);
  await writeFile(join(folder, 'vitest.mutants.config.ts'), CONFIG);
  await writeFile(join(folder, 'cover-file.mjs'), COVER_FILE);
  await writeFile(join(folder, 'cover-process.cjs'), COVER_PROCESS);
}

/** Runs each test file once, in a process of its own, and keeps which mutants it comes by. */
async function cover() {
  const files = (await readdir(join(folder, 'test'), { recursive: true }))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .filter((name) => TESTS.test(name) && !TOO_LONG.test(name))
    .sort();
  const to = join(folder, 'covered');
  await mkdir(to);
  const env = { RUNBACK_COVERED: to, RUNBACK_ORDER: files.join(','), NODE_OPTIONS: `--require ${JSON.stringify(join(folder, 'cover-process.cjs'))}` };
  const { status, output } = await vitest(files, env, 1_800_000, ['--isolate', '--maxWorkers', String(jobs)]);
  if (status !== 0) console.log(output.slice(-6000));
}

/** The test files that pass without any mutant, with what they come by and how long they take. */
async function coverage() {
  const covering = [];
  const times = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')).testResults;
  for (const { name, startTime, endTime, status: ended } of times) {
    const file = relative(folder, name);
    if (TOO_LONG.test(file)) continue;
    // A test that fails without any mutant says nothing of one.
    if (ended !== 'passed') console.log(`left out, it fails by itself: ${file}`);
    else covering.push({ file, ms: endTime - startTime, covers: await coveredBy(join(folder, 'covered', encodeURIComponent(file))) });
  }
  return covering.sort((a, b) => a.ms - b.ms);
}

async function coveredBy(dir) {
  const covered = new Set();
  for (const name of await readdir(dir).catch(() => [])) for (const id of (await readFile(join(dir, name), 'utf8')).split(',')) covered.add(id);
  return covered;
}

/** Time that tests of other folders get for one mutant, as long as they took before; the quickest come first. */
const OTHERS_MS = 25_000;

/** The tests of the folder of a mutant that come by it, then some of the others. */
function testsFor({ id, file }, covering) {
  const own = file.replace(/^src\/([^/]+)\/.*$/u, 'test/$1/');
  const able = covering.filter(({ covers }) => covers.has(id));
  let left = OTHERS_MS;
  const others = able.filter((test) => !test.file.startsWith(own) && (left -= test.ms) >= 0);
  return [...able.filter((test) => test.file.startsWith(own)), ...others];
}

async function judge(mutant, covering) {
  const files = testsFor(mutant, covering);
  const active = { __STRYKER_ACTIVE_MUTANT__: mutant.id };
  if (files.length > 0) {
    const limit = 60_000 + 4 * files.reduce((sum, { ms }) => sum + ms, 0);
    const order = files.map(({ file }) => file);
    const { status, late, output } = await vitest(order, { ...active, RUNBACK_ORDER: order.join(',') }, limit, ['--bail', '1', '--maxWorkers', '1']);
    if (late) return { state: 'timeout', by: 'tests' };
    if (status !== 0) return { state: 'killed', by: /FAIL\s+(test\/\S+)/u.exec(output)?.[1] ?? 'tests' };
  }
  if (!values['no-drills']) {
    const args = ['dist/runback.js', 'drill', 'run', '--all', '--jobs', '1'];
    const { status, late, output } = await run(process.execPath, args, { cwd: folder, env: active, limitMs: 900_000 });
    if (late) return { state: 'timeout', by: 'drills' };
    if (status !== 0) return { state: 'killed', by: `drill ${/^✗ ([\w-]+):/mu.exec(output)?.[1] ?? ''}` };
  }
  return { state: 'survived', tests: files.length };
}

function vitest(files, env, limitMs, more) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.mutants.config.ts'];
  const report = env.RUNBACK_COVERED === undefined ? [] : ['--reporter', 'default', '--reporter', 'json', '--outputFile', 'report.json'];
  return run(process.execPath, [...args, ...report, ...more, ...files], { cwd: folder, env: { ...env, NO_COLOR: '1', CI: 'true' }, limitMs });
}

const CONFIG = `
import { BaseSequencer } from 'vitest/node';

import given from './vitest.config.ts';

const base = given({ mode: 'test', command: 'serve' });
const order = (process.env.RUNBACK_ORDER ?? '').split(',');

class InOrder extends BaseSequencer {
  override async sort(files) {
    const place = ({ moduleId }) => order.findIndex((name) => moduleId.endsWith('/' + name));
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

const cover = process.env.RUNBACK_COVERED === undefined ? [] : ['./cover-file.mjs'];
export default { ...base, test: { ...base.test, setupFiles: [...base.test.setupFiles, ...cover], sequence: { sequencer: InOrder }, reporters: ["default"] } };
`;

/** In the process of a test file: what it came by, its own processes included. */
const COVER_FILE = `
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { afterAll, expect } from 'vitest';

const dir = join(process.env.RUNBACK_COVERED, encodeURIComponent(relative(process.cwd(), expect.getState().testPath)));
mkdirSync(dir, { recursive: true });
process.env.RUNBACK_COVERED_BY = dir;
afterAll(() => writeFileSync(join(dir, 'file'), Object.keys(globalThis.__stryker__?.mutantCoverage?.static ?? {}).join(',')));
`;

const COVER_PROCESS = `
const { writeFileSync } = require('node:fs');
process.on('exit', () => {
  const dir = process.env.RUNBACK_COVERED_BY;
  const seen = Object.keys(globalThis.__stryker__?.mutantCoverage?.static ?? {});
  if (dir !== undefined && seen.length > 0) writeFileSync(dir + '/' + process.pid + '-' + Date.now(), seen.join(','));
});
`;

try {
  await main();
} finally {
  if (values.keep) console.log(folder);
  else if (values.copy === undefined) await removeCopy(folder);
}
