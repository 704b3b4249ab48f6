// A copy of the project in a temporary folder, for programs that are changed on purpose: the project itself stays as it is.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a build makes, what belongs to a checkout, and what is linked. */
const NOT_COPIED = new Set(['.git', '.runback', 'coverage', 'node_modules']);

/** Gives the folder. `dist` is copied too: what is not changed need not be built again. */
export async function copyProject() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-mutants-'));
  for (const name of await readdir(root)) if (!NOT_COPIED.has(name)) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}

export const removeCopy = (folder) => rm(folder, { recursive: true, force: true });

/** Runs a program to its end, or until `limitMs` have passed: then it and what it started are killed. */
export function run(command, args, { cwd, env = {}, limitMs = 600_000 }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, late, output: Buffer.concat(said).toString('utf8') });
    });
  });
}

/** Does `work` for each of `all`, so many at a time. */
export async function each(all, jobs, work) {
  const waiting = [...all];
  const one = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: jobs }, one));
}
