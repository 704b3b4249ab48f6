import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { runThere, stageMachine, type StageProgram, workThere } from '../../src/stages/index.js';
import { waitingEnvironment } from '../../src/stages/machine.js';
import { isAlive } from '../support/alive.js';

const run = promisify(execFile);
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Writes in every way that there is, and tells what came of each. */
const WRITES = `
const fs = require('node:fs');
const { appendFile, open, writeFile } = require('node:fs/promises');
const told = {};
const tell = async (name, act) => { try { await act(); told[name] = 'written'; } catch (error) { told[name] = error.code; } };
(async () => {
  const file = fs.openSync('one', 'w');
  await tell('writeSync', () => fs.writeSync(file, 'x'));
  await tell('write', () => new Promise((yes, no) => fs.write(file, 'x', (error) => error ? no(error) : yes())));
  await tell('writeFileSync', () => fs.writeFileSync('two', 'x'));
  await tell('appendFileSync', () => fs.appendFileSync('two', 'x'));
  await tell('writeFile', () => writeFile('three', 'x'));
  await tell('appendFile', () => appendFile('three', 'x'));
  const handle = await open('four', 'w');
  await tell('handle.write', () => handle.write('x'));
  await tell('handle.writeFile', () => handle.writeFile('x'));
  await tell('stream', () => new Promise((yes, no) => fs.createWriteStream('five').on('error', no).end('x', (error) => error ? no(error) : yes())));
  console.log(JSON.stringify({ told, now: Date.now(), date: new Date().getTime(), given: new Date(0).getTime(), options: process.env.NODE_OPTIONS ?? null }));
})();
`;

async function said(
  variables: Readonly<Record<string, string>>,
  folder: string,
): Promise<{
  readonly told: Record<string, string>;
  readonly now: number;
  readonly date: number;
  readonly given: number;
  readonly options: string | null;
}> {
  const { stdout } = await run(process.execPath, ['-e', WRITES], { cwd: folder, env: { ...process.env, ...variables } });
  return JSON.parse(stdout);
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'runback-machine-'));
  folders.push(made);
  return made;
}

describe('the machine of a stage', () => {
  it('has a full disk from when it is filled until it is freed, whichever way somebody writes', async () => {
    const at = await folder();
    const machine = stageMachine(join(at, 'full'));
    const before = await said(machine.environment, at);
    expect(new Set(Object.values(before.told))).toEqual(new Set(['written']));
    expect(before.options).toBeNull();
    await machine.fillDisk();
    const { told } = await said(machine.environment, at);
    expect(Object.keys(told)).toHaveLength(9);
    expect(new Set(Object.values(told))).toEqual(new Set(['ENOSPC']));
    await machine.freeDisk();
    expect((await said(machine.environment, at)).told).toEqual(before.told);
    expect(await readFile(join(at, 'three'), 'utf8')).toBe('xx');
  });

  it('has a clock that is off by as much as is said, and times that are given stay right', async () => {
    const at = await folder();
    const day = 24 * 3_600_000;
    const { now, date, given } = await said(stageMachine(join(at, 'full'), -3 * day).environment, at);
    for (const told of [now, date]) expect(Math.abs(told - (Date.now() - 3 * day))).toBeLessThan(60_000);
    expect(given).toBe(0);
    await writeFile(join(at, 'full'), '');
  });
});

/** Tells of two steps, and does each. */
const SAYS = `
  const fs = require('node:fs');
  for (const step of ['one', 'two']) {
    process.stdout.write(JSON.stringify({ type: 'step', step }) + '\\n');
    fs.appendFileSync('done', fs.existsSync('damaged') ? step + ' saw it;' : step + ' did not;');
    fs.rmSync('damaged', { force: true });
  }
  process.stdout.write(JSON.stringify({ exitCode: 0, data: null }) + '\\n');`;

describe('a program on a stage', () => {
  const program: StageProgram = { command: [process.execPath, '-e', SAYS, '--'], environment: process.env, signal: new AbortController().signal };
  it('does nothing of a step before what happens at its beginning has happened, however long that takes', async () => {
    const at = await folder();
    const event = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await writeFile(join(at, 'damaged'), '');
    };
    expect(await runThere(program, { folder: at, args: [], as: 'maya', event })).toMatchObject({ status: 0 });
    expect(await readFile(join(at, 'done'), 'utf8')).toBe('one saw it;two saw it;');
  });

  it('that a person works with tells of the steps in its journals, and waits in the same way', async () => {
    const at = await folder();
    const script = `
      const fs = require('node:fs');
      const journal = fs.openSync('journal', 'w');
      for (const step of ['one', 'two']) {
        fs.writeSync(journal, Buffer.from(JSON.stringify({ type: 'step.intent', step }) + '\\n'));
        fs.appendFileSync('done', fs.existsSync('damaged') ? step + ' saw it;' : step + ' did not;');
        fs.rmSync('damaged', { force: true });
      }`;
    const stepped = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await writeFile(join(at, 'damaged'), await readFile(join(at, 'journal')));
    };
    expect(await workThere({ ...program, command: [process.execPath, '-e', script, '--'] }, { folder: at, args: [], as: 'maya', stepped })).toBe(0);
    expect(await readFile(join(at, 'done'), 'utf8')).toBe('one saw it;two saw it;');
  });

  it('that is killed at its beginning has done nothing of it', async () => {
    const at = await folder();
    let kill = (): void => {};
    const started = (end: () => void): void => {
      kill = end;
    };
    expect(await runThere(program, { folder: at, args: [], as: 'maya', started, event: () => kill() })).toMatchObject({ status: undefined });
    await expect(readFile(join(at, 'done'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends where whoever staged it is gone', async () => {
    const at = await folder();
    const staged = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(SAYS)}], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'], detached: true, env: { ...process.env, ...${JSON.stringify(waitingEnvironment)} } });
      console.log(child.pid);
      child.stdout.once('data', () => process.kill(process.pid, 'SIGKILL'));`;
    const { stdout, signal } = (await run(process.execPath, ['-e', staged], { cwd: at }).catch(
      (error: { readonly stdout: string; readonly signal: string }) => error,
    )) as { readonly stdout: string; readonly signal?: string };
    expect(signal).toBe('SIGKILL');
    const pid = Number(stdout);
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expect(readFile(join(at, 'done'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
