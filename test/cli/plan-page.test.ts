import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: who has to approve cannot see what the plan does, or sees people's values in a mail that should not hold them. */

let workspace: TestWorkspace;
let folder: string;
let first: string;
let second: string;
let base: string;
let damaged: string;
beforeAll(async () => {
  workspace = await openWorkspace(40);
  folder = await mkdtemp(join(tmpdir(), 'runback-page-'));
  base = await workspace.base();
  workspace.damage(20, 'Valued Customer');
  damaged = await workspace.base();
  first = await plan();
  // Somebody gives one of them a better title: the next plan leaves it alone.
  workspace.sandbox
    .writeAs(person(7))
    .apply({ action: 'update', object: 'contacts', id: workspace.contacts[4] ?? '', properties: { jobtitle: 'Head of Finance' } });
  second = await plan();
});
afterAll(async () => {
  await workspace.close();
  await rm(folder, { recursive: true, force: true });
});

const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
const json = async (...args: string[]): Promise<Record<string, unknown>> =>
  (jsonLines((await go(...args, '--json')).stdout).at(-1) as { data: Record<string, unknown> }).data;
const plan = async (...more: string[]): Promise<string> =>
  String((await json('restore', 'plan', '--platform', 'hubspot', '--base', base, '--damaged', damaged, '--unattributed', 'unknown', ...more))['id']);
const written = async (id: string, name: string, ...more: string[]): Promise<string> => {
  const path = join(folder, name);
  const { code, stderr } = await go('restore', 'show', id, '--to', path, ...more);
  expect(`${code} ${stderr}`).toBe('0 ');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  return readFile(path, 'utf8');
};
const emails = (): readonly string[] => workspace.sandbox.records('contacts').flatMap(({ properties }) => properties['email'] ?? []);

test('a page shows groups, examples with their pages, and what comes next; without --personal no value of anybody', async () => {
  const html = await written(first, 'plan.html');
  expect(html).toContain('20');
  expect(html).toContain('jobtitle');
  expect(html).toContain(`runback approve ${first}`);
  expect(html).toContain(`--confirm sandbox:20`);
  expect(html).toContain('[value 1] (20 times)');
  for (const value of ['Valued Customer', ...emails()]) expect(html, value).not.toContain(value);
  expect(html).not.toMatch(/<script|src=|@import/u);
});

test('with --personal it shows them, and says that it does', async () => {
  const html = await written(first, 'personal.html', '--personal');
  expect(html).toContain('Valued Customer (20 times)');
  expect(html).toContain('Contains personal data');
  const markdown = await written(first, 'personal.md', '--personal');
  expect(markdown).toContain('Valued Customer');
});

test('conflicts say what each choice means', async () => {
  const html = await written(second, 'second.html', '--personal');
  expect(html).toContain('edited-since');
  expect(html).toContain('Keep what is there now');
  expect(html).toContain('Put the old value back');
  expect(html).toContain('Head of Finance');
});

test('a table holds every value, the conflicts too', async () => {
  const lines = (await written(second, 'plan.csv', '--personal')).trimEnd().split('\r\n');
  expect(lines[0]).toBe('line,what,object,key,name,address,page,field,now,will be,before the damage,damaged,why,written by,written at');
  expect(lines.filter((line) => /^\d+,update,contacts,/u.test(line))).toHaveLength(19);
  expect(lines.filter((line) => line.startsWith('"",edited-since,contacts,'))).toHaveLength(1);
  const hidden = await written(second, 'hidden.csv');
  expect(hidden.trimEnd().split('\r\n')).toHaveLength(lines.length);
  for (const value of ['Valued Customer', 'Head of Finance', ...emails()]) expect(hidden, value).not.toContain(value);
});

test('two plans side by side: one value fewer, since someone edited it', async () => {
  const { stdout } = await go('restore', 'show', second, '--against', first);
  expect(stdout.replaceAll(/\s+/gu, ' ')).toContain('1 fewer edited-since: someone edited the value after the damage');
  expect(await json('restore', 'show', second, '--against', first)).toMatchObject({
    same: 19,
    differences: [
      { kind: 'fewer', because: 'edited-since', cells: 1, examples: [{ object: 'contacts', key: workspace.contacts[4], cell: 'jobtitle' }] },
    ],
  });
  expect(await json('restore', 'show', first, '--against', second)).toMatchObject({
    same: 19,
    differences: [{ kind: 'more', because: 'edited-since', cells: 1 }],
  });
  expect(await json('restore', 'show', first, '--against', first)).toMatchObject({ same: 20, differences: [] });
});

test('an ending that says nothing, a file that is there, and two wishes at once are refused', async () => {
  expect((await go('restore', 'show', first, '--to', join(folder, 'plan.pdf'))).code).toBe(64);
  expect((await go('restore', 'show', first, '--to', join(folder, 'plan.html'))).code).toBe(64);
  for (const more of [['--personal'], ['--against', second, '--to', join(folder, 'both.html')]]) {
    const { code, stderr } = await go('restore', 'show', first, ...more);
    expect(code, stderr).toBe(64);
  }
});
