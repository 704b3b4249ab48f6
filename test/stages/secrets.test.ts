import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { runThere, type StageProgram, workThere } from '../../src/stages/index.js';

/** A user would lose: production, to a step of a runbook that is only rehearsed. */

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-secrets-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const FAKE = 'fake-secret-of-production';

/** Writes down what it sees. */
async function probe(): Promise<StageProgram> {
  const path = join(folder, 'probe.cjs');
  const text =
    "require('node:fs').writeFileSync('seen.json', JSON.stringify(process.env)); if (process.env.CI) console.log(JSON.stringify({ exitCode: 0, data: null }));";
  await writeFile(path, text);
  const environment = { ...process.env, CRM_TOKEN: FAKE, STAGE_TOKEN: 'given', TERM: 'xterm-256color', NODE_OPTIONS: '' };
  return { command: [process.execPath, path], environment, signal: new AbortController().signal };
}

const seen = async (): Promise<Record<string, string>> => JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8')) as Record<string, string>;
const command = { args: ['snapshot', 'list'], as: 'maya', variables: { STAGE_TOKEN: 'given' } };

it('a program on a stage sees what the stage needs, and no other secret of the environment', async () => {
  await runThere(await probe(), { ...command, folder });
  expect(await seen()).toMatchObject({ STAGE_TOKEN: 'given', CI: 'true' });
  expect(JSON.stringify(await seen())).not.toContain(FAKE);
});

it('neither does one that a person works with at the terminal, which knows the terminal', async () => {
  expect(await workThere(await probe(), { ...command, folder })).toBe(0);
  expect(await seen()).toMatchObject({ STAGE_TOKEN: 'given', TERM: 'xterm-256color' });
  expect(JSON.stringify(await seen())).not.toContain(FAKE);
});
