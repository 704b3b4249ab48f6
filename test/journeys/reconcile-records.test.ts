import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type HubSpotSandbox, person, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openTerminal } from '../cli/support/terminal.js';
import { type Operator, openOperator } from './support/operator.js';

/**
 * Records that one side lacks, or has too many, by the real program. A user would lose: people who were never carried over,
 * duplicates by a repair that creates what is there, or records that nobody asked to delete.
 */

const PEOPLE = 30;
const mapping = (more: string): string => `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: MapId__c, map: key }, { crm: Email, map: email, as: email }]
settle: 1s
creates: [map]
${more}
fields:
  - { crm: LastName, map: lastname, authority: crm }
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: LeadSource, map: hs_lead_status, authority: crm, values: { Web: NEW, Other: UNQUALIFIED } }
  - { crm: MailingCity, map: city, authority: map }
`;

let hubspot: HubSpotSandbox;
let salesforce: SalesforceSandbox;
let operator: Operator;
const email = (n: number): string => `p${n}@example.com`;
const inMap = (): ReturnType<HubSpotSandbox['writeAs']> => hubspot.writeAs(person(7));
const inCrm = (): ReturnType<SalesforceSandbox['writeAs']> => salesforce.writeAs({ kind: 'person', id: '7' });
const addCrm = (n: number): string =>
  inCrm().create('Contact', { LastName: `Last ${n}`, Email: email(n), Title: 'Head', LeadSource: 'Web', MailingCity: 'Bern' });
const addMap = (n: number): string =>
  inMap().create('contacts', { email: email(n), lastname: `Last ${n}`, jobtitle: 'Head', hs_lead_status: 'NEW', city: 'Bern' });
const contacts = (): readonly Readonly<Record<string, string | undefined>>[] =>
  hubspot
    .records('contacts')
    .filter(({ archived }) => !archived)
    .map(({ properties }) => properties);
const emails = (): readonly string[] =>
  contacts()
    .map(({ email: one }) => one ?? '')
    .sort();
const run = async (
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly data: Record<string, unknown>; readonly out: string }> => {
  const ended = await runHere([...args, '--json', '--no-input', '--as', 'maya'], { cwd: operator.dir });
  const last = jsonLines(ended.stdout).at(-1) ?? {};
  return { code: ended.code, data: (last['data'] ?? {}) as Record<string, unknown>, out: ended.stdout.slice(-3000) + ended.stderr };
};
interface Plan {
  readonly id: string;
  readonly platform: string;
  readonly environment: string;
  readonly counts: { readonly records: number; readonly actions: Readonly<Record<string, number>>; readonly conflicts: object };
}
const planned = async (...args: readonly string[]): Promise<{ readonly plans: readonly Plan[]; readonly left: unknown }> => {
  const { code, data, out } = await run('reconcile', 'plan', 'contacts', ...args);
  expect(code, out).toBe(0);
  return { plans: data['plans'] as readonly Plan[], left: data['left'] };
};
const applied = async ({ id, environment, counts }: Plan): Promise<string> => {
  const { code, data, out } = await run('restore', 'apply', id, '--confirm', `${environment}:${counts.records}`);
  expect(code, out).toBe(0);
  return String(data['restore'] ?? data['id']);
};
const write = async (more: string): Promise<void> => await writeFile(join(operator.dir, 'mappings', 'contacts.yml'), mapping(more));

beforeEach(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5, account: { stageOfNew: null } });
  salesforce = await startSalesforceSandbox({ description: { fields: { Contact: [{ name: 'MapId__c', type: 'string' }] } } });
  for (let n = 0; n < PEOPLE; n += 1) {
    addCrm(n);
    addMap(n);
  }
  operator = await openOperator(
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${hubspot.account}", url: "${hubspot.url}", credentials: { token: file:token }, objects: [contacts], limits: { requests_per_10s: 1000 }, options: { search_lag: 0s } }
  salesforce: { connector: salesforce, environment: sandbox, account: ${salesforce.account}, url: "${salesforce.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Contact] }
`,
    { token: hubspot.token, id: salesforce.connectedApp.clientId, secret: salesforce.connectedApp.clientSecret },
  );
  await mkdir(join(operator.dir, 'mappings'));
});
afterEach(async () => {
  await operator.close();
  await Promise.all([hubspot.stop(), salesforce.stop()]);
});

test('what is missing is created with its mapped values, what has no counterpart any longer becomes inactive; undo takes it back', async () => {
  await write('on_delete: { crm: inactive in map }\ninactive: { map: { hs_lead_status: UNQUALIFIED } }');
  for (let n = 100; n < 105; n += 1) addCrm(n);
  const extra = addMap(200);
  const before = emails();
  expect((await run('reconcile', 'run', 'contacts')).data['differences']).toBe(6);
  const { plans, left } = await planned();
  expect([plans.map(({ platform, counts }) => [platform, counts.actions, counts.conflicts]), left]).toEqual([
    [['hubspot', { create: 5, update: 1 }, {}]],
    {},
  ]);
  expect(emails()).toEqual(before);
  const [plan] = plans as [Plan];
  expect((await run('restore', 'apply', plan.id)).code).toBe(5);
  const restore = await applied(plan);
  expect(emails()).toEqual([...before, ...[100, 101, 102, 103, 104].map(email)].sort());
  expect(contacts().find(({ email: one }) => one === email(102))).toMatchObject({ lastname: 'Last 102', jobtitle: 'Head', hs_lead_status: 'NEW' });
  expect(hubspot.records('contacts').find(({ id }) => id === extra)?.properties['hs_lead_status']).toBe('UNQUALIFIED');
  const after = await run('reconcile', 'run', 'contacts');
  expect([after.code, after.data['differences']], after.out).toEqual([0, 0]);
  // The same plan once more creates nothing twice.
  await run('restore', 'apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`);
  expect(emails()).toHaveLength(before.length + 5);
  const undone = await run('restore', 'undo', restore);
  expect(undone.code, undone.out).toBe(0);
  expect(emails()).toEqual(before);
  expect(hubspot.records('contacts').find(({ id }) => id === extra)?.properties['hs_lead_status']).toBe('NEW');
});

test('a record is deleted only where the mapping says so and a person asks for it', async () => {
  await write('on_delete: { crm: deleted in map }');
  addMap(200);
  addMap(201);
  const before = emails();
  await run('reconcile', 'run', 'contacts');
  const unasked = await planned();
  expect(unasked).toEqual({ plans: [], left: { 'not-asked': 2 } });
  const { plans } = await planned('--delete-extra');
  expect(plans.map(({ counts }) => [counts.actions, counts.conflicts])).toEqual([[{ delete: 2 }, {}]]);
  const restore = await applied(plans[0] as Plan);
  expect(emails()).toEqual(before.filter((one) => ![email(200), email(201)].includes(one)));
  expect((await run('reconcile', 'run', 'contacts')).code).toBe(0);
  const undone = await run('restore', 'undo', restore);
  expect(undone.code, undone.out).toBe(0);
  expect(emails()).toEqual(before);
});

test('of records that match twice, those that a person names belong together, and the others go as decided; what was corrected since stays', async () => {
  await write('on_delete: { crm: inactive in map }\ninactive: { map: { hs_lead_status: UNQUALIFIED } }');
  const twins = [0, 1, 2, 3].map((n) => inCrm().create('Contact', { LastName: `Twin ${n}`, Email: email(n), Title: 'Twin', LeadSource: 'Web' }));
  const originals = [...salesforce.truth().records('Contact')];
  const original = (n: number): string => originals.find(({ key, values }) => values['Email'] === email(n) && !twins.includes(key))?.key ?? '';
  const copy = (n: number): string => hubspot.records('contacts').find(({ properties }) => properties['email'] === email(n))?.id ?? '';
  expect((await run('reconcile', 'run', 'contacts')).data['counts']).toEqual([{ class: 'twice', count: 4 }]);
  expect(await planned()).toEqual({ plans: [], left: { twice: 4 } });
  const answers = async (text: string): Promise<void> => await writeFile(join(operator.dir, 'twice.yml'), `version: 1\ntwice:\n${text}`);
  // One whose twin belongs to the copy, one whose twin goes, one that somebody corrects in the meantime, and one that nobody decided.
  await answers(
    `  - { crm: "${twins[0] ?? ''}", map: "${copy(0)}" }\n  - { crm: "${original(1)}", map: "${copy(1)}", others: delete }\n  - { crm: "${original(2)}", map: "${copy(2)}", others: delete }\n`,
  );
  inCrm().update('Contact', twins[2] ?? '', { Email: 'somebody.else@example.com' });
  const { plans, left } = await planned('--answers', 'twice.yml');
  expect(left).toEqual({ twice: 1, 'twice-left': 1, moved: 1 });
  expect(plans.map(({ platform, counts }) => [platform, counts.actions, counts.conflicts])).toEqual([
    ['salesforce', { delete: 1, update: 1 }, {}],
    ['hubspot', { update: 1 }, {}],
  ]);
  for (const one of plans) await applied(one);
  expect(contacts().find(({ email: one }) => one === email(0))).toMatchObject({ lastname: 'Twin 0', jobtitle: 'Twin' });
  expect(twins.map((key) => salesforce.truth().record('Contact', key) !== undefined)).toEqual([true, false, true, true]);
  expect(salesforce.truth().record('Contact', original(1))).toBeDefined();
  for (const [text, said] of [
    [`  - { crm: "${original(1)}", map: "${copy(2)}" }\n`, 'do not match twice'],
    [`  - { crm: "${original(3)}", mop: "${copy(3)}" }\n`, 'no side of the mapping'],
    [`  - { crm: "${original(3)}", map: "${copy(3)}", others: burn }\n`, 'left or go'],
    [`  - { crm: "${original(3)}", map: "${copy(3)}" }\n  - { crm: "${twins[3] ?? ''}", map: "${copy(3)}" }\n`, 'belongs to two records'],
  ] as const) {
    await answers(text);
    const refused = await run('reconcile', 'plan', 'contacts', '--answers', 'twice.yml');
    expect(refused.code, text).not.toBe(0);
    expect(refused.out).toContain(said);
  }
});

test('what is there by now is not created, and what matches twice is listed', async () => {
  await write('');
  addCrm(100);
  addCrm(101);
  inCrm().create('Contact', { LastName: 'Twin', Email: email(3), MailingCity: 'Bern' });
  addMap(300);
  await run('reconcile', 'run', 'contacts');
  // The sync carries one of them over after all.
  addMap(100);
  const { plans, left } = await planned();
  expect([plans.map(({ counts }) => counts.actions), left]).toEqual([[{ create: 1 }], { moved: 1, record: 1, twice: 1 }]);
  const { stdout } = await runHere(['reconcile', 'plan', 'contacts', '--no-input', '--as', 'maya'], { cwd: operator.dir });
  expect(stdout).toContain('match twice: merge them');
  const words = stdout.replaceAll(/\s+/gu, ' ');
  expect(words).toContain(`crm: Twin <${email(3)}>, Contact 003`);
  expect(words).toMatch(/map: Last 3 <p3@example\.com>, contacts \d+/u);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('at a terminal a person is asked which of the records that match twice belong together, and what becomes of the others', async () => {
  await write('on_delete: { crm: inactive in map }\ninactive: { map: { hs_lead_status: UNQUALIFIED } }');
  const twins = [0, 1].map((n) => inCrm().create('Contact', { LastName: `Twin ${n}`, Email: email(n), Title: 'Twin', LeadSource: 'Web' }));
  const census = (): readonly string[] => [...salesforce.truth().records('Contact')].map(({ key }) => key).sort();
  const before = census();
  expect((await run('reconcile', 'run', 'contacts')).data['counts']).toEqual([{ class: 'twice', count: 2 }]);
  const terminal = openTerminal(['reconcile', 'plan', 'contacts', '--as', 'maya'], { cwd: operator.dir });
  try {
    const asked = await terminal.waitFor(/Which record of crm belongs to[^]*of map\?[^]*Leave them all[^]*⏎ select/u);
    const [, copy = ''] = /belongs to\s+[^]*?contacts\s+(\d+)\s+of\s+map/u.exec(asked) ?? [];
    const n = hubspot.records('contacts').find(({ id }) => id === copy)?.properties['email'] === email(0) ? 0 : 1;
    // The original comes first: it was made earlier.
    expect(asked.indexOf(twins[n] ?? '?')).toBeGreaterThan(asked.indexOf('Which record'));
    // Whoever is asked sees who they are: name, address, what is different, the owner, and when they were changed last.
    const words = asked.replaceAll(/\s+/gu, ' ');
    expect(words).toContain(`belongs to Last ${n} <p${n}@example.com>, contacts ${copy} of map?`);
    expect(words).toContain(`Last ${n} <p${n}@example.com>, Contact `);
    expect(words).toContain(`Twin ${n} <p${n}@example.com>, Contact ${twins[n] ?? ''}`);
    expect(words).toMatch(/LastName Twin \d; owner 005\w+; changed \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \([^)]+\) by /u);
    terminal.type('\u001B[B\r');
    await terminal.waitFor('What about the others?');
    terminal.type('\u001B[B\u001B[B\r');
    await terminal.waitFor(/What about the others\?.*Delete them[^]*Which record of crm/u);
    terminal.type('\u001B[B\u001B[B\r');
    expect(await terminal.exited, terminal.screen()).toBe(0);
    const screen = terminal.screen();
    expect(screen.split('\n').filter((line) => line.length > 80)).toEqual([]);
    // Nothing is deleted before the plan is applied.
    expect(census()).toEqual(before);
    expect(screen).toMatch(
      new RegExp(`Contact ${before.find((key) => screen.includes(`Contact ${key}  `) && screen.includes('(deleted)')) ?? 'none'}`, 'u'),
    );
    expect(screen).toMatch(/change 1, delete 1/u);
    expect(screen).toMatch(/1 difference: records that match twice/u);
  } finally {
    await terminal.dispose();
  }
});

test('a person who is asked about records that match twice and gives up has planned nothing', async () => {
  await write('');
  inCrm().create('Contact', { LastName: 'Twin', Email: email(3), MailingCity: 'Bern' });
  await run('reconcile', 'run', 'contacts');
  const terminal = openTerminal(['reconcile', 'plan', 'contacts', '--as', 'maya'], { cwd: operator.dir });
  try {
    await terminal.waitFor('Which record of crm');
    terminal.type('\u0003');
    expect(await terminal.exited, terminal.screen()).toBe(130);
  } finally {
    await terminal.dispose();
  }
});
