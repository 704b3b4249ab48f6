import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { cleanEnv, main } from './support/child.js';

const run = promisify(execFile);

/** Keeps two million objects at the end of a process, and prints the megabytes of V8's space for new ones. */
const PROBE = `process.on('exit', () => {
  const kept = Array.from({ length: 2e6 }, (_, i) => ({ i }));
  const space = require('node:v8').getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  process.stderr.write('|' + JSON.stringify({ kept: kept.length, mb: space.space_size / 2 ** 20 }));
});`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-heap-'));
  await writeFile(join(folder, 'probe.cjs'), PROBE);
  await writeFile(join(folder, 'runback.yml'), 'version: 1\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Megabytes of V8's space for new objects where a command had kept much. */
async function youngAfter(...words: readonly string[]): Promise<number> {
  const args = ['-r', join(folder, 'probe.cjs'), main, '--workspace', folder, ...words];
  const { stderr } = await run(process.execPath, args, { env: cleanEnv({}) });
  const told = JSON.parse(stderr.slice(stderr.lastIndexOf('|') + 1)) as { readonly mb: number };
  return told.mb;
}

test('the space for new objects stays as it begins in commands that read much and keep little, and grows in others', async () => {
  const other = await youngAfter('status');
  for (const words of [
    ['snapshot', 'list'],
    ['backup', 'jobs'],
  ])
    expect(await youngAfter(...words), words.join(' ')).toBeLessThanOrEqual(other / 4);
});
