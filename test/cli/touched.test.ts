import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { integration } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: people who got a mail, or a task, because of wrong values, and whom nobody tells. */

let workspace: TestWorkspace;
let address = '';
const WORKFLOW = { type: 'AUTOMATION_PLATFORM', id: 'workflow:12' } as unknown as ReturnType<typeof integration>;
const plain = (text: string): string => text.replaceAll(/\s+/gu, ' ');
const go = (...args: string[]): ReturnType<typeof runHere> => runHere(['investigate', ...args], { cwd: workspace.dir });
const csv = async (name: string): Promise<readonly string[]> => (await readFile(join(workspace.dir, name), 'utf8')).split('\r\n');

beforeAll(async () => {
  workspace = await openWorkspace(60);
  await workspace.base();
  const { sandbox, contacts } = workspace;
  const { activities } = sandbox.portal;
  const [first = '', second = ''] = contacts.slice(2);
  const innocent = contacts.at(-1) ?? '';
  address = sandbox.truth().record('contacts', first)?.['email'] ?? '';
  const task = (at: number, subject: string, about: readonly string[]): void =>
    void activities.add({ type: 'tasks', at, subject, source: WORKFLOW, contacts: about });
  task(Date.now() - 3_600_000, 'Before it began', [first]);
  sandbox.automate({
    id: '12',
    name: 'Interns',
    enabled: true,
    object: 'contacts',
    when: { on: 'change', field: 'jobtitle', becomes: 'Intern' },
    does: [{ do: 'mail', to: 'email', subject: 'Welcome, intern' }],
  });
  workspace.damage(20);
  const now = (): number => Date.now();
  // More than a page of a search, most of it about others.
  for (let n = 0; n < 230; n += 1) task(now(), `Call ${n}`, [innocent]);
  task(now(), '=HYPERLINK("https://example.com","Call them")', [first, innocent]);
  task(now(), 'About nobody', []);
  activities.add({ type: 'emails', at: now(), subject: 'Your new role', source: integration('5', 'Sequences'), contacts: [second] });
  activities.add({ type: 'emails', at: now(), subject: 'Re: hello', source: integration('5', 'Sequences'), contacts: [second], incoming: true });
  // More than a page of events.
  for (let n = 0; n < 1100; n += 1)
    activities.mail({ type: 'SENT', recipient: `someone${n}@example.org`, at: now(), subject: 'For interns', campaignId: 77 });
  activities.mail({ type: 'SENT', recipient: address.toUpperCase(), at: now() - 1, subject: 'For interns', campaignId: 77 });
  activities.mail({ type: 'OPEN', recipient: address, at: now(), subject: 'For interns', campaignId: 77 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await go('--json');
});
afterAll(() => workspace.close());

test('lists whom the damage touched, what else happened to them since it began, and whom to tell', async () => {
  const { code, stdout } = await go('--show', 'latest', '--to', 'touched.csv', '--personal');
  expect(code).toBe(0);
  const [head, ...lines] = await csv('touched.csv');
  expect(head).toBe('name,address,page,object,key,what happened,detail,when,by,owner,what to tell');
  const of = (what: string): readonly string[] => lines.filter((line) => line.includes(`,${what},`));
  expect(of('values changed').length).toBeGreaterThan(10);
  expect(of('values changed')[0]).toMatch(/,contacts,\d+,values changed,jobtitle,\d{4}-\S+Z,"market-sync, INTEGRATION:4471120",/u);
  // Only those of the touched records, of that time, that went out.
  expect(of('task made')).toHaveLength(1);
  expect(of('mail sent')).toHaveLength(1);
  const mails = of('marketing mail sent');
  expect(mails.filter((line) => line.includes('For interns'))).toHaveLength(1);
  expect(mails.find((line) => line.includes('For interns'))).toContain(`${address},`);
  // What a workflow sent because of the wrong value, to those who had not opted out.
  expect(mails.filter((line) => line.includes('Welcome, intern')).length).toBeGreaterThan(3);
  // A spreadsheet must not take a subject for a formula.
  expect(of('task made')[0]).toContain(`"'=HYPERLINK(""https://example.com"",""Call them"")"`);
  expect(of('task made')[0]).toContain('AUTOMATION_PLATFORM:workflow:12');
  expect(plain(stdout)).toContain("Not told: workflows: HubSpot's API does not tell when a record entered a workflow");
  expect(plain(stdout)).toContain('It holds personal data.');
});

test('without --personal, nothing names a person', async () => {
  const { stdout } = await go('--show', 'latest', '--to', 'redacted.csv', '--json');
  const { data } = jsonLines(stdout).at(-1) as { data: { lines: number; counts: Record<string, number>; untold: readonly { what: string }[] } };
  expect(data.counts).toMatchObject({ 'task made': 1, 'mail sent': 1, 'marketing mail sent': expect.any(Number) });
  expect(data.untold.map(({ what }) => what)).toEqual(['workflows']);
  const text = (await csv('redacted.csv')).join('\n');
  for (const word of [address, 'For interns', 'HYPERLINK', 'Your new role', 'Welcome', 'someone']) expect(text).not.toContain(word);
  expect(text.split('\n').filter((line) => line !== '')).toHaveLength(data.lines + 1);
});

test('what the credentials may not see is said, and the rest is written', async () => {
  workspace.sandbox.faults.add({ kind: 'remove-scope', scope: 'content' });
  workspace.sandbox.faults.add({ kind: 'remove-scope', scope: 'sales-email-read', after: 1 });
  await go('--show', 'latest', '--to', 'x.csv');
  const { code, stdout } = await go('--show', 'latest', '--to', 'scopes.csv', '--personal');
  workspace.sandbox.renewToken();
  expect(code).toBe(0);
  expect(plain(stdout)).toMatch(/Not told: marketing mails: .*content/u);
  const lines = await csv('scopes.csv');
  expect(lines.filter((line) => line.includes('task made'))).toHaveLength(1);
  expect(lines.join('\n')).not.toContain('Your new role');
});

test.each([
  [['--to', 'x.csv'], 64, 'already there'],
  [['--to', 'y.csv', '--group', '99'], 10, 'has no group 99'],
  [['--to', 'y.csv', '--group', 'one'], 64, '--group takes the number of a group'],
  [['--personal'], 64, '--personal without --to means nothing'],
  [['--group', '1'], 64, '--group without --to means nothing'],
])('%j is refused', async (args, status, words) => {
  const { code, stderr } = await go('--show', 'latest', ...args);
  expect({ code, said: plain(stderr).includes(words) || stderr }).toEqual({ code: status, said: true });
});
