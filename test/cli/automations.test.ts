import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { createdOf } from '../../src/restores/index.js';
import { openFileStore } from '../../src/store/index.js';
import { jsonLines, type Finished } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: mails to customers, sent by an automation that took the repair for news. */

let workspace: TestWorkspace;
let flag: string;
beforeAll(async () => {
  workspace = await openWorkspace(8);
  flag = join(workspace.dir, 'mails-paused');
  const script = (body: string): string => JSON.stringify(['sh', '-c', body, 'sh', flag]);
  const file = join(workspace.dir, 'runback.yml');
  const mails = `  thank-you:
    title: Thank new leads
    controller: command
    writes_to: [hubspot]
    reacts_to: [hubspot]
    status: { run: ${script('test ! -e "$1" || exit 3')}, paused: "exit == 3" }
    pause: { run: ${script(': >"$1"')} }
    resume: { run: ${script('rm "$1"')} }
`;
  await writeFile(file, (await readFile(file, 'utf8')).replace('backups: {', `${mails}backups: {`));
});
afterAll(() => workspace.close());
beforeEach(async () => await rm(flag, { force: true }));

interface Said extends Finished {
  readonly data: Record<string, unknown>;
  readonly error: Readonly<Record<string, unknown>>;
}

const said = async (...args: string[]): Promise<Said> => {
  const finished = await runHere([...args, '--json', '--no-input'], { cwd: workspace.dir });
  const last = (jsonLines(finished.stdout).at(-1) ?? {}) as { data?: Record<string, unknown>; error?: Record<string, unknown> };
  return { ...finished, data: last.data ?? {}, error: last.error ?? {} };
};

const planned = async (title: string): Promise<{ readonly id: string; readonly confirm: readonly string[] }> => {
  const base = await workspace.base();
  workspace.damage(3, title);
  const { data } = await said('restore', 'plan', '--platform', 'hubspot', '--base', base);
  expect(data['automations']).toEqual([{ name: 'thank-you', title: 'Thank new leads' }]);
  return { id: String(data['id']), confirm: ['--confirm', 'sandbox:3'] };
};

describe('automations that react to a restore', () => {
  test('are in the plan; the restore refuses with 6 until they are paused, and nothing is written before', async () => {
    const { id, confirm } = await planned('Wrong 1');
    const shown = await runHere(['restore', 'show', id], { cwd: workspace.dir });
    expect(shown.stdout).toContain('React to what this writes, and have to be paused before: Thank new leads (thank-you)');
    expect(shown.stdout).toContain('runback sync pause thank-you');
    const refused = await said('restore', 'apply', id, ...confirm);
    expect(refused).toMatchObject({ code: 6, error: { code: 'automations-running', state: 'Nothing was written.' } });
    expect(refused.error['next']).toContain('--accept-automations NAME');
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).toEqual(['Wrong 1', 'Wrong 1', 'Wrong 1']);
    expect((await said('sync', 'pause', 'thank-you')).code).toBe(0);
    const applied = await said('restore', 'apply', id, ...confirm);
    expect(applied).toMatchObject({ code: 0, data: { state: 'done' } });
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).not.toContain('Wrong 1');
    // Its undo writes as well.
    const [pause] = (await said('sync', 'list')).data['pauses'] as readonly { readonly id: string }[];
    expect((await said('sync', 'resume', pause?.id ?? '')).code).toBe(0);
    expect(await said('restore', 'undo', String(applied.data['id']), '--yes')).toMatchObject({ code: 6, error: { code: 'automations-running' } });
  });

  test('a named person accepts that they run, and the journal of the restore says who', async () => {
    const { id, confirm } = await planned('Wrong 2');
    const applied = await said('restore', 'apply', id, ...confirm, '--accept-automations', 'lee');
    expect(applied.code).toBe(0);
    const store = openFileStore({ dir: join(workspace.dir, '.runback'), clock: systemClock, redactor: new Redactor() });
    expect((await createdOf(store, String(applied.data['id']))).accepted).toEqual({ by: 'lee', automations: ['thank-you'] });
    expect(existsSync(flag)).toBe(false);
    // So do an undo, and a resume that has something to do: each writes as well.
    const id2 = String(applied.data['id']);
    const undone = await said('restore', 'undo', id2, '--accept-automations', 'kim');
    expect(undone).toMatchObject({ code: 0, data: { state: 'undone' } });
    const lines: { readonly type: string; readonly data: { readonly accepted?: unknown } }[] = [];
    for await (const line of store.journal('restores', id2).read()) lines.push(line as unknown as (typeof lines)[number]);
    const told = lines.flatMap(({ type, data }) => (data.accepted === undefined ? [] : [[type, data.accepted]]));
    expect(told).toEqual([
      ['restore.created', { by: 'lee', automations: ['thank-you'] }],
      ['undo.created', { by: 'kim', automations: ['thank-you'] }],
    ]);
  });

  test('a resume keeps who accepts them by then', async () => {
    const { id, confirm } = await planned('Wrong 6');
    workspace.sandbox.faults.add({ kind: 'forbidden', method: 'POST', path: '*/batch/update', times: null });
    const stopped = await said('restore', 'apply', id, ...confirm, '--accept-automations', 'lee');
    expect(stopped.code).not.toBe(0);
    workspace.sandbox.faults.clear();
    const restore = String((stopped.error['data'] as { readonly restore?: string } | undefined)?.restore);
    expect(await said('restore', 'resume', restore)).toMatchObject({ code: 6, error: { code: 'automations-running' } });
    expect(await said('restore', 'resume', restore, '--accept-automations', 'kim')).toMatchObject({ code: 0, data: { state: 'done' } });
    const store = openFileStore({ dir: join(workspace.dir, '.runback'), clock: systemClock, redactor: new Redactor() });
    const accepted: unknown[] = [];
    for await (const { type, data } of store.journal('restores', restore).read()) if ('accepted' in data) accepted.push([type, data['accepted']]);
    expect(accepted).toEqual([
      ['restore.created', { by: 'lee', automations: ['thank-you'] }],
      ['restore.resumed', { by: 'kim', automations: ['thank-you'] }],
    ]);
  });

  test('one that cannot be asked is not known to be paused', async () => {
    const { id, confirm } = await planned('Wrong 3');
    const file = join(workspace.dir, 'runback.yml');
    const text = await readFile(file, 'utf8');
    const broken = text.replace(/(reacts_to: .*\n +status: \{ run: \[)"sh"/u, '$1"no-such-program"');
    expect(broken).not.toBe(text);
    await writeFile(file, broken);
    const refused = await said('restore', 'apply', id, ...confirm);
    await writeFile(file, text);
    expect(refused).toMatchObject({ code: 6, error: { code: 'automations-running' } });
    expect(refused.error['why']).toContain('cannot be asked');
  });

  test('a run pauses them with the syncs, before it writes', async () => {
    await workspace.base();
    workspace.damage(3, 'Wrong 4');
    await writeFile(join(workspace.dir, 'answers.yml'), 'review: "yes"\napply: sandbox:3\ntold: done\n');
    const args = ['--input', 'platform=hubspot', '--input', 'base=latest-verified', '--answers', 'answers.yml', '--incident', 'none'];
    const run = await said('runbook', 'run', 'small', ...args);
    expect(run).toMatchObject({ code: 0, data: { state: 'succeeded' } });
    expect(run.stdout).toContain('thank-you');
    expect(existsSync(flag)).toBe(false);
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).not.toContain('Wrong 4');
  });

  test('a run that does not pause them is refused at its restore, and goes through where a person accepts them', async () => {
    const runbook = await readFile(join(workspace.dir, 'runbooks', 'small.yml'), 'utf8');
    const other = runbook
      .replace('id: small', 'id: bare')
      .replace(/ {2}- \{ id: pause.*\n/u, '')
      .replace(/ {2}- \{ id: resume.*\n/u, '')
      .replace('  base:', '  who: { type: string, prompt: Who accepts it?, default: "" }\n  base:')
      .replace(
        'plan: "${{ steps.plan.plan }}" }\n  - { id: verify',
        'plan: "${{ steps.plan.plan }}", accept_automations: "${{ inputs.who }}" }\n  - { id: verify',
      );
    await writeFile(join(workspace.dir, 'runbooks', 'bare.yml'), other);
    await workspace.base();
    workspace.damage(3, 'Wrong 5');
    const args = ['--input', 'platform=hubspot', '--input', 'base=latest-verified', '--answers', 'answers.yml', '--incident', 'none'];
    const run = await said('runbook', 'run', 'bare', ...args);
    expect(run.stdout).toContain('automations-running');
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).toEqual(['Wrong 5', 'Wrong 5', 'Wrong 5']);
    const accepted = await said('runbook', 'run', 'bare', ...args, '--input', 'who=lee');
    expect(accepted).toMatchObject({ code: 0, data: { state: 'succeeded' } });
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).not.toContain('Wrong 5');
  });

  test('undoing such a run is refused too while one runs, and so is a step that undoes a restore; each goes through when it is paused', async () => {
    await workspace.base();
    workspace.damage(3, 'Wrong 7');
    expect((await said('sync', 'pause', 'thank-you')).code).toBe(0);
    const args = ['--input', 'platform=hubspot', '--input', 'base=latest-verified', '--answers', 'undecided.yml', '--incident', 'none'];
    await writeFile(join(workspace.dir, 'undecided.yml'), 'review: "yes"\napply: sandbox:3\n');
    await said('runbook', 'run', 'bare', ...args);
    const [run] = (await said('runbook', 'runs')).data['runs'] as readonly { readonly id: string; readonly state: string }[];
    expect(run?.state).toBe('waiting');
    const [pause] = (await said('sync', 'list')).data['pauses'] as readonly { readonly id: string }[];
    expect((await said('sync', 'resume', pause?.id ?? '')).code).toBe(0);
    const refused = await said('runbook', 'undo', run?.id ?? '');
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toContain('runback sync pause thank-you');
    expect(refused.stdout).toMatch(/runback restore undo restore-[^ ]+ --accept-automations NAME/u);
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).not.toContain('Wrong 7');
    const restore = /runback restore undo (restore-[^ ]+) --accept/u.exec(refused.stdout)?.[1] ?? '';
    const back = `version: 1
id: back
title: Take the repair back
symptoms: [It was no damage]
inputs:
  platform: { type: platform, prompt: Which platform? }
  restore: { type: string, prompt: Which restore? }
steps:
  - { id: undo, title: Put it back, action: restore.undo, with: { platform: "\${{ inputs.platform }}", restore: "\${{ inputs.restore }}" } }
`.replaceAll('\\', '');
    await writeFile(join(workspace.dir, 'runbooks', 'back.yml'), back);
    const step = ['runbook', 'run', 'back', '--input', 'platform=hubspot', '--input', `restore=${restore}`, '--incident', 'none'];
    expect((await said(...step)).stdout).toContain('automations-running');
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).not.toContain('Wrong 7');
    expect((await said('sync', 'pause', 'thank-you')).code).toBe(0);
    expect((await said(...step)).code).toBe(0);
    expect(workspace.contacts.slice(0, 3).map(workspace.title)).toEqual(['Wrong 7', 'Wrong 7', 'Wrong 7']);
  });
});
