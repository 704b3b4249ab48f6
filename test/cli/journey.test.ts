import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let before: Map<string, string | undefined>;
const go = (...args: string[]): Promise<Finished> => runHere(args, { cwd: workspace.dir });
const json = async (
  ...args: string[]
): Promise<{ code: number | null; last: Record<string, unknown>; data: Record<string, unknown>; events: readonly Record<string, unknown>[] }> => {
  const result = await go(...args, '--json');
  const lines = jsonLines(result.stdout);
  const last = lines.at(-1) ?? {};
  expect(last).toMatchObject({
    schemaVersion: 1,
    command: args
      .slice(0, 2)
      .filter((word) => !word.startsWith('-'))
      .join(' ')
      .replace(/^(diff|doctor|status) .*$/u, '$1'),
  });
  return { code: result.code, last, data: (last['data'] ?? {}) as Record<string, unknown>, events: lines.slice(0, -1) };
};

beforeAll(async () => {
  workspace = await openWorkspace(60);
});
afterAll(() => workspace.close());

describe('a restore by single commands, as a script would do it', () => {
  let plan: string;
  let confirm: string;

  test('doctor finds nothing wrong and changes nothing', async () => {
    const { code, data } = await json('doctor');
    expect(code).toBe(0);
    expect(data['checks']).toEqual(expect.arrayContaining([expect.objectContaining({ what: 'Platform hubspot', ok: true })]));
    expect(workspace.sandbox.writes().filter((write) => write.source.type === 'INTEGRATION' && write.source.id === '8840213')).toEqual([]);
  });

  test('a snapshot pauses the syncs only while it is taken, and is verified', async () => {
    const { code, data, events } = await json('snapshot', 'create', '--platform', 'hubspot', '--pause-syncs', '--note', 'good');
    expect(code).toBe(0);
    expect(data).toMatchObject({ rows: 60, note: 'good' });
    expect(events.length).toBeGreaterThan(0);
    expect(workspace.paused()).toBe(false);
    expect((await json('snapshot', 'verify', 'latest')).data).toMatchObject({ damage: [] });
  });

  test('diff against the platform ends with 2 where something differs and 0 where nothing does', async () => {
    expect((await go('diff', 'latest', 'live')).code).toBe(0);
    before = workspace.damage(20);
    expect(before.size).toBe(20);
    const { code, data, events } = await json('diff', 'latest-verified', 'live', '--object', 'contacts');
    expect(code).toBe(2);
    const differing = [...before].filter(([, title]) => title !== 'Intern').length;
    expect(data['total']).toBe(differing);
    expect(events.filter((event) => event['type'] === 'difference')).toHaveLength(differing);
  });

  test('a plan lists old and new values and writes nothing', async () => {
    const { code, data } = await json('restore', 'plan', '--platform', 'hubspot', '--base', 'latest-verified', '--unattributed', 'unknown');
    expect(code).toBe(0);
    plan = String(data['id']);
    confirm = `sandbox:${(data['counts'] as { records: number }).records}`;
    expect([...before.keys()].every((id) => workspace.title(id) === 'Intern')).toBe(true);
    expect((await go('restore', 'show', plan)).stdout).toMatch(/jobtitle\s+Intern\s+→/u);
  });

  test.each([
    [[], 5, 'confirmation-missing'],
    [['--yes'], 5, 'confirmation-missing'],
    [['--confirm', 'production:1'], 6, 'confirmation-wrong'],
  ])('apply with %j is refused with exit %i and names the flag; nothing is written', async (flags, exit, code) => {
    const result = await json('restore', 'apply', plan, ...flags);
    expect(result.code).toBe(exit);
    expect(result.last).toMatchObject({ ok: false, error: { code, next: expect.stringContaining(`--confirm ${confirm}`) } });
    expect([...before.keys()].every((id) => workspace.title(id) === 'Intern')).toBe(true);
  });

  test('apply writes, verify proves, undo takes back, each exactly', async () => {
    expect(await json('restore', 'verify', plan)).toMatchObject({ code: 2 });
    const applied = await json('restore', 'apply', plan, '--confirm', confirm);
    expect(applied.code).toBe(0);
    for (const [id, title] of before) expect(workspace.title(id)).toBe(title);
    expect(await json('restore', 'verify', plan)).toMatchObject({ code: 0, data: { remaining: 0 } });
    expect((await json('restore', 'undo', 'latest')).data).toMatchObject({ state: 'undone' });
    expect([...before.keys()].every((id) => workspace.title(id) === 'Intern')).toBe(true);
  });

  test('an unknown and an ambiguous id are told apart, with the nearest one', async () => {
    expect(await json('restore', 'show', 'nothing')).toMatchObject({ code: 10, last: { error: { code: 'not-found' } } });
    expect(await json('snapshot', 'show', 'snap-')).toMatchObject({ code: 64, last: { error: { code: 'ambiguous' } } });
    const platform = await json('restore', 'plan', '--platform', 'hubspott', '--base', 'latest');
    expect(platform).toMatchObject({ code: 10, last: { error: { why: expect.stringContaining('hubspot') } } });
  });

  test('one record and one object type come out of a snapshot as they were', async () => {
    const [id = ''] = workspace.contacts;
    expect((await json('snapshot', 'cat', 'latest', 'contacts', id)).data).toMatchObject({ key: id });
    const csv = await go('snapshot', 'export', 'latest-verified', 'contacts');
    expect(csv.stdout.split('\r\n').filter((line) => line.startsWith('1')).length).toBeGreaterThanOrEqual(60);
    expect((await go('snapshot', 'export', 'latest-verified', 'contacts', '--json')).code).toBe(64);
  });

  test('a snapshot is deleted only with its confirmation, and not while pinned', async () => {
    const made = await json('snapshot', 'create', '--platform', 'hubspot');
    const id = String(made.data['id']);
    expect((await go('snapshot', 'delete', id)).code).toBe(5);
    await go('snapshot', 'pin', id);
    expect((await go('snapshot', 'delete', id, '--confirm', 'sandbox:60')).code).not.toBe(0);
    await go('snapshot', 'pin', id, '--off');
    expect((await go('snapshot', 'delete', id, '--confirm', 'sandbox:60')).code).toBe(0);
    expect((await go('snapshot', 'show', id)).code).toBe(10);
  });
});

describe('syncs', () => {
  test('are paused and put back, and status says who did it', async () => {
    expect((await go('sync', 'pause')).code).toBe(64);
    expect((await json('sync', 'pause', '--all', '--reason', 'wrong titles')).code).toBe(0);
    expect(workspace.paused()).toBe(true);
    expect((await go('status')).stdout).toContain('wrong titles');
    expect((await json('sync', 'resume')).code).toBe(0);
    expect(workspace.paused()).toBe(false);
  });
});

describe('a runbook without a terminal', () => {
  test('stops where a person is needed with exit 5, names the answer, and goes on with an answers file', async () => {
    workspace.damage(20, 'Trainee');
    const stopped = await json('runbook', 'run', 'small', '--input', 'platform=hubspot');
    expect(stopped).toMatchObject({ code: 5, last: { ok: false, error: { code: 'person-needed', data: { answer: 'review' } } } });
    expect(stopped.events.filter((event) => event['type'] === 'step' && event['state'] === 'succeeded')).toHaveLength(3);
    const { data } = await json('runbook', 'runs');
    const [run] = data['runs'] as { id: string }[];
    const plan = (await json('restore', 'show', 'latest')).data;
    const expected = `sandbox:${(plan['counts'] as { records: number }).records}`;
    await writeFile(join(workspace.dir, 'answers.yml'), `review: "yes"\napply: "${expected}"\ntold: done\n`);
    const resumed = await json('runbook', 'resume', run?.id ?? '', '--answers', 'answers.yml');
    expect(resumed.code).toBe(0);
    expect(resumed.data).toMatchObject({ state: 'succeeded' });
    for (const [id, title] of before) expect(workspace.title(id)).toBe(title);
    expect(workspace.paused()).toBe(false);
    expect((await go('runbook', 'evidence', 'latest')).code).toBe(0);
  });

  test('a wrong answers file is refused before anything is asked of the platform', async () => {
    await writeFile(join(workspace.dir, 'wrong.yml'), 'revue: "yes"\n');
    workspace.sandbox.resetCounts();
    const result = await go('runbook', 'run', 'small', '--input', 'platform=hubspot', '--answers', 'wrong.yml');
    expect(result.code).toBe(65);
    expect(result.stderr).toContain('wrong.yml:1:1');
    expect(result.stderr).toContain('review');
  });

  test('runbooks are listed, checked and rendered', async () => {
    expect((await go('runbook', 'list')).stdout).toContain('One job title appears on many records');
    expect((await go('runbook', 'lint')).code).toBe(0);
    expect((await go('runbook', 'render', 'small')).stdout).toContain('# Undo wrong job titles');
    await writeFile(join(workspace.dir, 'bad.yml'), 'version: 1\nid: bad\ntitle: Bad\nstepz: []\n');
    const bad = await go('runbook', 'lint', './bad.yml');
    expect(bad.code).toBe(65);
    expect(bad.stdout).toContain('bad.yml:4:1');
  });
});

describe('what is left on disk', () => {
  test('the token appears in no log, journal or output, and state is readable by its owner only', async () => {
    const token = (await readFile(join(workspace.dir, 'token'), 'utf8')).trim();
    const files = await readdir(join(workspace.dir, '.runback'), { recursive: true, withFileTypes: true });
    let read = 0;
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain(token);
      read += 1;
    }
    expect(read).toBeGreaterThan(5);
    const { stat } = await import('node:fs/promises');
    const logs = await readdir(join(workspace.dir, '.runback', 'logs'));
    expect(logs).not.toEqual([]);
    for (const log of logs) expect((await stat(join(workspace.dir, '.runback', 'logs', log))).mode & 0o077).toBe(0);
  });

  test('a workspace that is none, and a broken runback.yml, end with 10 and 65', async () => {
    expect((await runHere(['status', '--workspace', '/nonexistent-folder'], { cwd: workspace.dir })).code).toBe(10);
    await writeFile(join(workspace.dir, 'bad', 'runback.yml').replace('/bad/', '/'), 'version: 1\nplatform: {}\n');
    const broken = await go('status');
    expect(broken.code).toBe(65);
    expect(broken.stderr).toContain('runback.yml:2:1');
  });
});
