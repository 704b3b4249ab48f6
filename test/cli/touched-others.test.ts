import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: the colleagues whose companies and deals were damaged, and who act on a task that came of it. */

let workspace: TestWorkspace;
let owner = '';
const WRONG = integration('4471120', 'MarketSync');
const go = (...args: string[]): ReturnType<typeof runHere> => runHere(['investigate', ...args], { cwd: workspace.dir });
const idsOf = (object: string): readonly string[] => [...workspace.sandbox.truth().records(object)].map(({ key }) => key);

beforeAll(async () => {
  workspace = await openWorkspace(12);
  const { sandbox, dir } = workspace;
  const config = await readFile(join(dir, 'runback.yml'), 'utf8');
  await writeFile(join(dir, 'runback.yml'), config.replace('objects: [contacts]', 'objects: [contacts, companies, deals]'));
  const [company = '', untouched = ''] = idsOf('companies');
  const [deal = ''] = idsOf('deals');
  owner = [...sandbox.portal.owners.keys()][0] ?? '';
  sandbox.writeAs(person(7)).update('companies', company, { hubspot_owner_id: owner });
  await workspace.base();
  const { activities } = sandbox.portal;
  const wrong = sandbox.writeAs(WRONG);
  // The owner went with the rest of it: who has to be told is the one from before.
  wrong.update('companies', company, { city: 'Nowhere', hubspot_owner_id: '' });
  wrong.update('deals', deal, { dealname: 'TEST' });
  for (const [subject, others] of [
    ['Call the company', { companies: [company] }],
    ['Close the deal', { deals: [deal], companies: [company] }],
    ['Another company', { companies: [untouched] }],
  ] as const)
    activities.add({ type: 'tasks', at: Date.now(), subject, source: integration('5', 'Sequences'), contacts: [], others });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await go('--json', '--everything');
});
afterAll(() => workspace.close());

type Line = Readonly<Record<string, string>>;
const table = async (name: string): Promise<readonly Line[]> => parse<Line>(await readFile(join(workspace.dir, name), 'utf8'), { columns: true });
const groups = async (): Promise<readonly string[]> => {
  const { stdout } = await go('--show', 'latest', '--json');
  const { data } = jsonLines(stdout).at(-1) as { data: { groups: readonly { n: number }[] } };
  return data.groups.flatMap(({ n }) => ['--group', String(n)]);
};

test('tasks about companies and deals are listed with these, each with its owner', async () => {
  const { code } = await go('--show', 'latest', ...(await groups()), '--to', 'others.csv', '--personal');
  expect(code).toBe(0);
  const lines = await table('others.csv');
  const tasks = lines.filter((line) => line['what happened'] === 'task made');
  expect(tasks.map(({ object, detail }) => `${object ?? ''}: ${detail ?? ''}`).sort()).toEqual([
    'companies: Call the company',
    'companies: Close the deal',
    'deals: Close the deal',
  ]);
  const owners = lines.filter(({ object }) => object === 'companies').map((line) => line['owner']);
  expect(new Set(owners)).toEqual(new Set([owner]));
});

test('where the deals may not be seen, that is said, and the rest is listed', async () => {
  workspace.sandbox.faults.add({ kind: 'remove-scope', scope: 'crm.objects.deals.read' });
  const { code, stdout } = await go('--show', 'latest', ...(await groups()), '--to', 'fewer.csv', '--personal');
  workspace.sandbox.renewToken();
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\s+/gu, ' ')).toMatch(/Not told: tasks about deals: .*crm\.objects\.deals\.read/u);
  expect((await table('fewer.csv')).filter((line) => line['what happened'] === 'task made')).toHaveLength(2);
});
