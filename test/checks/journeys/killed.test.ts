import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { program } from '../../cli/support/child.js';
import { runHere } from '../../cli/support/here.js';
import { describeSweep, runCrashing, sweep } from '../../support/crash.js';
import { everyNth, everyPoint, leastLeft, leastPoints, oneOfEachKind, thinned } from '../../support/sweeps.js';
import { type JourneyWorkspace, openJourneyWorkspace } from './workspace.js';

let workspace: JourneyWorkspace | undefined;
afterEach(async () => {
  await workspace?.close();
});

it('a journey is run by a command, told on the screen and in files, refused on production, and cleaned up', async () => {
  workspace = await openJourneyWorkspace();
  const { dir, world } = workspace;
  const runback = async (...words: readonly string[]): ReturnType<typeof runHere> => await runHere([...words, '--no-input'], { cwd: dir });
  const before = world.census();
  const passed = await runback('test', 'run', 'b2b-webinar');
  expect(passed.code, passed.stdout + passed.stderr).toBe(0);
  expect(passed.stdout).toContain('as wanted');
  expect(passed.stdout).toContain('2 is nurtured (tag member)');
  world.fault = 'opt-out-undone';
  const failed = await runback('test', 'run', 'b2b-webinar');
  expect(failed.code, failed.stdout + failed.stderr).toBe(2);
  expect(failed.stdout).toContain('lead.HasOptedOutOfEmail (opt-out): 2 opt-out-undone');
  expect(Math.max(...failed.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const file of ['test.html', 'test.md', 'test.xml']) {
    expect((await runback('test', 'report', 'latest', '--to', file)).code).toBe(0);
    expect(await readFile(join(dir, file), 'utf8')).toContain('opt-out-undone');
  }
  const json = JSON.parse((await runback('test', 'report', 'latest', '--json')).stdout) as { readonly data?: unknown };
  expect(JSON.stringify(json)).toContain('"opt-out-undone":2');
  expect(world.census()).not.toEqual(before);
  const cleaned = await runback('test', 'cleanup');
  expect([0, 3], cleaned.stdout + cleaned.stderr).toContain(cleaned.code);
  expect(world.census()).toEqual(before);
  // Nothing is written where one of the platforms is production.
  const file = join(dir, 'runback.yml');
  const config = JSON.parse(await readFile(file, 'utf8')) as { platforms: Record<string, Record<string, unknown>> };
  config.platforms['mailchimp'] = { ...config.platforms['mailchimp'], environment: 'production' };
  await writeFile(file, JSON.stringify(config));
  expect((await runback('test', 'run', 'b2b-webinar')).code).toBe(6);
  expect(world.census()).toEqual(before);
});

it('a journey that is killed at any request is cleaned up on every platform, and an innocent twin stays', async () => {
  let left = 0;
  let before: Readonly<Record<string, number>> = {};
  const inDir = (...words: readonly string[]) => {
    if (workspace === undefined) throw new Error('no world');
    return { args: [program, 'test', ...words, '--no-input'], cwd: workspace.dir, which: ['http'] as const };
  };
  const report = await sweep({
    moments: ['before', 'after'],
    pick: everyPoint ? oneOfEachKind : everyNth(10, thinned(1)),
    before: async () => {
      await workspace?.close();
      workspace = await openJourneyWorkspace();
      const { crm } = workspace.world;
      // A person of the same name, whom no test has made.
      crm.writeAs({ kind: 'person', id: '7' }).create('Contact', { LastName: 'Ada', Email: 'rb-twin@example.com', FirstName: 'Ada' });
      before = workspace.world.census();
      return inDir('run', 'b2b-webinar');
    },
    after: async () => {
      // The integration carries what is there, whoever is gone.
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (workspace === undefined) return;
      if (JSON.stringify(workspace.world.census()) !== JSON.stringify(before)) left += 1;
      const cleaned = await runCrashing(inDir('cleanup'));
      expect([0, 3], cleaned.stdout + cleaned.stderr).toContain(cleaned.code);
      expect(workspace.world.census()).toEqual(before);
    },
  });
  console.log(describeSweep('test run of a journey', report));
  expect(report.points).toBeGreaterThanOrEqual(leastPoints(21, 4));
  expect(left).toBeGreaterThanOrEqual(leastLeft);
}, 3_600_000);
