import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { integration } from '../../src/sandbox/index.js';
import { NOTES_KIND } from '../../src/snapshots/index.js';
import { runHere } from '../cli/support/here.js';
import type { TestWorkspace } from '../cli/support/workspace.js';
import { POLICY, storeIn } from './support/policy.js';
import { call, setJobs, workspaceWith } from './support/workspace.js';

interface TakenJob {
  readonly state: string;
  readonly snapshot: { readonly id: string; readonly suspect?: readonly string[]; readonly bases: readonly string[] };
}

const JOB = 'nightly: { platforms: [hubspot], keep: { last: 2 } }';
const SYNC = integration('4471120', 'MarketSync');
/** Enough for 5 % of a field to be more than chance. */
const SIZE = 1000;

const take = async (dir: string): Promise<TakenJob & { readonly code: number | null }> => {
  const { code, json } = await call(dir, 'backup', 'run', 'nightly');
  return { ...((json.data['jobs'] as readonly unknown[])[0] as TakenJob), code };
};
const verify = async (dir: string, id: string): Promise<void> => expect((await call(dir, 'snapshot', 'verify', id)).code).toBe(0);
const latestVerified = async (dir: string): Promise<unknown> => (await call(dir, 'snapshot', 'show', 'latest-verified')).json.data['id'];
const incidents = async (dir: string): Promise<readonly unknown[]> =>
  (await call(dir, 'incident', 'list')).json.data['incidents'] as readonly unknown[];

/** Empties a field of some of those who have it. */
function empty({ sandbox }: TestWorkspace, field: string, share: number): number {
  const holders = sandbox.records('contacts').filter(({ properties }) => (properties[field] ?? '') !== '');
  const chosen = holders.slice(0, Math.ceil(share * holders.length));
  const writer = sandbox.writeAs(SYNC);
  for (const { id } of chosen) writer.update('contacts', id, { [field]: '' });
  return chosen.length;
}

describe('the next backup after damage that nobody saw', () => {
  it.each([
    ['that holds everything', JOB],
    ['that builds on the one before', JOB.replace('keep', 'incremental: true, keep')],
  ])('%s: 5 % of a field emptied is found, told, and leaves latest-verified where it was', async (_kind, job) => {
    const opened = await workspaceWith(job, SIZE);
    const { dir } = opened;
    await writeFile(join(dir, 'escalation.yml'), POLICY);
    const good = await take(dir);
    expect([good.code, good.snapshot.suspect]).toEqual([0, undefined]);
    await verify(dir, good.snapshot.id);
    const count = empty(opened, 'jobtitle', 0.05);
    const bad = await take(dir);
    expect(bad.code).toBe(3);
    expect(bad.snapshot.suspect).toEqual([expect.stringContaining(`of the contacts of hubspot lost their jobtitle: ${count} records`)]);
    await verify(dir, bad.snapshot.id);
    expect(await latestVerified(dir)).toBe(good.snapshot.id);
    expect(await incidents(dir)).toMatchObject([{ title: 'Backup job nightly: the data itself may be damaged', severity: 'sev3' }]);

    // It stands in the next ones too, which build on none of them, are told of no second time, and push no good one out.
    for (let n = 0; n < 3; n += 1) {
      const next = await take(dir);
      expect([next.snapshot.suspect?.length, next.snapshot.bases.includes(bad.snapshot.id)]).toEqual([1, false]);
    }
    expect(await incidents(dir)).toHaveLength(1);
    await call(dir, 'backup', 'prune');
    expect((await call(dir, 'snapshot', 'show', good.snapshot.id)).code).toBe(0);
  });

  it('a table halved, and opt-outs that vanish, are found on the second day', async () => {
    const opened = await workspaceWith(JOB, SIZE);
    const { dir, sandbox } = opened;
    const out = sandbox.records('contacts').filter(({ properties }) => properties['hs_email_optout'] === 'true');
    expect(out.length).toBeGreaterThan(50);
    await take(dir);
    const writer = sandbox.writeAs(SYNC);
    for (const { id } of out.slice(0, 10)) writer.update('contacts', id, { hs_email_optout: 'false' });
    const turned = await take(dir);
    expect(turned.snapshot.suspect).toEqual([
      expect.stringContaining('of the opt-outs vanished, hs_email_optout of contacts of hubspot: 10 records'),
    ]);
    for (const id of opened.contacts.slice(0, SIZE / 2)) writer.archive('contacts', id);
    const halved = await take(dir);
    expect(halved.snapshot.suspect?.join('\n')).toContain('of the contacts of hubspot are gone: 500 records');
  });
});

describe('a person who has looked', () => {
  it('accepts a suspect snapshot with a reason: it is good, the alarm ends, and as much is usual from then on', async () => {
    const opened = await workspaceWith(JOB, SIZE);
    const { dir } = opened;
    const good = await take(dir);
    empty(opened, 'jobtitle', 0.05);
    const bad = await take(dir);
    expect((await call(dir, 'backup', 'run', '--due')).code).toBe(1);
    expect((await call(dir, 'snapshot', 'accept', bad.snapshot.id)).code).toBe(64);
    expect((await call(dir, 'snapshot', 'accept', good.snapshot.id, '--reason', 'it is fine')).code).toBe(64);
    const accepted = await call(dir, 'snapshot', 'accept', bad.snapshot.id, '--reason', 'titles of former staff');
    expect(accepted.json.data).toMatchObject({
      id: bad.snapshot.id,
      watch: { state: 'accepted', reason: 'titles of former staff', why: [expect.any(String)] },
    });
    expect(accepted.json.data).not.toHaveProperty('suspect');
    expect((await call(dir, 'backup', 'run', '--due')).code).toBe(0);
    await verify(dir, bad.snapshot.id);
    expect(await latestVerified(dir)).toBe(bad.snapshot.id);
    empty(opened, 'jobtitle', 0.045);
    expect((await take(dir)).snapshot.suspect).toBeUndefined();
    const { stdout } = await runHere(['snapshot', 'show', bad.snapshot.id], { cwd: dir });
    expect(stdout.replaceAll(/\s+/gu, ' ')).toContain('titles of former staff');
  });

  it('sees it in lists, screens of jobs and before a plan that takes it as its base', async () => {
    const opened = await workspaceWith(JOB, SIZE);
    const { dir } = opened;
    await take(dir);
    empty(opened, 'jobtitle', 0.1);
    const { snapshot } = await take(dir);
    for (const command of [
      ['snapshot', 'list'],
      ['snapshot', 'show', 'latest'],
      ['backup', 'jobs'],
    ]) {
      const { stdout } = await runHere(command, { cwd: dir });
      expect([command.join(' '), stdout.toLowerCase()]).toEqual([
        command.join(' '),
        expect.stringMatching(/suspect:?\s[\s\S]*lost\s+their\s+jobtitle/u),
      ]);
    }
    const plan = await runHere(['restore', 'plan', '--platform', 'hubspot', '--base', snapshot.id], { cwd: dir });
    expect(plan.stdout + plan.stderr).toContain(`${snapshot.id} is suspect, and may hold the damage itself`);
    const none = await call(dir, 'snapshot', 'show', 'latest-verified');
    expect([none.code, JSON.stringify(none.json.error)]).toEqual([10, expect.stringContaining('has been verified')]);
  });
});

describe('what is not judged', () => {
  it('is suspect until it is: a run that was killed before, and one whose history cannot be read', async () => {
    const { dir } = await workspaceWith(JOB);
    const { snapshot } = await take(dir);
    await storeIn(dir)
      .document<object>(NOTES_KIND, snapshot.id)
      .update((notes) => ({ ...notes, watch: { state: 'pending', at: '2026-11-28T00:00:00Z' } }));
    await verify(dir, snapshot.id);
    expect((await call(dir, 'snapshot', 'show', 'latest-verified')).code).toBe(10);
    await writeFile(join(dir, '.runback', 'documents', 'backup-watches', 'nightly.json'), '{}');
    const next = await take(dir);
    expect([next.code, next.snapshot.suspect]).toEqual([3, [expect.stringContaining('could not be compared')]]);
  });

  it('is no suspect where runback.yml says off', async () => {
    const opened = await workspaceWith(JOB.replace('keep', 'watch: off, keep'), SIZE);
    await take(opened.dir);
    empty(opened, 'jobtitle', 0.5);
    const { code, snapshot } = await take(opened.dir);
    expect([code, snapshot.suspect]).toEqual([0, undefined]);
    await setJobs(opened.dir, JOB.replace('keep', 'watch: { sensitivity: high, except: [contacts.jobtitle] }, keep'));
    expect((await take(opened.dir)).code).toBe(0);
    expect(await readFile(join(opened.dir, 'runback.yml'), 'utf8')).toContain('except');
  });
});
