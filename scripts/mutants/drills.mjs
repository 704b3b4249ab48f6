// Proves that the drills notice bugs: each of scripts/mutants/list.yml is put into a copy of the program, and the drills
// that are to catch it are run there. Ends with 1 where one survives. Before that, the same drills have to pass on the
// program as it is. With --only ID,ID …: these alone. With --jobs N. With --write: docs/mutants.md is brought up to date.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import typescript from 'typescript';

import { copyProject, each, removeCopy, root, run } from './copy.mjs';
import { readList } from './list.mjs';
import { writeTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    write: { type: 'boolean', default: false },
  },
});
/** Longest time that the drills of one mutant may take. */
const LIMIT_MS = 240_000;
/** Says how long something took, and not what it did: a slow machine is no bug that was caught. */
const TIMES = new Set(['recovery_time', 'data_loss_window']);

const all = await readList();
const mutants = values.only === undefined ? all : values.only.split(',').map((id) => known(id));
for (const mutant of mutants) await mutated(mutant);
const jobs = Math.max(1, Math.min(Number(values.jobs), mutants.length));
const copies = await Promise.all(Array.from({ length: jobs }, copyProject));
try {
  await main();
} finally {
  await Promise.all(copies.map(removeCopy));
}

function known(id) {
  const found = all.find((mutant) => mutant.id === id);
  if (found === undefined) throw new Error(`There is no mutant ${id} in scripts/mutants/list.yml`);
  return found;
}

async function main() {
  const ids = [...new Set(mutants.flatMap(({ drills }) => drills))];
  console.log(`${mutants.length} mutants; first, ${ids.length} drills on the program as it is`);
  const before = await drill(copies[0], ids, LIMIT_MS * 2, jobs);
  const failing = before.results.filter(({ passed }) => !passed);
  if (before.results.length !== ids.length || failing.length > 0) {
    console.log(
      `These do not pass without any mutant: ${failing.map((result) => `${result.drill} (${reasons(result).join(', ')})`).join('; ')}${before.said}`,
    );
    process.exitCode = 1;
    return;
  }
  const found = new Map();
  const free = [...copies];
  await each(mutants, jobs, async (mutant) => {
    const copy = free.pop();
    try {
      found.set(mutant.id, await judge(mutant, copy));
    } finally {
      free.push(copy);
    }
    const { caught, words } = found.get(mutant.id);
    console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${mutant.id}: ${words}`);
  });
  const survived = mutants.filter(({ id }) => !found.get(id).caught);
  console.log(`${mutants.length - survived.length} of ${mutants.length} caught`);
  if (survived.length > 0) process.exitCode = 1;
  else if (values.write && values.only === undefined) await writeTable(mutants, found);
}

/** The text of the file with the bug in it. The text to be replaced has to be there once, and once only. */
async function mutated({ id, file, find, replace }) {
  const text = await readFile(join(root, file), 'utf8');
  const places = text.split(find).length - 1;
  if (places !== 1)
    throw new Error(`Mutant ${id}: its text is found ${places} times in ${file}, not once. Correct scripts/mutants/list.yml.\n${find}`);
  return text.replace(find, () => replace);
}

async function judge(mutant, copy) {
  const built = join(copy, mutant.file.replace(/^src\//u, 'dist/').replace(/\.ts$/u, '.js'));
  const before = await readFile(built, 'utf8');
  const { compilerOptions } = typescript.readConfigFile(join(root, 'tsconfig.json'), typescript.sys.readFile).config;
  const options = typescript.convertCompilerOptionsFromJson(compilerOptions, root).options;
  const { outputText } = typescript.transpileModule(await mutated(mutant), { compilerOptions: { ...options, noEmit: false }, fileName: mutant.file });
  await writeFile(built, outputText);
  try {
    await bundle(copy);
    const { results, unstaged, said } = await drill(copy, mutant.drills, LIMIT_MS, 1);
    const by = results.filter(({ passed }) => !passed).map((result) => ({ drill: result.drill, checks: reasons(result) }));
    const caughtBy = by.filter(({ checks }) => checks.length > 0);
    if (caughtBy.length > 0)
      return { caught: true, by: caughtBy, words: caughtBy.map(({ drill: id, checks }) => `${id} (${checks.join(', ')})`).join('; ') };
    if (unstaged.length > 0)
      return { caught: false, words: `broke the stage: ${unstaged.map(({ drill: id, message }) => `${id}: ${message}`).join('; ')}` };
    return { caught: false, words: results.length === 0 ? `the drills did not end: ${said}` : 'every drill passed' };
  } finally {
    await writeFile(built, before);
  }
}

/** Checks that failed and should not have, or that should have and did not. */
function reasons({ checks, mustFail = [] }) {
  const failed = new Set(checks.filter(({ passed }) => !passed).map(({ name }) => name));
  const wrong = mustFail.length > 0 ? mustFail.filter((name) => !failed.has(name)) : [...failed];
  return wrong.filter((name) => !TIMES.has(name));
}

async function bundle(copy) {
  const { status, output } = await run(process.execPath, ['scripts/bundle.mjs'], { cwd: copy });
  if (status !== 0) throw new Error(output);
}

/** Runs drills as people do, where there is no workspace: those that are shipped. */
async function drill(copy, ids, limitMs, atOnce) {
  const folder = await mkdtemp(join(tmpdir(), 'runback-drilled-'));
  try {
    const report = join(folder, 'reports');
    await mkdir(report);
    const args = [join(copy, 'dist/runback.js'), 'drill', 'run', ...ids, '--jobs', String(atOnce), '--report', report, '--json'];
    const { output, late } = await run(process.execPath, args, { cwd: folder, limitMs });
    const text = await readFile(join(report, 'drills.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return { unstaged: [], said: '', ...JSON.parse(text) };
    return { results: [], unstaged: unstagedIn(ids, output), said: late ? 'the time ran out' : output.slice(-1500) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One drill alone that could not be staged writes no report. */
function unstagedIn(ids, output) {
  return ids.length === 1 && output.includes('on the stage, before anything was damaged') ? [{ drill: ids[0], message: output.slice(-300) }] : [];
}
