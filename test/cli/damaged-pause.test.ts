import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A person would lose: the whole screen of what is on fire, because of one file. */

let workspace: TestWorkspace;
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
beforeAll(async () => {
  workspace = await openWorkspace(3);
});
afterAll(() => workspace.close());

test('a pause that cannot be read is a line that names its file; the rest is shown', async () => {
  await go('incident', 'open', 'Wrong titles', '--severity', 'sev2', '--platform', 'hubspot');
  await go('sync', 'pause', 'market-sync');
  const folder = join(workspace.dir, '.runback', 'documents', 'sync-pauses');
  const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.json'));
  await writeFile(join(folder, name), '{"half');
  for (const [args, also] of [
    [['status'], 'Wrong titles'],
    [['sync', 'list'], 'market-sync'],
  ] as const) {
    const shown = await go(...args);
    expect(shown.code).toBe(3);
    expect(shown.stdout.replaceAll(/\s+/gu, ' ')).toContain('cannot be read');
    expect(shown.stdout).toContain(also);
    expect(shown.stdout).toContain(name);
  }
  const { data } = jsonLines((await go('status', '--json')).stdout).at(-1) as { data: { damagedPauses: readonly { why: string }[] } };
  expect(data.damagedPauses).toMatchObject([{ why: expect.stringContaining(join(folder, name)) }]);
});
