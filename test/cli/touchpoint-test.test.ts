import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { SyncWorld } from '../checks/faulty-sync.js';
import { runHere } from './support/here.js';
import { openSyncWorkspace, type SyncWorkspace } from './support/sync-workspace.js';

let workspace: SyncWorkspace;
let world: SyncWorld;
let dir: string;

beforeEach(async () => {
  workspace = await openSyncWorkspace({ count: 24, deletes: true });
  ({ world, dir } = workspace);
});
afterEach(async () => {
  await workspace.close();
});

const runback = async (...words: readonly string[]): ReturnType<typeof runHere> => await runHere([...words, '--no-input'], { cwd: dir });

it('a sync that does its work passes, one that cuts titles does not, and a clean-up leaves nothing of either', async () => {
  const passed = await runback('test', 'run', 'lifecycle');
  expect(passed.code, passed.stdout + passed.stderr).toBe(0);
  expect(passed.stdout).toContain('as wanted');
  world.fault = 'truncated';
  const failed = await runback('test', 'run', 'lifecycle');
  expect(failed.code, failed.stdout + failed.stderr).toBe(2);
  expect(failed.stdout).toMatch(/create crm: crm\.Title → map\.jobtitle: \d+ truncated/);
  expect(Math.max(...failed.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const file of ['test.html', 'test.md', 'test.xml']) {
    expect((await runback('test', 'report', 'latest', '--to', file)).code).toBe(0);
    expect(await readFile(join(dir, file), 'utf8')).toContain('truncated');
  }
  expect([...world.crm.truth().records('Contact')]).toEqual([]);
  expect([...world.map.truth().records('contacts')]).toHaveLength(48);
  const cleaned = await runback('test', 'cleanup', '--wait');
  expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
  expect([...world.map.truth().records('contacts')]).toEqual([]);
});

it('refuses a platform that is production, and a mapping that is not there, before anything is written', async () => {
  await writeFile(
    join(dir, 'runback.yml'),
    (await readFile(join(dir, 'runback.yml'), 'utf8')).replace('hubspot, environment: sandbox', 'hubspot, environment: production'),
  );
  // The account says of itself that it is a sandbox.
  expect([4, 6]).toContain((await runback('test', 'run', 'lifecycle')).code);
  await writeFile(
    join(dir, 'tests', 'lifecycle.yml'),
    (await readFile(join(dir, 'tests', 'lifecycle.yml'), 'utf8')).replace('mapping: contacts', 'mapping: kontacts'),
  );
  expect((await runback('test', 'run', 'lifecycle')).code).toBe(10);
  expect([...world.crm.truth().records('Contact')]).toEqual([]);
});
