import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openTerminal } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A person would lose: a night in the middle of a runbook that could be known to lead nowhere. */

const GOOD = `version: 1
id: good
title: Good
symptoms: [All is well]
steps:
  - { id: first, title: First, manual: Look. }
  - { id: last, title: Last, manual: Look again. }
`;
/** Loads, and no run can come to its last step. */
const DEAD_END = GOOD.replace('id: good', 'id: dead-end').replace('manual: Look.', 'decide: { wait: stop }');
/** Does not load: three faults in three lines. */
const BROKEN = GOOD.replace('id: good', 'id: broken')
  .replace('manual: Look.', 'manul: Look.')
  .replace('manual: Look again.', 'action: nothing.like-it');
const NO_YAML = 'version: 1\nid: [\n';

let workspace: TestWorkspace;
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
const write = (name: string, text: string): Promise<void> => writeFile(join(workspace.dir, 'runbooks', `${name}.yml`), text);
interface Found {
  readonly findings: readonly { readonly file: string; readonly line: number; readonly severity: string; readonly message: string }[];
}
const found = (ended: Finished): Found => (jsonLines(ended.stdout).at(-1) as { data: Found }).data;

beforeAll(async () => {
  workspace = await openWorkspace(3);
  await write('good', GOOD);
  await write('dead-end', DEAD_END);
  await write('broken', BROKEN);
  await write('no-yaml', NO_YAML);
  await mkdir(join(workspace.dir, 'runbooks', 'folder.yml'));
});
afterAll(() => workspace.close());

test('a file that cannot be read is a finding beside those of the others, each with file, line and why', async () => {
  const ended = await go('runbook', 'lint', '--json');
  expect(ended.code).toBe(65);
  const { findings } = found(ended);
  const of = (name: string) => findings.filter(({ file }) => file.endsWith(`${name}.yml`));
  expect(of('dead-end')).toMatchObject([{ severity: 'error', line: 7 }]);
  expect(of('broken').map(({ line, severity }) => [line, severity])).toContainEqual([6, 'error']);
  expect(
    of('broken')
      .map(({ message }) => message)
      .join('\n'),
  ).toContain('manul');
  expect(of('no-yaml')).toMatchObject([{ severity: 'error' }]);
  expect(of('folder')).toMatchObject([{ severity: 'error', line: 1 }]);
  expect(of('good')).toEqual([]);
  const words = (await go('runbook', 'lint')).stdout;
  expect(words).not.toContain('in order');
  for (const name of ['dead-end.yml:7:', 'broken.yml:6:', 'no-yaml.yml:', 'folder.yml:1:']) expect(words).toContain(name);
});

test('so it is for escalation.yml', async () => {
  await writeFile(join(workspace.dir, 'escalation.yml'), 'version: 1\npeople: { maya: { nme: Maya } }\n');
  const ended = await go('escalation', 'lint', '--json');
  expect(ended.code).toBe(65);
  expect(found(ended).findings).toContainEqual(expect.objectContaining({ file: 'escalation.yml', line: 2, severity: 'error' }));
  expect((await go('escalation', 'lint')).stdout).toContain('escalation.yml:2:');
  await rm(join(workspace.dir, 'escalation.yml'));
});

test('a runbook with errors does not start, and says which and where they are', async () => {
  const ended = await go('runbook', 'run', 'dead-end', '--incident', 'none', '--json');
  expect(ended.code).toBe(65);
  const file = join(workspace.dir, 'runbooks', 'dead-end.yml');
  expect(jsonLines(ended.stdout).at(-1)).toMatchObject({
    error: {
      code: 'file-invalid',
      why: expect.stringContaining(`${file}:7:`),
      next: expect.stringContaining(`runback runbook lint ${file}`),
    },
  });
  expect((await go('runbook', 'runs')).stdout).not.toContain('dead-end');
});

test('nor does respond start it', async () => {
  await go('incident', 'open', 'All is well', '--severity', 'sev3');
  const terminal = openTerminal(['respond'], { cwd: workspace.dir });
  try {
    await terminal.waitFor('Is it one of these?');
    terminal.type('\r');
    await terminal.waitFor('Acknowledge it');
    terminal.type('n\r');
    await terminal.waitFor('Which runbook?');
    // Both fit; the first by name is the one that leads nowhere.
    terminal.type('\r');
    expect(await terminal.exited).toBe(65);
    expect(terminal.screen().replaceAll(/\s+/gu, ' ')).toContain('cannot be started');
  } finally {
    await terminal.dispose();
  }
});

test('a run that has begun goes on with its own text, whatever became of the file', async () => {
  await write('later', GOOD.replace('id: good', 'id: later'));
  const begun = await go('runbook', 'run', 'later', '--incident', 'none', '--json');
  expect(begun.code).toBe(5);
  await write('later', DEAD_END.replace('id: dead-end', 'id: later'));
  await writeFile(join(workspace.dir, 'answers.yml'), 'first: done\nlast: done\n');
  expect((await go('runbook', 'resume', 'latest', '--answers', 'answers.yml')).code).toBe(0);
});
