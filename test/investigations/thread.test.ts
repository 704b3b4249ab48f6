import { afterAll, beforeAll, expect, test } from 'vitest';

import { type HubSpotSandbox, integration, person } from '../../src/sandbox/index.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
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
const go = (...args: string[]): Promise<Finished> => runback([...args, '--no-input'], { cwd: workspace.dir });
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
