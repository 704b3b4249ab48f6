import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { jsonLines, runback as inProcess } from './support/child.js';
import { openStepsWorkspace, type StepsWorkspace } from './support/steps-workspace.js';

let workspace: StepsWorkspace;
beforeEach(async () => {
  workspace = await openStepsWorkspace();
});
afterEach(async () => {
  await workspace.close();
});

const runback = async (...words: readonly string[]): ReturnType<typeof inProcess> =>
  await inProcess([...words, '--no-input'], { cwd: workspace.dir });

it('a trigger is tried by a command, told on the screen and in files, and cleaned up with what it set off', async () => {
  const before = workspace.census();
  workspace.callOnGo();
  const passed = await runback('test', 'run', 'trigger');
  expect(passed.code, passed.stdout + passed.stderr).toBe(0);
  expect(passed.stdout).toContain('as wanted');
  expect(Math.max(...passed.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  workspace.callOnGo('twice');
  const failed = await runback('test', 'run', 'trigger', '--json');
  expect(failed.code, failed.stdout + failed.stderr).toBe(2);
  const { data } = jsonLines(failed.stdout).at(-1) as { data: { trigger: { totals: Record<string, number> }; next: readonly unknown[] } };
  expect(data.trigger.totals['repeated']).toBeGreaterThan(0);
  expect(data.next.length).toBeGreaterThan(0);
  for (const file of ['trigger.html', 'trigger.md', 'trigger.xml']) {
    expect((await runback('test', 'report', 'latest', '--to', file)).code).toBe(0);
    expect(await readFile(join(workspace.dir, file), 'utf8')).toContain('repeated');
  }
  const listed = await runback('test', 'list');
  expect(listed.stdout).toContain('trigger');
  const cleaned = await runback('test', 'cleanup', '--wait');
  expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
  expect(workspace.census()).toEqual(before);
});

it('on production nothing is written, and a condition that cannot be read is told before anything is', async () => {
  const before = workspace.census();
  const file = join(workspace.dir, 'tests', 'trigger.yml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('Title == "go"', 'Titel == "go"'));
  const unread = await runback('test', 'run', 'trigger');
  expect(unread.code).not.toBe(0);
  expect(unread.stderr).toContain('Titel');
  await writeFile(file, text);
  const config = join(workspace.dir, 'runback.yml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('salesforce, environment: sandbox', 'salesforce, environment: production'));
  workspace.world.crm.resetCounts();
  expect([4, 6]).toContain((await runback('test', 'run', 'trigger')).code);
  expect(Object.keys(workspace.world.crm.counts().writesPerRecord)).toEqual([]);
  expect(workspace.census()).toEqual(before);
});
