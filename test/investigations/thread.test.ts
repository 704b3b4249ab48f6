import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, integration, person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';
import { Dice } from './support/story-world.js';

/** A user would lose: knowing which values are damage, by whom and since when, and a plan of these and nothing else. */

const DAY = 86_400_000;
const SYNC = integration('4471120', 'MarketSync');
const LOYALTY = integration('990', 'Points');
const DAMAGED = 90;

let workspace: TestWorkspace;
let before: ReadonlyMap<string, string | undefined>;
let fixed: string;

beforeAll(async () => {
  workspace = await openWorkspace(400);
  const { sandbox, contacts } = workspace;
  const dice = new Dice(5);
  ordinaryDays(sandbox, contacts, dice);
  await workspace.base();
  before = new Map(contacts.map((id) => [id, phoneOf(id)]));
  // In one go: the sync empties phones, points are booked as every night, somebody corrects titles.
  const damaged = contacts.filter((id) => phoneOf(id) !== undefined).slice(0, DAMAGED);
  for (const id of damaged) sandbox.writeAs(SYNC).update('contacts', id, { phone: '' });
  for (const id of dice.some(contacts, 12)) sandbox.writeAs(LOYALTY).update('contacts', id, { loyalty_points: String(dice.int(1, 9000)) });
  for (const id of contacts.slice(300, 304)) sandbox.writeAs(person(7)).update('contacts', id, { jobtitle: `Head of ${id}` });
  fixed = damaged[0] ?? '';
  sandbox.writeAs(person(7)).update('contacts', fixed, { phone: '+49 30 5550100' });
});
afterAll(() => workspace.close());

/** Thirty days in which the sync writes phones and titles, and points are booked each night. */
function ordinaryDays(sandbox: HubSpotSandbox, contacts: readonly string[], dice: Dice): void {
  const now = Date.now();
  for (let day = 30; day > 0; day -= 1) {
    const start = now - day * DAY;
    const writes = Array.from({ length: 20 }, () => Math.round(start + dice.next() * 0.9 * DAY)).sort((a, b) => a - b);
    for (const at of writes) sandbox.writeAs(SYNC).update('contacts', dice.one(contacts), { phone: `+49 30 ${dice.int(1_000_000, 9_999_999)}` }, at);
    for (const id of dice.some(contacts, 12)) sandbox.writeAs(LOYALTY).update('contacts', id, { loyalty_points: String(dice.int(1, 9000)) }, start);
  }
}

const phoneOf = (id: string): string | undefined => workspace.sandbox.truth().record('contacts', id)?.['phone'] as string | undefined;
/** Processes of their own for what writes; the rest is the same in this one. */
const go = (...args: string[]): Promise<Finished> => (inProcesses ? runback : runHere)([...args, '--no-input'], { cwd: workspace.dir });
let inProcesses = true;
const json = async (...args: string[]): Promise<{ readonly code: number | null; readonly data: Record<string, unknown> }> => {
  const { code, stdout, stderr } = await go(...args, '--json');
  const last = jsonLines(stdout).at(-1) as { data?: Record<string, unknown> } | undefined;
  if (last?.data === undefined) throw new Error(stderr);
  return { code, data: last.data };
};

test('the damage is found with its writer and beginning, and exactly that is planned, put back and proved', async () => {
  const { code, data } = await json('investigate');
  expect(code).toBe(2);
  const groups = data['groups'] as readonly Record<string, unknown>[];
  const [damage] = groups;
  expect(groups.filter(({ verdict }) => verdict === 'damage')).toHaveLength(1);
  expect(damage).toMatchObject({ object: 'contacts', fields: ['phone'], label: 'emptied', writer: 'INTEGRATION:4471120', cells: DAMAGED - 1 });
  const first = workspace.sandbox.history('contacts', fixed, 'phone').find(({ value }) => value === '');
  expect(Math.abs(Date.parse(String(data['onset'])) - (first?.at ?? 0))).toBeLessThanOrEqual(5000);
  expect(groups.filter(({ verdict }) => verdict === 'ask')).toEqual([]);

  const text = (await go('investigate', '--show', 'latest')).stdout;
  expect(text).toContain('DAMAGE');
  expect(text).toMatch(/\[x\] 1 contacts\.phone: 89 values were emptied\n +by market-sync \(INTEGRATION:4471120\), /u);
  expect(text).toContain('(empty)');

  const plan = (await json('restore', 'plan', '--investigation', 'latest')).data;
  expect(plan['counts']).toMatchObject({ records: DAMAGED - 1, cells: DAMAGED - 1, actions: { update: DAMAGED - 1 }, conflicts: {} });
  expect(plan['filters']).toMatchObject({ investigation: { id: data['id'], groups: [{ n: 1 }] }, suspects: ['INTEGRATION:4471120'] });
  expect((await go('restore', 'show', String(plan['id']))).stdout.replaceAll(/\s+/gu, ' ')).toContain(`group 1 of ${String(data['id'])}`);
  expect((await json('restore', 'apply', String(plan['id']), '--confirm', `sandbox:${DAMAGED - 1}`)).data['state']).toBe('done');
  expect((await json('restore', 'verify', String(plan['id']))).data).toMatchObject({ remaining: 0 });
  for (const [id, phone] of before) expect(phoneOf(id)).toBe(id === fixed ? '+49 30 5550100' : phone);
});

const RUNBOOK = `version: 1
id: found
title: Undo what an investigation finds
symptoms: [Nobody knows what is wrong]
inputs:
  base: { type: snapshot, prompt: Which snapshot is good?, default: latest }
steps:
  - { id: evidence, title: Keep the evidence, action: snapshot.create, with: { platforms: [hubspot] } }
  - id: look
    title: Find the damage
    action: investigate
    with: { platform: hubspot, base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}" }
    verify: steps.look.damage == 1 && steps.look.writers == ["INTEGRATION:4471120"]
  - id: plan
    title: Plan exactly that
    action: restore.plan
    with: { platform: hubspot, base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}", investigation: "\${{ steps.look.investigation }}" }
    verify: steps.plan.updates == steps.look.cells
`;

test('a runbook finds the damage by itself and plans exactly that', async () => {
  inProcesses = false;
  await writeFile(join(workspace.dir, 'runbooks', 'found.yml'), RUNBOOK);
  const { sandbox, contacts } = workspace;
  const base = String((await json('snapshot', 'create', '--platform', 'hubspot')).data['id']);
  const damaged = contacts.filter((id) => phoneOf(id) !== undefined).slice(100, 140);
  for (const id of damaged) sandbox.writeAs(SYNC).update('contacts', id, { phone: '' });
  for (const id of contacts.slice(0, 4)) sandbox.writeAs(person(7)).update('contacts', id, { jobtitle: `Deputy of ${id}` });
  const { code, stdout, stderr } = await go('runbook', 'run', 'found', '--input', `base=${base}`, '--json');
  expect([code, stderr]).toEqual([0, expect.anything()]);
  expect(stdout).toContain('"updates":40');
});

test.each([
  [['--platform', 'hubspot', '--base', 'latest', '--group', '1'], '--group needs --investigation'],
  [['--set', 'latest', '--group', '1'], '--group needs --investigation'],
  [['--set', 'latest', '--investigation', 'latest'], '--set and --investigation exclude each other'],
  [
    ['--investigation', 'latest', '--platform', 'hubspot', '--from-history', '--since', '2h'],
    '--investigation and --from-history exclude each other',
  ],
])('what would plan more than was asked for is refused: %j', async (more, what) => {
  inProcesses = false;
  const { code, stderr } = await go('restore', 'plan', ...more);
  expect(code).toBe(64);
  expect(stderr).toContain(what);
});

test('an investigation that tells of a forgotten record is gone, and says so before', async () => {
  const key = fixedNeighbour();
  const there = await json('forget', '--platform', 'hubspot', '--object', 'contacts', '--key', key, '--dry-run');
  expect(there.data['found']).toContainEqual({ what: 'investigation', id: expect.stringMatching(/^inv-/u) });
  expect((await go('investigate', '--show', 'latest')).code).toBe(2);
  expect((await json('forget', '--platform', 'hubspot', '--object', 'contacts', '--key', key, '--confirm', 'forget:1')).code).toBe(0);
  expect((await go('investigate', '--show', 'latest')).code).toBe(10);
});

test('an investigation that cannot be read goes with the forgotten, and holds up nothing', async () => {
  await json('investigate', '--platform', 'hubspot');
  const folder = join(workspace.dir, '.runback', 'investigations');
  const [name = ''] = await readdir(folder);
  const whole = await readFile(join(folder, name), 'utf8');
  for (const broken of [`${whole}{"g":1,"o":`, whole.replace('"groups":[', '"groups":[3,'), 'nonsense\n']) {
    await writeFile(join(folder, name), broken);
    expect((await go('restore', 'plan', '--investigation', 'latest')).stderr).not.toMatch(/bug|TypeError|SyntaxError/u);
  }
  const key = fixedNeighbour();
  const { code, data } = await json('forget', '--platform', 'hubspot', '--object', 'contacts', '--key', key, '--confirm', 'forget:1');
  expect([code, data['left']]).toEqual([0, []]);
  expect(await readdir(folder)).not.toContain(name);
});

test.each([
  ['groups without an investigation', 'groups: [1]', 'Groups were given, and no investigation'],
  ['a writer that did none of it', 'investigation: "${{ steps.look.investigation }}", groups: [1], suspects: ["INTEGRATION:999"]', 'names no writer'],
])('a runbook with %s plans nothing', async (_what, more, why) => {
  inProcesses = false;
  const text = RUNBOOK.replace('investigation: "${{ steps.look.investigation }}"', more).replaceAll(/^ {4}verify: .*\n/gmu, '');
  await writeFile(join(workspace.dir, 'runbooks', 'found.yml'), text);
  const base = String((await json('snapshot', 'create', '--platform', 'hubspot')).data['id']);
  const damaged = workspace.contacts.filter((id) => phoneOf(id) !== undefined).slice(40, 80);
  for (const id of damaged) workspace.sandbox.writeAs(SYNC).update('contacts', id, { phone: '' });
  const { code, stdout, stderr } = await go('runbook', 'run', 'found', '--input', `base=${base}`, '--json');
  expect(code).not.toBe(0);
  expect(`${stdout}${stderr}`).toContain(why);
  expect(stdout).not.toContain('"updates"');
});

/** A damaged contact that is not the one somebody fixed. */
function fixedNeighbour(): string {
  const damaged = workspace.contacts.filter((id) => workspace.sandbox.history('contacts', id, 'phone').some(({ value }) => value === ''));
  return damaged.find((id) => id !== fixed) ?? '';
}
