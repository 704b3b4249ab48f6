import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { groupAnswersSchema, investigationSchema } from '../../src/investigations/index.js';
import { jsonLines, runback } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let damaged = '';
const go = (...args: string[]): ReturnType<typeof runHere> => runHere(['investigate', ...args], { cwd: workspace.dir });
const plain = (text: string): string => text.replaceAll(/\s+/gu, ' ');
beforeAll(async () => {
  workspace = await openWorkspace(60);
  await workspace.base();
  workspace.damage(20);
  const { stdout } = await runHere(['snapshot', 'create', '--platform', 'hubspot', '--json'], { cwd: workspace.dir });
  damaged = (jsonLines(stdout).at(-1) as { data: { id: string } }).data.id;
});
afterAll(async () => await workspace.close());

test('says of the record that someone saw who changed it, and in which group it lies', async () => {
  const [, id = ''] = workspace.contacts;
  const { code, stdout } = await go('--damaged', damaged, '--record', id);
  expect(code).toBe(2);
  expect(plain(stdout)).toMatch(/WHERE YOU STARTED .*jobtitle: .* → Intern, changed by market-sync .* \(group 1: damage\)/u);
  expect(plain(stdout)).toMatch(/1 change, in group 1 \(damage, \d+ changes in all\)/u);
});

test('says of a record that did not change that it lies in no group', async () => {
  const { stdout } = await go('--damaged', damaged, '--record', `contacts:${workspace.contacts[50] ?? ''}`);
  expect(plain(stdout)).toMatch(/has not changed since snap-\S+, so it lies in no group\. .* was last written .*\(\w+\)/u);
  expect(stdout).toContain('DAMAGE');
});

test('a value leads to the whole group, and scripts get its number', async () => {
  const { stdout } = await go('--damaged', damaged, '--value', 'Intern', '--json');
  const { data } = jsonLines(stdout).at(-1) as { data: { start: unknown; groups: readonly { n: number; cells: number }[] } };
  expect(data.start).toMatchObject({ value: 'Intern', groups: [1], cells: data.groups[0]?.cells });
});

test.each([
  [['--at', '2099-01-01T00:00Z'], 64, 'is in the future'],
  [['--at', '2h ago', '--since', '2h ago'], 64, '--at and --since exclude each other'],
  [['--since', '2001-01-01T00:00Z'], 64, 'The base was taken after 2001-01-01'],
  [['--record', 'nobody'], 10, 'No record nobody is in the two snapshots'],
  [['--record', ' '], 64, '--record is empty'],
  [['--field', 'jobtile'], 10, 'did you mean "jobtitle"?'],
])('%j is refused, with what is wrong', async (args, status, words) => {
  const { code, stderr } = await go('--damaged', damaged, ...args);
  expect({ code, said: plain(stderr).includes(words) || stderr }).toEqual({ code: status, said: true });
});

// Whose clock was set back would read all of a platform, and then hear that their only base is of no use.
test('a base from later than now is refused before anything is read, and the clock is named', async () => {
  const seen: string[] = [];
  workspace.sandbox.onRequest(({ method, path }) => void seen.push(`${method} ${path}`));
  const preload = fileURLToPath(new URL('../support/clock-preload.cjs', import.meta.url));
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(preload)}`, RUNBACK_TEST_CLOCK_MS: '-3600000' };
  const { code, stderr } = await runback(['investigate', '--platform', 'hubspot'], { cwd: workspace.dir, env });
  expect(code).toBe(64);
  expect(plain(stderr)).toMatch(/taken later than now .*was set back since\. State now Nothing was read\. Next Correct the clock of this machine/u);
  workspace.sandbox.onRequest(undefined);
  expect(seen).toEqual([]);
});

test('an investigation that is shown again takes no other starting point', async () => {
  const { code, stderr } = await go('--show', 'latest', '--record', '1');
  expect(code).toBe(64);
  expect(stderr).toContain('--show and --record exclude each other');
});

// Whoever restores from a folder that others write to has to hear of it, on this way as on the others.
test('a plan of groups says what makes its snapshots doubtful', async () => {
  await go('--damaged', damaged);
  await chmod(join(workspace.dir, 'backups'), 0o777);
  const { code, stderr } = await runHere(['restore', 'plan', '--investigation', 'latest'], { cwd: workspace.dir });
  await chmod(join(workspace.dir, 'backups'), 0o700);
  expect(code).toBe(0);
  expect(plain(stderr)).toContain('can be written by others (mode 777)');
});

test('an answers file takes and leaves groups as the space bar does, and only those of its own investigation', async () => {
  const made = await go('--damaged', damaged, '--record', workspace.contacts[1] ?? '', '--json');
  const { data } = jsonLines(made.stdout).at(-1) as { data: { id: string } };
  // What scripts read is what the published schema says.
  expect(investigationSchema.parse(data)).toEqual(data);
  expect(JSON.parse(await readFile(new URL('../../schemas/investigation.schema.json', import.meta.url), 'utf8'))).toMatchObject({
    properties: { groups: { type: 'array' } },
  });
  const plan = async (answers: string): ReturnType<typeof runHere> => {
    await writeFile(join(workspace.dir, 'groups.yml'), answers);
    return await runHere(['restore', 'plan', '--investigation', data.id, '--answers', 'groups.yml', '--json'], { cwd: workspace.dir });
  };
  const taken = await plan(`investigation: ${data.id}\ngroups: { 1: take }\n`);
  expect(jsonLines(taken.stdout).at(-1)).toMatchObject({ data: { filters: { investigation: { id: data.id, groups: [{ n: 1 }] } } } });
  const none = await plan(`investigation: ${data.id}\ngroups: { 1: leave }\n`);
  expect(none).toMatchObject({ code: 64, stdout: expect.stringContaining('no group was chosen') });
  const unknown = await plan(`investigation: ${data.id}\ngroups: { 9: take }\n`);
  expect(unknown).toMatchObject({ code: 65, stdout: expect.stringMatching(/groups\.yml:2:\d+.*has no group/u) });
  const other = await plan('investigation: inv-20260101-000000-aaaa\ngroups: { 1: take }\n');
  expect(other).toMatchObject({ code: 65, stdout: expect.stringContaining('its groups have other numbers') });
  const both = await runHere(['restore', 'plan', '--investigation', data.id, '--answers', 'groups.yml', '--group', '1'], { cwd: workspace.dir });
  expect(both).toMatchObject({ code: 64, stderr: expect.stringContaining('--group and --answers exclude each other') });
});

test('the answers file that the page shows is one', async () => {
  const page = await readFile(new URL('../../docs/investigations.md', import.meta.url), 'utf8');
  const shown = /```yaml\n(# runback restore plan --investigation[^`]*)```/u.exec(page)?.[1] ?? '';
  expect(groupAnswersSchema.parse(parse(shown))).toMatchObject({ groups: { 2: 'leave', 3: 'take' } });
});

test('when contacts were deleted is told on HubSpot, and by whom is not', async () => {
  const own = await openWorkspace(60);
  try {
    await own.base();
    const sync = own.sandbox.writeAs({ kind: 'integration', id: '4471120' });
    const before = Date.now();
    for (const id of own.contacts.slice(0, 12)) sync.remove('contacts', id);
    const { stdout } = await runHere(['investigate', '--platform', 'hubspot', '--json'], { cwd: own.dir });
    const { data } = jsonLines(stdout).at(-1) as { data: { groups: readonly Record<string, unknown>[] } };
    const [deleted] = data.groups.filter(({ label }) => label === 'deleted');
    expect(deleted).toMatchObject({ cells: 12, exact: true, verdict: 'ask' });
    expect(deleted).not.toHaveProperty('writer');
    expect(Math.abs(Date.parse(String(deleted?.['from'])) - before)).toBeLessThan(60_000);
  } finally {
    await own.close();
  }
});
