import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { stageMachine } from '../../src/stages/index.js';

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
