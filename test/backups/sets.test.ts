import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { runHere } from '../cli/support/here.js';
import { call, workspaceWith } from './support/workspace.js';

const snapshotIn = (json: { readonly data: Readonly<Record<string, unknown>> }): string =>
  ((json.data['jobs'] as readonly unknown[])[0] as { readonly snapshot: { readonly id: string } }).snapshot.id;

it('a job with syncs: pause reads while they are paused and lets them run again; one that cannot be asked: nothing is read', async () => {
  const { dir, paused } = await workspaceWith('both: { platforms: [hubspot], syncs: pause }');
  const { code, json } = await call(dir, 'backup', 'run', 'both');
  expect([code, paused()]).toEqual([0, false]);
  expect((await call(dir, 'snapshot', 'show', snapshotIn(json))).json.data).toMatchObject({
    moments: [{ platform: 'hubspot' }],
    set: { syncs: 'pause', states: [{ sync: 'market-sync', before: 'paused', after: 'paused' }], unknown: [] },
  });
  const path = join(dir, 'runback.yml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('paused: "exit == 3"', 'paused: "stdout"'));
  const failed = await call(dir, 'backup', 'run', 'both');
  expect([failed.code, failed.json.error]).toMatchObject([3, { code: 'sync-failed' }]);
  const { data } = (await call(dir, 'snapshot', 'list')).json;
  expect(data['snapshots']).toHaveLength(1);
  // With watch, it is said instead.
  await writeFile(path, (await readFile(path, 'utf8')).replace('syncs: pause', 'syncs: watch'));
  const watched = await call(dir, 'backup', 'run', 'both');
  expect(watched.code).toBe(0);
  const { stdout } = await runHere(['snapshot', 'show', snapshotIn(watched.json)], { cwd: dir });
  expect(stdout).toContain('Sync market-sync: unknown');
  expect(stdout).toContain('as they were');
});
