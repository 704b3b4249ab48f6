import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: what a restore left, spread over a plan, a journal and a screen that scrolled away. */

let workspace: TestWorkspace;
let folder: string;
let plan: string;
let restore: string;
beforeAll(async () => {
  workspace = await openWorkspace(30);
  folder = await mkdtemp(join(tmpdir(), 'runback-left-'));
  const base = await workspace.base();
  workspace.damage(12);
  const damaged = await workspace.base();
  edit(3, 'Edited before the plan');
  plan = String((await json('restore', 'plan', '--platform', 'hubspot', '--base', base, '--damaged', damaged, '--unattributed', 'unknown'))['id']);
  edit(5, 'Edited after the plan');
  restore = String((await json('restore', 'apply', plan, '--confirm', 'sandbox:11'))['id']);
});
afterAll(async () => {
  await workspace.close();
  await rm(folder, { recursive: true, force: true });
});

const edit = (n: number, jobtitle: string): void =>
  void workspace.sandbox
    .writeAs(person(7))
    .apply({ action: 'update', object: 'contacts', id: workspace.contacts[n] ?? '', properties: { jobtitle } });
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  (jsonLines((await go(...args, '--json')).stdout).at(-1) as { data: Record<string, unknown> }).data;

test('a restore and its plan are one list: the conflict, and what someone changed meanwhile', async () => {
  const whole = { plan, restore, kinds: { conflict: 1, moved: 1 } };
  for (const wanted of ['latest', plan, restore]) expect(await json('restore', 'left', wanted), wanted).toMatchObject(whole);
  const { first } = await json('restore', 'left', restore);
  expect(first).toHaveLength(2);
  expect(first).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'moved', key: workspace.contacts[5], field: 'jobtitle', damaged: 'Intern' }),
      expect.objectContaining({
        kind: 'conflict',
        key: workspace.contacts[3],
        code: 'edited-since',
        damaged: 'Intern',
        now: 'Edited before the plan',
        open: true,
      }),
    ]),
  );
});

test('the screen says what to do about each', async () => {
  const text = (await go('restore', 'left', restore)).stdout.replaceAll(/\s+/gu, ' ');
  expect(text).toContain('1 conflicts of the plan, not written');
  expect(text).toContain('1 left alone: someone changed them since');
  expect(text).toContain(`Decide: runback restore show ${plan} --decide`);
  expect(text).toContain('Look at what someone wrote since.');
  expect(text).toContain(`runback restore left ${restore} --to left.csv`);
});

test('as a table and as a page', async () => {
  const written = async (name: string): Promise<string> => {
    expect((await go('restore', 'left', restore, '--to', join(folder, name))).stderr).toBe('');
    return readFile(join(folder, name), 'utf8');
  };
  const [head, ...rows] = (await written('left.csv')).trimEnd().split('\r\n');
  expect(head).toBe('name,address,page,object,key,field,conflict,before,damaged,now,what it means,what to do');
  expect(rows).toHaveLength(2);
  const html = await written('left.html');
  expect(html).toContain('1 left alone: someone changed them since');
  expect(html).toContain('edited-since');
  expect(html).toContain(`runback restore show ${plan} --decide`);
  expect(await written('left.md')).toContain('Contains personal data');
});

test('once the restore is undone, what the undo left is what counts', async () => {
  // Someone gives one of the repaired contacts another title: the undo leaves it.
  edit(7, 'Edited after the restore');
  await go('restore', 'undo', restore, '--yes');
  const data = await json('restore', 'left', plan);
  expect(data).toMatchObject({ plan, restore, kinds: { conflict: 1, moved: 1 } });
  expect(data['first']).toContainEqual(
    expect.objectContaining({ kind: 'moved', undo: true, key: workspace.contacts[7], field: 'jobtitle', wanted: 'Intern' }),
  );
  expect((await go('restore', 'left', restore)).stdout.replaceAll(/\s+/gu, ' ')).toContain('so the undo left it');
});
