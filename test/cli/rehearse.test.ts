import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Rehearsal, rehearsalSchema } from '../../src/stages/index.js';
import { shippedDir } from '../../src/workspace/index.js';
import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** What a user would lose: to know before a restore what it will do, without anything being done. */

const RUNBOOK = `version: 1
id: rehearsed
title: Try it first
symptoms: [One job title appears on many records]
inputs:
  platform: { type: platform, prompt: Which platform? }
  base: { type: snapshot, prompt: Which snapshot is good?, default: latest-verified }
steps:
  - { id: evidence, title: Keep the evidence, action: snapshot.create, with: { platforms: ["\${{ inputs.platform }}"] } }
  - id: plan
    title: Work out what was damaged
    action: restore.plan
    with: { platform: "\${{ inputs.platform }}", base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}", unattributed: include }
  - id: rehearsal
    title: Rehearse it
    action: restore.rehearse
    with: { plan: "\${{ steps.plan.plan }}" }
    verify: steps.rehearsal.passed && steps.rehearsal.wrong == 0 && steps.rehearsal.calls > 5 && steps.rehearsal.calls_left > 1000
`;

let workspace: TestWorkspace;
let plan = '';
let cells = 0;

interface Rehearsed extends Finished {
  readonly data: Rehearsal;
  readonly error: Readonly<Record<string, unknown>> | undefined;
}

/** Calls the program with `--json`. */
async function json(...args: readonly string[]): Promise<Rehearsed> {
  const finished = await runHere([...args, '--json'], { cwd: workspace.dir });
  const last = jsonLines(finished.stdout).at(-1) as Pick<Rehearsed, 'data' | 'error'>;
  return { ...finished, data: last.data, error: last.error };
}

const rehearse = async (...args: readonly string[]): Promise<Rehearsed> => await json('restore', 'rehearse', ...args);
const stages = async (): Promise<readonly string[]> => (await readdir(tmpdir())).filter((name) => name.startsWith('runback-drill-rehearsal-'));

beforeAll(async () => {
  workspace = await openWorkspace(60);
  const base = await workspace.base();
  workspace.damage(25);
  const planned = await json('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include');
  const header = planned.data as unknown as { readonly id: string; readonly counts: { readonly cells: number } };
  ({
    id: plan,
    counts: { cells },
  } = header);
});
afterAll(async () => await workspace.close());

describe('a rehearsal', () => {
  it('tells what is right, the calls, the time and the rest of the day, and writes nothing anywhere', async () => {
    const { sandbox, dir } = workspace;
    expect(cells).toBeGreaterThan(20);
    const [writes, state] = [sandbox.writes().length, await readdir(join(dir, '.runback'))];
    const { code, data } = await rehearse(plan);
    expect(rehearsalSchema.strict().parse(data)).toEqual(data);
    expect([code, data]).toMatchObject([
      0,
      {
        passed: true,
        plan,
        cells: { checked: cells, right: cells },
        undo: { put_back: true },
        pace: { from: 'account', latency_from: 'measured' },
        quota: { limit: 250_000 },
      },
    ]);
    expect(data.quota?.left_after).toBe((data.quota?.left ?? 0) - data.apply.calls - data.verify.calls);
    expect(sandbox.writes()).toHaveLength(writes);
    expect(await readdir(join(dir, '.runback'))).toEqual(state);
    expect(await stages()).toEqual([]);
    // No value of a record is in it.
    expect(JSON.stringify(data)).not.toContain('Intern');
  });

  it('says on the screen what it cannot know', async () => {
    const { code, stdout } = await runHere(['restore', 'rehearse', plan], { cwd: workspace.dir });
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/gu, ' ');
    expect(text).toContain(`${cells} of ${cells} records`);
    expect(text).toMatch(/apply: \d+ calls, about [\d.]+ s/u);
    expect(text).toMatch(/Cannot know .*workflows.*e-mails.*validation.*other integrations/u);
    expect(text).toContain(`runback restore apply ${plan}`);
  });

  it('asks the account nothing with --offline, and keeps to the settings', async () => {
    const { sandbox } = workspace;
    const { requests } = sandbox.counts();
    const { code, data } = await rehearse(plan, '--offline', '--latency', '400ms');
    expect(sandbox.counts().requests).toBe(requests);
    expect([code, data.pace, data.quota]).toMatchObject([
      0,
      { from: 'settings', limits: [{ calls: 1000, in_ms: 10_000 }], latency_ms: 400, latency_from: 'given', asked: 0 },
      undefined,
    ]);
    expect(data.apply.ms).toBeGreaterThanOrEqual(data.apply.calls * 400);
  });

  it('says that the account could not be asked, and goes on', async () => {
    const path = join(workspace.dir, 'token');
    const token = await readFile(path, 'utf8');
    await writeFile(path, 'pat-na1-wrong');
    const { code, data } = await rehearse(plan);
    await writeFile(path, token);
    expect([code, data.passed, data.pace]).toMatchObject([
      0,
      true,
      { from: 'settings', latency_from: 'assumed', not_asked: expect.any(String) as string },
    ]);
  });

  it('says that the day is too short for it', async () => {
    const { sandbox } = workspace;
    const { data } = await rehearse(plan);
    const used = 250_000 - (data.quota?.left ?? 0);
    sandbox.setLimits({ perDay: used + data.pace.asked + 5 });
    const { stdout } = await runHere(['restore', 'rehearse', plan], { cwd: workspace.dir });
    sandbox.setLimits({ perDay: 250_000 });
    expect(stdout.replaceAll(/\s+/gu, ' ')).toMatch(/too few\. The restore would stop midway/u);
  });

  it('is a step of a runbook, which goes on with what it found', async () => {
    await writeFile(join(workspace.dir, 'runbooks', 'rehearsed.yml'), RUNBOOK);
    const { sandbox } = workspace;
    const writes = sandbox.writes().length;
    const { code, stdout, stderr } = await runHere(['runbook', 'run', 'rehearsed', '--input', 'platform=hubspot'], { cwd: workspace.dir });
    expect(code, stderr).toBe(0);
    expect(`${stdout}${stderr}`.replaceAll(/\s+/gu, ' ')).toMatch(/Rehearsed plan-\S+ on a copy: everything is put back as planned/u);
    expect(sandbox.writes()).toHaveLength(writes);
  });

  it('is offered by the runbooks where they ask whether the plan looks right, and the question comes again', async () => {
    const { dir, sandbox } = workspace;
    await copyFile(join(shippedDir, 'runbooks', 'mass-overwrite.yml'), join(dir, 'runbooks', 'mass-overwrite.yml'));
    const review = [{ choice: 'rehearse', inputs: { rehearse: true } }, 'stop'];
    await writeFile(join(dir, 'answers.yml'), JSON.stringify({ review }));
    const writes = sandbox.writes().length;
    const run = ['runbook', 'run', 'mass-overwrite', '--input', 'platform=hubspot', '--answers', 'answers.yml'];
    const { stdout, stderr } = await runHere(run, { cwd: dir });
    const told = `${stdout}${stderr}`.replaceAll(/\s+/gu, ' ');
    expect(told).toMatch(/Rehearsed plan-\S+ on a copy: everything is put back as planned.* calls, about/u);
    expect(told).toMatch(/answered "stop"/u);
    expect(sandbox.writes()).toHaveLength(writes);
  });

  it('refuses what it cannot rehearse, each with the next command', async () => {
    expect((await rehearse('plan-2020')).error).toMatchObject({ code: 'not-found' });
    expect((await rehearse(plan, '--into', 'postgres://u:secret@127.0.0.1/x')).error).toMatchObject({
      code: 'usage',
      next: '--into env:RESTORE_TEST_URL',
    });
    expect((await rehearse(plan, '--into', 'env:TEST_URL')).error).toMatchObject({ code: 'usage', next: 'Leave out --into.' });
    expect((await rehearse('set-20261122-164733-k3vq')).error).toMatchObject({ code: 'not-found' });
    const path = join(workspace.dir, 'runback.yml');
    const text = await readFile(path, 'utf8');
    // Whichever way the clock of the machine was set since.
    await writeFile(path, `${text}restores: { plan_max_age: 1ms }\n`);
    expect((await rehearse(plan)).error).toMatchObject({ code: 'plan-stale' });
    await writeFile(path, text);
    await rm(join(workspace.dir, 'backups'), { recursive: true });
    expect((await rehearse(plan)).error).toMatchObject({ code: 'not-found', next: expect.stringContaining('runback snapshot create') as string });
    expect(await stages()).toEqual([]);
  });
});
